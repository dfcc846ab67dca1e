package ftpserver

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// entry is one row of a listing.
type entry struct {
	label string // as it is shown
	path  string // absolute
	fi    fs.FileInfo
}

// listing is what LIST, NLST, STAT and MLSD were asked for.
type listing struct {
	verb    string
	path    string // absolute
	prefix  string // what NLST puts before each name
	isDir   bool
	hidden  bool // -A: also names that begin with a dot
	dots    bool // -a: "." and ".." as well
	long    bool // -l
	onDisk  bool // in the order of the disk, not sorted
	entries []entry
}

// listing parses the argument of LIST, NLST or STAT, options first as ls has
// them, and reads what it names. A name that does not exist and holds a
// wildcard stands for the matching names of its one directory.
func (s *session) listing(verb, arg string) (*listing, error) {
	req := &listing{verb: verb, hidden: s.srv.profile.dotFiles}
	if verb != "NLST" || !s.srv.profile.plainNlst {
		arg = req.options(arg)
	}
	p, err := s.resolve(arg)
	if err != nil {
		return nil, err
	}
	req.path = p
	if arg != "" && arg != "." {
		req.prefix = strings.TrimSuffix(arg, "/") + "/"
	}
	if find := s.srv.profile.find; find != nil {
		return req, find(s, req, arg)
	}
	return req, s.find(req, arg)
}

// find fills in the entries of the one file or directory, or those that match.
func (s *session) find(req *listing, arg string) error {
	err := s.read(req, arg)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path.Base(arg), "*?[") {
		err = s.glob(req, arg)
	}
	return err
}

// options takes leading words like "-la" off arg. A word with an unknown
// letter is a name.
func (req *listing) options(arg string) string {
	for strings.HasPrefix(arg, "-") && arg != "-" {
		word, rest, _ := strings.Cut(arg, " ")
		if word == "--" {
			return rest
		}
		if strings.Trim(word[1:], "aAlLFhn1") != "" {
			break
		}
		req.dots = req.dots || strings.Contains(word, "a")
		req.hidden = req.hidden || strings.ContainsAny(word, "aA")
		req.long = req.long || strings.Contains(word, "l")
		arg = rest
	}
	return arg
}

// read fills in the entries of a directory, to which a link may lead, or the
// one entry of anything else.
func (s *session) read(req *listing, label string) error {
	name := fsName(req.path)
	if fi, err := s.account.fs.Stat(name); err == nil && fi.IsDir() {
		return s.readDir(req)
	}
	fi, err := s.account.fs.Lstat(name)
	if err != nil {
		return err
	}
	req.entries, req.prefix, req.hidden = []entry{{label, req.path, fi}}, "", true
	return nil
}

func (s *session) readDir(req *listing) error {
	infos, err := s.account.fs.ReadDir(fsName(req.path))
	if err != nil {
		return err
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return strings.Compare(a.Name(), b.Name()) })
	if req.onDisk {
		slices.SortFunc(infos, func(a, b fs.FileInfo) int { return cmp.Compare(diskOrder(a), diskOrder(b)) })
	}
	req.isDir = true
	hides := s.srv.profile.hides
	for _, fi := range infos {
		if hides != nil && hides(fi.Name()) {
			continue
		}
		// Such a name would break the row and cannot be sent in a command.
		if strings.ContainsAny(fi.Name(), "\r\n") && !s.srv.profile.rawNames {
			s.log.Debug("name left out of a listing", "dir", req.path, "name", fi.Name())
			continue
		}
		req.entries = append(req.entries, entry{fi.Name(), path.Join(req.path, fi.Name()), fi})
	}
	return nil
}

// diskOrder is where a name stands in a directory that is hashed by name, as
// those of most disks are.
func diskOrder(fi fs.FileInfo) uint32 {
	h := fnv.New32a()
	h.Write([]byte(fi.Name())) // never fails
	return h.Sum32()
}

// glob fills in the entries of the directory of arg that match its last part.
// Nothing before it is a pattern: matching is linear in the directory.
func (s *session) glob(req *listing, arg string) error {
	dir, pattern := path.Split(arg)
	parent := &listing{path: path.Dir(req.path)}
	if err := s.readDir(parent); err != nil {
		return err
	}
	for _, e := range parent.entries {
		ok, err := path.Match(pattern, e.label)
		if err != nil {
			return syscall.ENOENT
		}
		if ok {
			e.label = dir + e.label
			req.entries = append(req.entries, e)
		}
	}
	if len(req.entries) == 0 {
		return syscall.ENOENT
	}
	req.prefix = ""
	return nil
}

// rows formats the entries that shall be shown.
func (req *listing) rows(s *session, format func(*session, entry) string) []string {
	format = s.oddFormat(req.verb, format)
	rows := make([]string, 0, len(req.entries)+2)
	for _, e := range req.shown(s) {
		rows = append(rows, format(s, e))
	}
	return s.oddRows(req, rows)
}

func (req *listing) shown(s *session) []entry {
	var shown []entry
	if req.dots && req.isDir && !s.srv.profile.noDots {
		shown = append(shown, s.dotEntries(req.path)...)
	}
	for _, e := range req.entries {
		if req.hidden || !strings.HasPrefix(path.Base(e.label), ".") {
			shown = append(shown, e)
		}
	}
	return shown
}

// dotEntries are "." and ".." of the directory dir; the root is its own parent.
func (s *session) dotEntries(dir string) []entry {
	var dots []entry
	for _, name := range []string{".", ".."} {
		p := path.Join(dir, name)
		if fi, err := s.account.fs.Stat(fsName(p)); err == nil {
			dots = append(dots, entry{name, p, fi})
		}
	}
	return dots
}

// look changes the entries or leaves them out.
func (req *listing) look(s *session, look func(*session, entry) (entry, bool)) {
	shown := req.entries[:0]
	for _, e := range req.entries {
		if e, ok := look(s, e); ok {
			shown = append(shown, e)
		}
	}
	req.entries = shown
}

// zoned is t in the zone of LIST.
func (s *session) zoned(t time.Time) time.Time {
	switch {
	case s.srv.opts.Zone != nil:
		return t.In(s.srv.opts.Zone)
	case s.srv.profile.zone != nil:
		return t.In(s.srv.profile.zone)
	}
	return t.UTC()
}

// longRow is the row of ls -l, with numeric owners.
func longRow(s *session, e entry) string {
	return longRowWith(s, e, listTime(s.zoned(e.fi.ModTime()), time.Now()))
}

// longRowWith is longRow with its date.
func longRowWith(s *session, e entry, date string) string {
	links, uid, gid := 1, 0, 0
	if st, ok := e.fi.Sys().(*syscall.Stat_t); ok {
		links, uid, gid = int(st.Nlink), int(st.Uid), int(st.Gid)
	}
	row := fmt.Sprintf("%s %4d %-8d %-8d %12d %s %s",
		modeString(e.fi.Mode()), links, uid, gid, e.fi.Size(), date, e.label)
	if e.fi.Mode()&fs.ModeSymlink != 0 {
		if target, err := s.account.fs.Readlink(fsName(e.path)); err == nil {
			row += " -> " + strings.Map(visible, target)
		}
	}
	return row
}

// visible keeps a link's target within its row.
func visible(r rune) rune {
	if r == '\r' || r == '\n' {
		return '?'
	}
	return r
}

// recent is how old a time may be to be shown with hour and minute.
const recent = 180 * 24 * time.Hour

func listTime(t, now time.Time) string {
	if t.After(now) || now.Sub(t) > recent {
		return t.Format("Jan _2  2006")
	}
	return t.Format("Jan _2 15:04")
}

// modeString is the first column of ls -l.
func modeString(mode fs.FileMode) string {
	kinds := map[fs.FileMode]byte{
		0: '-', fs.ModeDir: 'd', fs.ModeSymlink: 'l', fs.ModeNamedPipe: 'p', fs.ModeSocket: 's',
		fs.ModeDevice: 'b', fs.ModeDevice | fs.ModeCharDevice: 'c',
	}
	s := []byte("?rwxrwxrwx")
	if kind, ok := kinds[mode.Type()]; ok {
		s[0] = kind
	}
	for i := range 9 {
		if mode&(1<<(8-i)) == 0 {
			s[i+1] = '-'
		}
	}
	for i, special := range []fs.FileMode{fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky} {
		if x := &s[3*i+3]; mode&special != 0 && *x == 'x' {
			*x = "sst"[i]
		} else if mode&special != 0 {
			*x = "SST"[i]
		}
	}
	return string(s)
}

// sendRows begins a transfer of rows, each ended by CRLF.
func (s *session) sendRows(verb, p string, rows []string) reply {
	if extra := s.srv.profile.extra; extra != nil {
		rows = append(extra(verb), rows...)
	}
	done := say(226, transferComplete)
	if limit := s.srv.profile.maxEntries; limit > 0 && len(rows) > limit {
		rows, done = rows[:limit], sayf(226, "Output truncated to %d matches", limit)
	}
	s.begin(verb, p, nil, func(c *dataConn) error {
		w := bufio.NewWriterSize(c, 64<<10)
		for _, row := range rows {
			w.WriteString(row)
			w.WriteString("\r\n")
		}
		return w.Flush()
	})
	s.transfer.done = done
	return say(150, "Here comes the listing.")
}
