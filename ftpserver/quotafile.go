package ftpserver

import (
	"io"
	"syscall"
)

// quotaFile is a file that is open for writing and counts.
type quotaFile struct {
	File
	q       *Quota
	key     quotaKey
	node    *quotaNode
	appends bool
	closed  bool
}

// Write writes what the quota has room for.
func (f *quotaFile) Write(p []byte) (int, error) {
	f.node.mu.Lock()
	defer f.node.mu.Unlock()
	at := f.node.size
	if !f.appends {
		var err error
		if at, err = f.File.Seek(0, io.SeekCurrent); err != nil {
			return 0, err
		}
	}
	growth := max(0, at+int64(len(p))-f.node.size)
	got := f.q.take(growth)
	fits := int64(len(p)) - (growth - got)
	if fits <= 0 {
		f.q.give(got)
		return 0, syscall.EDQUOT
	}
	n, err := f.File.Write(p[:fits])
	f.grown(got, max(0, at+int64(n)-f.node.size))
	if err == nil && n < len(p) {
		err = syscall.EDQUOT
	}
	return n, err
}

// grown settles what was taken for a growth with what it came to; node.mu is
// held.
func (f *quotaFile) grown(taken, by int64) {
	f.node.size += by
	f.q.give(taken - by)
}

func (f *quotaFile) Truncate(size int64) error {
	f.node.mu.Lock()
	defer f.node.mu.Unlock()
	growth := size - f.node.size
	if growth > 0 {
		if got := f.q.take(growth); got < growth {
			f.q.give(got)
			return syscall.EDQUOT
		}
	}
	if err := f.File.Truncate(size); err != nil {
		f.q.give(max(0, growth))
		return err
	}
	if growth < 0 {
		f.q.give(-growth)
	}
	f.node.size = size
	return nil
}

// Close counts before it closes: the file's number may be another's as soon as
// it is closed.
func (f *quotaFile) Close() error {
	if !f.closed {
		f.closed = true
		f.q.closed(f.key, f.node)
	}
	return f.File.Close()
}
