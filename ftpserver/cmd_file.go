package ftpserver

import (
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cmdDele is DELE (RFC 959 section 4.1.3).
func (s *session) cmdDele(arg string) reply {
	name, err := s.name(arg)
	if err == nil {
		err = s.account.fs.Remove(name)
	}
	if err != nil {
		return fail(err)
	}
	return say(250, "File removed.")
}

// cmdRnfr is RNFR (RFC 959 section 4.1.3).
func (s *session) cmdRnfr(arg string) reply {
	name, err := s.name(arg)
	if err == nil {
		_, err = s.account.fs.Lstat(name)
	}
	if err != nil {
		return fail(err)
	}
	s.renameFrom = name
	return say(350, "Ready for RNTO.")
}

// cmdRnto is RNTO (RFC 959 section 4.1.3). It replaces as rename(2).
func (s *session) cmdRnto(arg string) reply {
	if s.renameFrom == "" {
		return say(503, "RNFR must come first.")
	}
	name, err := s.name(arg)
	if err == nil {
		err = s.account.fs.Rename(s.renameFrom, name)
	}
	if err != nil {
		return fail(err)
	}
	return say(250, "Renamed.")
}

// cmdSize is SIZE (RFC 3659 section 4). In TYPE A the number of octets that
// would be sent is known only by reading all of the file, so it is refused.
func (s *session) cmdSize(arg string) reply {
	if s.ascii {
		return say(550, "SIZE not allowed in ASCII mode.")
	}
	fi, err := s.regular(arg)
	if err != nil {
		return fail(err)
	}
	return say(213, strconv.FormatInt(fi.Size(), 10))
}

// cmdMdtm is MDTM (RFC 3659 section 3).
func (s *session) cmdMdtm(arg string) reply {
	fi, err := s.regular(arg)
	if err != nil {
		return fail(err)
	}
	return say(213, timeVal(fi.ModTime()))
}

// regular describes the regular file that arg leads to.
func (s *session) regular(arg string) (fs.FileInfo, error) {
	name, err := s.name(arg)
	if err != nil {
		return nil, err
	}
	fi, err := s.account.fs.Stat(name)
	if err != nil {
		return nil, err
	}
	return fi, checkRegular(fi)
}

func checkRegular(fi fs.FileInfo) error {
	switch {
	case fi.IsDir():
		return syscall.EISDIR
	case !fi.Mode().IsRegular():
		return say(550, "Not a regular file")
	}
	return nil
}

// cmdMfmt is MFMT (draft-somers-ftp-mfxx-04 section 3.1), also for directories.
func (s *session) cmdMfmt(arg string) reply {
	stamp, file, ok := strings.Cut(arg, " ")
	t, valid := parseTimeVal(stamp)
	if !ok || !valid || file == "" {
		return say(501, "Usage: MFMT YYYYMMDDHHMMSS path")
	}
	name, err := s.name(file)
	if err == nil {
		err = s.account.fs.Chtimes(name, time.Time{}, t)
	}
	if err != nil {
		return fail(err)
	}
	return say(213, "Modify="+timeVal(t)+"; "+file)
}

// timeLayout is the time-val of RFC 3659 section 2.3, always UTC.
const timeLayout = "20060102150405"

// timeVal drops the fraction of a second, as every other server does.
func timeVal(t time.Time) string { return t.UTC().Format(timeLayout) }

// parseTimeVal parses a time-val; the leap second :60 is the next minute.
func parseTimeVal(v string) (time.Time, bool) {
	whole, _, _ := strings.Cut(v, ".")
	leap := time.Duration(0)
	if len(whole) == len(timeLayout) && strings.HasSuffix(whole, "60") {
		whole, leap = whole[:12]+"59"+v[14:], time.Second
	} else {
		whole = v
	}
	t, err := time.Parse(timeLayout, whole) // a fraction is accepted after it
	return t.Add(leap), err == nil
}
