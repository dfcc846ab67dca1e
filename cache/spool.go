package cache

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// spool is the local copy of an open file's content, as far as there is one:
// what was written here, and what was fetched to go with it. It is guarded by
// its File's mu; only the holder of the file's turn changes it.
type spool struct {
	file *os.File
	name string // of file; it tells whether there is something unsent in it
	have ranges // octets that are in file
	base int64  // octets of the server's version that show where have does not
	cost int64  // octets that were counted for it
}

// newSpool makes a spool of size octets that shows base octets of the server's
// version until it is written to.
func newSpool(dir string, size, base int64) (*spool, error) {
	file, err := os.CreateTemp(dir, copyPrefix+"*") // 0600
	if err != nil {
		return nil, err
	}
	s := &spool{file: file, name: file.Name(), base: base}
	if err := file.Truncate(size); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// readAt reads into p from off and returns what of it must come from the
// server instead.
func (s *spool) readAt(p []byte, off int64) ([]span, error) {
	if _, err := s.file.ReadAt(p, off); err != nil && err != io.EOF {
		return nil, err
	}
	return s.have.missing(off, min(off+int64(len(p)), s.base)), nil
}

// spoolPart is how much is written to a spool file at a time. For more, some systems take
// memory in larger pieces, of which fewer are at hand.
const spoolPart = 128 << 10

// writeAt writes p at off and returns how much of it.
func (s *spool) writeAt(p []byte, off int64) (done int, err error) {
	for done < len(p) && err == nil {
		var n int
		n, err = s.file.WriteAt(p[done:min(len(p), done+spoolPart)], off+int64(done))
		done += n
	}
	return done, err
}

// truncate cuts or extends the content to size octets.
func (s *spool) truncate(size int64) error {
	if err := s.file.Truncate(size); err != nil {
		return err
	}
	s.have = s.have.cut(size)
	s.base = min(s.base, size)
	return nil
}

// remove deletes the file.
func (s *spool) remove() error {
	s.file.Close()
	return os.Remove(s.name)
}

// The names of spool files begin with unsentPrefix as long as there is something in
// them that the server does not have. What a process that died has left under the
// other name is of no use to anybody.
const (
	unsentPrefix = "spool-"
	copyPrefix   = "copy-"
)

// mark gives the file the name that says whether there is something unsent in it.
func (s *spool) mark(unsent bool) error {
	dir, name := filepath.Split(s.name)
	rest, was := strings.CutPrefix(name, unsentPrefix)
	if was == unsent {
		return nil
	}
	prefix := copyPrefix
	if unsent {
		prefix, rest = unsentPrefix, strings.TrimPrefix(rest, copyPrefix)
	}
	now, err := renameFree(s.name, dir+prefix, rest, "")
	if err != nil {
		return err
	}
	s.name = now
	return nil
}

// DropCopies deletes the local copies in the spool directory of a volume that has
// died, and what it was in the middle of: nothing that is unsent is in them.
func DropCopies(dir string) error {
	return errors.Join(removeAll(dir, copyPrefix+"*", nil), dropLeftovers(dir))
}
