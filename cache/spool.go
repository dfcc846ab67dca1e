package cache

import (
	"io"
	"os"
)

// spool is the local copy of an open file's content, as far as there is one:
// what was written here, and what was fetched to go with it. It is guarded by
// its File's mu; only the holder of the file's turn changes it.
type spool struct {
	file *os.File
	have ranges // octets that are in file
	base int64  // octets of the server's version that show where have does not
}

// newSpool makes a spool of size octets that shows base octets of the server's
// version until it is written to.
func newSpool(dir string, size, base int64) (*spool, error) {
	file, err := os.CreateTemp(dir, "spool-*") // 0600
	if err != nil {
		return nil, err
	}
	s := &spool{file: file, base: base}
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
	return os.Remove(s.file.Name())
}
