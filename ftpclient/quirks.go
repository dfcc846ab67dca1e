package ftpclient

import "strings"

// quirk is a way in which a server, known by name, differs from the rest so
// that it has to be spoken to differently. QUIRKS.md tells of each, and of
// the leniencies that apply to every server.
type quirk uint

const (
	// quirkDoubleIAC: octet 255 in a name must be doubled. ProFTPD 1.3.8.
	quirkDoubleIAC quirk = 1 << iota
	// quirkHidesBrokenLinks: MLSD and MLST do not know a symbolic link whose
	// target is missing; LIST does. ProFTPD 1.3.8, pyftpdlib 1.5.7.
	quirkHidesBrokenLinks
	// quirkMLSTFollows: MLST gives a symbolic link the type of its target, with
	// the link's own size and mode or the target's name. ProFTPD 1.3.8.
	quirkMLSTFollows
	// quirkIdlePRET: FEAT lists PRET, which does nothing for transfers. Pure-FTPd
	// 1.0.50.
	quirkIdlePRET
)

const proftpd = quirkDoubleIAC | quirkHidesBrokenLinks | quirkMLSTFollows

// quirksOf knows a server by its greeting and, where that was changed, by
// facts that only it has.
func quirksOf(greeting string, feat []string) quirk {
	g := strings.ToLower(greeting)
	switch {
	case strings.Contains(g, "proftpd"):
		return proftpd
	case strings.Contains(g, "pure-ftpd"):
		return quirkIdlePRET
	case strings.Contains(g, "pyftpdlib"):
		return quirkHidesBrokenLinks
	}
	for _, line := range feat {
		l := strings.ToLower(line)
		if strings.HasPrefix(l, "mlst ") && strings.Contains(l, "unix.ownername") {
			return proftpd
		}
	}
	return 0
}
