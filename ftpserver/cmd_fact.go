package ftpserver

import (
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cmdMff is MFF (draft-somers-ftp-mfxx-04 section 3.2): it sets facts, of which
// we know the time of the last change and the mode.
func (s *session) cmdMff(arg string) reply {
	facts, file, ok := strings.Cut(arg, " ")
	if !ok || file == "" || !strings.HasSuffix(facts, ";") {
		return say(501, "Usage: MFF fact=value;... path")
	}
	name, err := s.name(file)
	if err != nil {
		return fail(err)
	}
	var set []func() error
	for fact := range strings.SplitSeq(strings.TrimSuffix(facts, ";"), ";") {
		change, err := s.factChange(name, fact)
		if err != nil {
			return fail(err)
		}
		set = append(set, change)
	}
	for _, change := range set {
		if err := change(); err != nil {
			return fail(err)
		}
	}
	return say(213, facts+" "+file)
}

// factChange is what sets one fact of MFF.
func (s *session) factChange(name, fact string) (func() error, error) {
	key, value, _ := strings.Cut(fact, "=")
	switch strings.ToLower(key) {
	case "modify":
		if t, ok := parseTimeVal(value); ok {
			return func() error { return s.account.fs.Chtimes(name, time.Time{}, t) }, nil
		}
	case "unix.mode":
		if bits, err := strconv.ParseUint(value, 8, 12); err == nil {
			return func() error { return s.account.fs.Chmod(name, goMode(uint32(bits))) }, nil
		}
	default:
		return nil, sayf(504, "Cannot change the fact %s.", key)
	}
	return nil, sayf(501, "Bad value of the fact %s.", key)
}

// spaceFS is an [FS] that knows how much can still be written.
type spaceFS interface {
	// Available returns the number of bytes that can be written below the
	// directory, or EOPNOTSUPP if there is no limit to tell.
	Available(dir string) (int64, error)
}

// cmdAvbl is AVBL (draft-peterson-streamlined-ftp-command-extensions-10
// section 4): the bytes that a directory has room for.
func (s *session) cmdAvbl(arg string) reply {
	p := s.cwd
	if arg != "" {
		var err error
		if p, err = s.resolve(arg); err != nil {
			return fail(err)
		}
	}
	fi, err := s.account.fs.Stat(fsName(p))
	if err == nil && !fi.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return fail(err)
	}
	return s.available(fsName(p))
}

func (s *session) available(dir string) reply {
	tree, ok := s.account.fs.(spaceFS)
	if !ok {
		return say(550, "The space here is not known.")
	}
	n, err := tree.Available(dir)
	if err != nil {
		return fail(err)
	}
	return say(213, strconv.FormatInt(n, 10))
}

var _, _ spaceFS = (*DirFS)(nil), (*MemFS)(nil)

// Available returns how many bytes the file system that holds the directory
// has left for us (statfs(2)).
func (d *DirFS) Available(dir string) (int64, error) { return d.statfs(dir) }

// Available returns what is left of the capacity, for all of the tree. It fails
// with [syscall.EOPNOTSUPP] if there is no limit.
func (m *MemFS) Available(dir string) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.find(dir, true)
	switch {
	case err != nil:
	case !n.mode.IsDir():
		err = syscall.ENOTDIR
	case m.capacity == 0:
		err = syscall.EOPNOTSUPP
	}
	if err != nil {
		return 0, pathError("available", dir, err)
	}
	return m.capacity - m.used, nil
}
