package ftpserver

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// vsftpdRow has the day of the month with a zero before it.
func vsftpdRow(s *session, e entry) string {
	now, t := time.Now(), s.zoned(e.fi.ModTime())
	date := t.Format("Jan 02 15:04")
	if t.After(now) || now.Sub(t) > recent {
		date = t.Format("Jan 02  2006")
	}
	return longRowWith(s, e, date)
}

// vsftpdFind lists a directory, or what matches the last part of arg in the
// one before it. There are no errors: what is missing is empty.
func vsftpdFind(s *session, req *listing, arg string) error {
	if req.verb == "STAT" {
		req.hidden, req.dots = true, true
	}
	req.prefix = ""
	if fi, err := s.account.fs.Stat(fsName(req.path)); err == nil && fi.IsDir() {
		if arg != "" && arg != "." {
			req.prefix = strings.TrimSuffix(arg, "/") + "/"
		}
		return s.readDir(req)
	}
	dir, pattern := path.Split(arg)
	parent := &listing{path: path.Dir(req.path)}
	if pattern == "" || s.readDir(parent) != nil {
		return nil
	}
	matches := vsftpdPattern(pattern)
	for _, e := range parent.entries {
		hidden := strings.HasPrefix(e.label, ".") && !req.hidden && !strings.HasPrefix(pattern, ".")
		if !hidden && matches.MatchString(string(latin1(vsftpdMatched(s, e)))) {
			req.entries = append(req.entries, e)
		}
	}
	if req.verb == "NLST" {
		req.prefix = dir
	}
	req.hidden = true
	return nil
}

// vsftpdMatched is what a pattern is held against: the name, but of a link
// that leads somewhere the name of what it leads to. `LIST f` shows every link
// to f therefore, and `LIST link` nothing.
func vsftpdMatched(s *session, e entry) string {
	if e.fi.Mode()&fs.ModeSymlink == 0 {
		return e.label
	}
	target, err := s.account.fs.Readlink(fsName(e.path))
	if _, broken := s.account.fs.Stat(fsName(e.path)); err != nil || broken != nil {
		return e.label
	}
	return path.Base(target)
}

// vsftpdPattern knows *, ? and {a,b}, but no [a-z].
func vsftpdPattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	depth := 0
	for _, c := range latin1(pattern) {
		switch {
		case c == '*':
			b.WriteString("(?s:.*)")
		case c == '?':
			b.WriteString("(?s:.)")
		case c == '{':
			b.WriteString("(?:")
			depth++
		case c == '}' && depth > 0:
			b.WriteByte(')')
			depth--
		case c == ',' && depth > 0:
			b.WriteByte('|')
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(strings.Repeat(")", depth))
	re, err := regexp.Compile("^(?:" + b.String() + ")$")
	if err != nil { // nested too deep
		return regexp.MustCompile("^" + regexp.QuoteMeta(string(latin1(pattern))) + "$")
	}
	return re
}

// latin1 makes a rune of each byte: names are bytes, regexp knows runes.
func latin1(name string) []rune {
	runes := make([]rune, len(name))
	for i := range len(name) {
		runes[i] = rune(name[i])
	}
	return runes
}

// vsftpdStat lists with the dot files, and what is missing as empty.
func vsftpdStat(s *session, arg string) reply {
	return s.statListed(arg, statForm{dir: 213, file: 213, bare: true, first: "Status follows:", last: "End of status"})
}

// statForm is how a server lists over the control connection.
type statForm struct {
	dir, file   int // codes
	missing     int // 0: an empty listing
	bare        bool
	first, last string
}

// statListed is STAT in a form.
func (s *session) statListed(arg string, form statForm) reply {
	if arg == "" || s.account == nil {
		return s.cmdStat(arg)
	}
	req, err := s.listing("STAT", arg)
	code := form.file
	switch {
	case req == nil:
		return fail(err)
	case err != nil && form.missing != 0:
		r := fail(err)
		r.code = form.missing
		return r
	case err != nil || req.isDir:
		code = form.dir
	}
	rows := req.rows(s, listRow)
	if limit := s.srv.profile.maxEntries; limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	r := say(code, slices.Concat([]string{form.first}, rows, []string{form.last})...)
	r.bare = form.bare
	return r
}
