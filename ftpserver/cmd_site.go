package ftpserver

import (
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// siteTable returns the commands of SITE (RFC 959 section 4.1.3).
func siteTable() map[string]command {
	return map[string]command{
		"CHMOD":   {run: (*session).siteChmod, args: "<sp> mode <sp> path", feat: "SITE CHMOD", needsArg: true, writes: true},
		"SYMLINK": {run: (*session).siteSymlink, args: "<sp> target <sp> path", feat: "SITE SYMLINK", needsArg: true, writes: true},
		"UTIME":   {run: (*session).siteUtime, args: "<sp> YYYYMMDDhhmm[ss] <sp> path | <sp> path <sp> atime <sp> mtime <sp> ctime <sp> UTC", feat: "SITE UTIME", needsArg: true, writes: true},
		"HELP":    {run: (*session).siteHelp, args: "[<sp> command]", beforeLogin: true},
	}
}

func (s *session) cmdSite(arg string) reply {
	verb, rest := splitLine(arg)
	cmd, ok := s.srv.site[verb]
	if !ok {
		return say(504, "SITE command not understood.")
	}
	return s.run(cmd, rest)
}

// siteChmod sets the 12 lower bits of the mode, given in octal.
func (s *session) siteChmod(arg string) reply {
	digits, file, ok := strings.Cut(arg, " ")
	bits, err := strconv.ParseUint(digits, 8, 12)
	if !ok || err != nil || file == "" {
		return say(501, "Usage: SITE CHMOD mode path")
	}
	name, err := s.name(file)
	if err == nil {
		err = s.account.fs.Chmod(name, goMode(uint32(bits)))
	}
	if err != nil {
		return fail(err)
	}
	return say(200, "Mode changed.")
}

// goMode makes io/fs's mode of POSIX's permission and special bits.
func goMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits) & fs.ModePerm
	for _, m := range specialBits {
		if bits&m.posix != 0 {
			mode |= m.mode
		}
	}
	return mode
}

// posixMode is the inverse of goMode.
func posixMode(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for _, m := range specialBits {
		if mode&m.mode != 0 {
			bits |= m.posix
		}
	}
	return bits
}

var specialBits = []struct {
	posix uint32
	mode  fs.FileMode
}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}}

// siteSymlink stores the target as it is given. A target or path with a space
// is given in quotes, in which a quote is doubled.
func (s *session) siteSymlink(arg string) reply {
	words, ok := splitQuoted(arg)
	if !ok || len(words) != 2 {
		return say(501, "Usage: SITE SYMLINK target path (in quotes if they hold spaces)")
	}
	if _, err := s.resolve(words[0]); err != nil {
		return fail(err)
	}
	name, err := s.name(words[1])
	if err == nil {
		err = s.account.fs.Symlink(words[0], name)
	}
	if err != nil {
		return fail(err)
	}
	return say(200, "Symbolic link created.")
}

// splitQuoted splits at single spaces outside of quotes.
func splitQuoted(arg string) (words []string, ok bool) {
	var word strings.Builder
	inQuotes := false
	for i := 0; i < len(arg); i++ {
		switch c := arg[i]; {
		case c == '"' && inQuotes && strings.HasPrefix(arg[i+1:], `"`):
			word.WriteByte('"')
			i++
		case c == '"' && (inQuotes || word.Len() == 0):
			inQuotes = !inQuotes
		case c == ' ' && !inQuotes:
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	words = append(words, word.String())
	for _, w := range words {
		if w == "" {
			return nil, false
		}
	}
	return words, !inQuotes
}

// siteUtime takes both forms in use: "SITE UTIME time path" and
// "SITE UTIME path atime mtime ctime UTC".
func (s *session) siteUtime(arg string) reply {
	file, atime, mtime, ok := parseUtime(arg)
	if !ok {
		return say(501, "Usage: SITE UTIME YYYYMMDDhhmm[ss] path, or path atime mtime ctime UTC")
	}
	name, err := s.name(file)
	if err == nil {
		err = s.account.fs.Chtimes(name, atime, mtime)
	}
	if err != nil {
		return fail(err)
	}
	return say(200, "Times changed.")
}

func parseUtime(arg string) (file string, atime, mtime time.Time, ok bool) {
	words := strings.Split(arg, " ")
	if n := len(words); n >= 5 && strings.EqualFold(words[n-1], "UTC") {
		var okA, okM, okC bool
		atime, okA = parseUtimeStamp(words[n-4])
		mtime, okM = parseUtimeStamp(words[n-3])
		_, okC = parseUtimeStamp(words[n-2])
		file = strings.Join(words[:n-4], " ")
		if okA && okM && okC && file != "" {
			return file, atime, mtime, true
		}
	}
	stamp, file, _ := strings.Cut(arg, " ")
	mtime, ok = parseUtimeStamp(stamp)
	return file, time.Time{}, mtime, ok && file != ""
}

// parseUtimeStamp parses a time-val that may lack the seconds.
func parseUtimeStamp(v string) (time.Time, bool) {
	if len(v) == len("200601021504") {
		v += "00"
	}
	return parseTimeVal(v)
}

func (s *session) siteHelp(arg string) reply {
	return help(s.srv.site, "SITE ", arg)
}
