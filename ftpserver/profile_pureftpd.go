package ftpserver

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"strings"
)

// pureftpdProfile is Pure-FTPd 1.0.50: listings end at 10000 entries without
// an error, uploads appear when they are complete, names are changed or left
// out, 257 does not double quotes, anonymous users need no PASS.
func pureftpdProfile() *profile {
	return &profile{
		banner: []string{"---------- Welcome to Pure-FTPd [privsep] [TLS] ----------",
			"You are user number 1 of 50 allowed.", "This is a private system - No anonymous login",
			"You will be disconnected after 15 minutes of inactivity."},
		feat: []string{"UTF8", "EPRT", "IDLE", "MDTM", "SIZE", "MFMT", "REST STREAM", "MLSD", "PRET", "TVFS",
			"ESTA", "PASV", "EPSV", "ESTP"},
		missing: []string{"SITE SYMLINK"},
		replies: map[string]reply{
			"CWD 250":  say(250, "OK. Current directory changed"),
			"RNFR 350": say(350, "RNFR accepted - file exists, ready for destination"),
			"RNTO 250": say(250, "File successfully renamed or moved"),
			"RMD 250":  say(250, "The directory was successfully removed"),
			"DELE 250": say(250, "Deleted file"),
			"ABOR 225": say(226, "Since you see this ABOR must've succeeded"),
			"MFMT 213": say(213, "UTIME OK"),
			"MLSD 501": say(550, "Not a directory"),
			"* 500":    say(500, "Unknown command"),
			"* 502":    say(500, "Unknown command"),
		},
		commands: map[string]func(*session, string) reply{
			"USER": pureftpdUser, "OPTS": pureftpdOpts, "PRET": pureftpdPret, "LIST": emptyIfMissing,
			"SIZE": sizeInASCII, "MKD": pureftpdMkd, "PWD": pureftpdPwd, "RNTO": pureftpdRnto, "STOR": pureftpdStor,
		},
		hides:      func(name string) bool { return strings.ContainsFunc(name, isControl) },
		linkFact:   "OS.unix=slink:",
		maxEntries: 10000,
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// pureftpdUser lets anonymous users in at once.
func pureftpdUser(s *session, arg string) reply {
	r := s.cmdUser(arg)
	if r.code == 331 && s.isAnonymous() {
		return s.cmdPass("")
	}
	return r
}

// pureftpdOpts has no UTF8, and shows all facts whatever is chosen.
func pureftpdOpts(s *session, arg string) reply {
	if verb, _ := splitLine(arg); verb == "MLST" {
		return say(200, " MLST OPTS "+s.facts.String())
	}
	return say(504, "Unknown command")
}

func pureftpdPret(_ *session, _ string) reply { return say(200, "OK, but it's useless here") }

func pureftpdMkd(s *session, arg string) reply { return undoubled(s.cmdMkd(arg)) }

func pureftpdPwd(s *session, arg string) reply { return undoubled(s.cmdPwd(arg)) }

// undoubled is 257 with the quotes of the name as they are.
func undoubled(r reply) reply {
	if r.code != 257 {
		return r
	}
	return say(257, strings.ReplaceAll(r.lines[0], `""`, `"`))
}

func pureftpdRnto(s *session, arg string) reply {
	r := s.cmdRnto(arg)
	if r.code == 550 {
		r.code = 451
	}
	return r
}

// pureftpdStor stores under a name of its own and renames at the end, however
// the upload ended. After REST it writes in place.
func pureftpdStor(s *session, arg string) reply {
	arg = pureftpdName(arg)
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	if fi, err := s.account.fs.Stat(fsName(p)); s.rest > 0 || (err == nil && !fi.Mode().IsRegular()) {
		return s.cmdStor(arg)
	}
	temporary := path.Join(path.Dir(p), fmt.Sprintf(".pureftpd-upload.%08x", rand.Uint32()))
	r := s.store("STOR", temporary, os.O_CREATE|os.O_EXCL, false)
	if s.transfer != nil {
		s.transfer.file = renamedFile{s.transfer.file, s.account.fs, fsName(temporary), fsName(p)}
	}
	return r
}

// renamedFile is an upload that gets its name when it is closed.
type renamedFile struct {
	io.Closer
	fs       FS
	from, to string
}

func (f renamedFile) Close() error { return errors.Join(f.Closer.Close(), f.fs.Rename(f.from, f.to)) }

// pureftpdName is the name that STOR stores under.
func pureftpdName(arg string) string {
	dir, base := path.Split(arg)
	clean := []byte(base)
	for i, b := range clean {
		if isControl(rune(b)) {
			clean[i] = '_'
		}
	}
	base = string(clean)
	trimmed := strings.TrimLeft(base, " ")
	base = strings.Repeat("_", len(base)-len(trimmed)) + trimmed
	trimmed = strings.TrimRight(base, " ")
	return dir + trimmed + strings.Repeat("_", len(base)-len(trimmed))
}
