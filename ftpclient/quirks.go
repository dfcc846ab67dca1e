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
	// quirkRawIAC: octet 255 in a name is an octet like any other, whatever follows
	// it. vsftpd 3.0.3, Pure-FTPd 1.0.50.
	quirkRawIAC
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
		return quirkIdlePRET | quirkRawIAC
	case strings.Contains(g, "vsftpd"):
		return quirkRawIAC
	case strings.Contains(g, "pyftpdlib"):
		return quirkHidesBrokenLinks
	}
	told := map[string]bool{}
	for _, line := range feat {
		l := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(l, "mlst ") && strings.Contains(l, "unix.ownername") {
			return proftpd
		}
		verb, _, _ := strings.Cut(l, " ")
		told[verb] = true
	}
	if told["pasv"] && (told["esta"] || told["tvfs"] && !told["mlst"] && !told["mlsd"]) {
		return quirkRawIAC
	}
	return 0
}
