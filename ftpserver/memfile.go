package ftpserver

import (
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// memFile is an open file of a MemFS.
type memFile struct {
	fs     *MemFS
	node   *memNode
	name   string
	flag   int
	offset int64
}

var _ File = (*memFile)(nil)

// OpenFile implements [FS].
func (m *MemFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.openNode(name, flag, perm)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	if flag&os.O_TRUNC != 0 {
		if err := m.resize(n, 0); err != nil {
			return nil, pathError("open", name, err)
		}
	}
	return &memFile{fs: m, node: n, name: path.Base(name), flag: flag}, nil
}

// openNode finds or creates what OpenFile opens; m.mu is held.
func (m *MemFS) openNode(name string, flag int, perm fs.FileMode) (*memNode, error) {
	at, err := m.walk(name, flag&os.O_EXCL == 0)
	switch {
	case err != nil:
		return nil, err
	case at.node == nil && flag&os.O_CREATE == 0:
		return nil, syscall.ENOENT
	case at.node == nil:
		return m.add(at, m.newNode(perm.Perm()&^0o022))
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, syscall.EEXIST
	case at.node.mode.IsDir():
		return nil, syscall.EISDIR
	case flag&(os.O_WRONLY|os.O_RDWR) != os.O_WRONLY && at.node.mode&0o400 == 0,
		flag&(os.O_WRONLY|os.O_RDWR) != 0 && at.node.mode&0o200 == 0:
		return nil, syscall.EACCES
	}
	return at.node, nil
}

// check returns the error of an operation on a file that is closed or was not
// opened for it.
func (f *memFile) check(op string, allowed bool) error {
	switch {
	case f.node == nil:
		return pathError(op, f.name, fs.ErrClosed)
	case !allowed:
		return pathError(op, f.name, syscall.EBADF)
	}
	return nil
}

func (f *memFile) Read(p []byte) (int, error) {
	if err := f.check("read", f.flag&os.O_WRONLY == 0); err != nil {
		return 0, err
	}
	f.fs.mu.RLock()
	defer f.fs.mu.RUnlock()
	if f.offset >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[f.offset:])
	f.offset += int64(n)
	return n, nil
}

// Write writes all of p or, beyond the capacity, nothing (ENOSPC).
func (f *memFile) Write(p []byte) (int, error) {
	if err := f.check("write", f.flag&(os.O_WRONLY|os.O_RDWR) != 0); err != nil {
		return 0, err
	}
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.flag&os.O_APPEND != 0 {
		f.offset = int64(len(f.node.data))
	}
	end := max(f.offset+int64(len(p)), int64(len(f.node.data)))
	if err := f.fs.resize(f.node, end); err != nil {
		return 0, pathError("write", f.name, err)
	}
	n := copy(f.node.data[f.offset:], p)
	f.offset += int64(n)
	return n, nil
}

func (f *memFile) Seek(offset int64, whence int) (int64, error) {
	if err := f.check("seek", true); err != nil {
		return 0, err
	}
	f.fs.mu.RLock()
	defer f.fs.mu.RUnlock()
	switch whence {
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += int64(len(f.node.data))
	}
	if offset < 0 {
		return 0, pathError("seek", f.name, syscall.EINVAL)
	}
	f.offset = offset
	return offset, nil
}

func (f *memFile) Truncate(size int64) error {
	if err := f.check("truncate", f.flag&(os.O_WRONLY|os.O_RDWR) != 0); err != nil {
		return err
	}
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return pathError("truncate", f.name, f.fs.resize(f.node, size))
}

func (f *memFile) Stat() (fs.FileInfo, error) {
	if err := f.check("stat", true); err != nil {
		return nil, err
	}
	f.fs.mu.RLock()
	defer f.fs.mu.RUnlock()
	return f.node.info(f.name), nil
}

func (f *memFile) Close() error {
	err := f.check("close", true)
	f.node = nil
	return err
}
