package ftpserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"time"
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
		facts:   factList{"type", "size", "sizd", "modify", "UNIX.mode", "UNIX.uid", "UNIX.gid", "unique"},
		missing: []string{"SITE SYMLINK", "HASH", "RANG", "AVBL", "MFF", "REIN"},
		replies: map[string]reply{
			"CWD 250":  say(250, "OK. Current directory changed"),
			"RNFR 350": say(350, "RNFR accepted - file exists, ready for destination"),
			"RNTO 250": say(250, "File successfully renamed or moved"),
			"RMD 250":  say(250, "The directory was successfully removed"),
			"DELE 250": say(250, "Deleted file"),
			"ABOR 225": say(226, "Since you see this ABOR must've succeeded"),
			"MFMT 213": say(213, "UTIME OK"),
			"MLSD 501": say(550, "Not a directory"),
			"STOR 426": say(451, "Error during read from data connection"),
			"STOR 550": say(553, "Can't open that file: No such file or directory"),
			"APPE 550": say(553, "Can't open that file: No such file or directory"),
			"ALLO 202": say(200, "A L L O"),
			"SITE 504": say(500, "SITE is an unknown extension"),
			"* 500":    say(500, "Unknown command"),
			"* 502":    say(500, "Unknown command"),
		},
		commands: map[string]func(*session, string) reply{
			"USER": pureftpdUser, "OPTS": pureftpdOpts, "PRET": pureftpdPret, "LIST": emptyIfMissing,
			"STAT": pureftpdStat, "RETR": pureftpdRetr, "APPE": pureftpdAppe, "EPSV": pureftpdEpsv,
			"SIZE": sizeInASCII, "MKD": pureftpdMkd, "PWD": pureftpdPwd, "RNTO": pureftpdRnto, "STOR": pureftpdStor,
		},
		hides:      func(name string) bool { return strings.ContainsFunc(name, isControl) },
		site:       map[string]func(*session, string) reply{"UTIME": pureftpdUtime},
		linkFact:   "OS.unix=slink:",
		maxEntries: 10000,
		row:        yearlessRow,
		zone:       time.Local,
		find:       pureftpdFind,
		mlst:       func(_ *session, arg string, e entry) (entry, error) { e.label = arg; return e, nil },
		name:       underscored,
		literalIAC: true,
		onDisk:     true,
		plainNlst:  true,
		restart:    restart{pastEnd: writeAtEnd, cutsTail: true},
		left:       &pureftpdLeft,
		queueStat:  true,
		keepsCut:   true,
		full: func(limit int, perAddress bool) reply {
			if perAddress {
				return sayf(421, "Too many connections (%d) from this IP", limit)
			}
			return sayf(421, "%d users (the maximum) are already logged in, sorry", limit)
		},
		idle: func(time.Duration) reply { return say(421, "Timeout - try typing a little faster next time") },
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
	if strings.Contains(arg, `\`) {
		return errPureftpdName
	}
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

// underscored is how a name is understood: there are no control characters.
func underscored(arg string) string {
	clean := []byte(arg)
	for i, b := range clean {
		if isControl(rune(b)) {
			clean[i] = '_'
		}
	}
	return string(clean)
}

// errPureftpdName is for names with a backslash, of files that are opened.
var errPureftpdName = say(553, "Prohibited file name")

// pureftpdLeft is the last reply to a RETR whose client has closed early. It
// is a preliminary one, and nothing follows.
var pureftpdLeft = say(150, "0.042 seconds (measured here), 1.00 Mbytes per second")

// pureftpdUtime is SITE UTIME with the reply of MFMT.
func pureftpdUtime(s *session, arg string) reply {
	if r := s.siteUtime(arg); r.code != 200 {
		return r
	}
	return say(213, "UTIME OK")
}

func pureftpdRetr(s *session, arg string) reply {
	if strings.Contains(arg, `\`) {
		return errPureftpdName
	}
	return s.cmdRetr(arg)
}

func pureftpdAppe(s *session, arg string) reply {
	if strings.Contains(arg, `\`) {
		return errPureftpdName
	}
	return s.cmdAppe(arg)
}

// pureftpdEpsv takes protocol 3 as well, and ALL without effect.
func pureftpdEpsv(s *session, arg string) reply {
	if strings.EqualFold(arg, "ALL") {
		return say(220, "OK.")
	}
	if arg == "3" {
		arg = ""
	}
	return s.cmdEpsv(arg)
}

func pureftpdStat(s *session, arg string) reply {
	return s.statListed(arg, statForm{dir: 213, file: 213, bare: true, first: "STAT", last: "End."})
}

// pureftpdFind: NLST has everything, but is for directories only; broken links
// are not found.
func pureftpdFind(s *session, req *listing, arg string) error {
	if req.verb == "NLST" {
		req.hidden, req.dots, req.onDisk = true, true, true
	}
	err := s.find(req, arg)
	if err == nil && !req.isDir && req.verb == "NLST" {
		return fs.ErrNotExist
	}
	if err == nil && !req.isDir && !strings.ContainsAny(arg, "*?[") {
		_, err = s.account.fs.Stat(fsName(req.path))
	}
	return err
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
	dir, base := path.Split(underscored(arg))
	trimmed := strings.TrimLeft(base, " ")
	base = strings.Repeat("_", len(base)-len(trimmed)) + trimmed
	trimmed = strings.TrimRight(base, " ")
	return dir + trimmed + strings.Repeat("_", len(base)-len(trimmed))
}
