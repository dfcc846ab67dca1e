package ftpserver

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DirFS is a directory of the host. It is an [os.Root]: neither ".." nor a
// symbolic link leads out of it, also not while others change the tree. Call
// Close when the server that uses it is closed.
type DirFS struct {
	root *os.Root
}

var _ FS = (*DirFS)(nil)

// OpenDirFS opens the directory dir.
func OpenDirFS(dir string) (*DirFS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &DirFS{root: root}, nil
}

// Close releases the directory; later calls fail with [fs.ErrClosed].
func (d *DirFS) Close() error { return d.root.Close() }

// Stat implements [FS].
func (d *DirFS) Stat(name string) (fs.FileInfo, error) {
	fi, err := d.root.Stat(name)
	return fi, confined(err)
}

// Lstat implements [FS].
func (d *DirFS) Lstat(name string) (fs.FileInfo, error) {
	fi, err := d.root.Lstat(name)
	return fi, confined(err)
}

// Readlink implements [FS].
func (d *DirFS) Readlink(name string) (string, error) {
	target, err := d.root.Readlink(name)
	return target, confined(err)
}

// ReadDir implements [FS]. Entries that vanish meanwhile are left out.
func (d *DirFS) ReadDir(name string) ([]fs.FileInfo, error) {
	dir, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, confined(err)
	}
	defer dir.Close()
	return dir.Readdir(-1)
}

// OpenFile implements [FS]. It does not wait for the other end of a FIFO.
func (d *DirFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := d.root.OpenFile(name, flag|syscall.O_NONBLOCK, perm)
	if err != nil {
		return nil, confined(err)
	}
	return f, nil
}

// Mkdir implements [FS].
func (d *DirFS) Mkdir(name string, perm fs.FileMode) error {
	return confined(d.root.Mkdir(name, perm))
}

// Remove implements [FS].
func (d *DirFS) Remove(name string) error { return d.unlink(name, 0) }

// RemoveDir implements [FS].
func (d *DirFS) RemoveDir(name string) error { return d.unlink(name, unix.AT_REMOVEDIR) }

// statfs is fstatfs(2) of a directory within the root.
func (d *DirFS) statfs(dir string) (int64, error) {
	f, err := d.root.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return 0, confined(err)
	}
	defer f.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return 0, pathError("statfs", dir, err)
	}
	return int64(st.Bavail) * st.Frsize, nil
}

// unlink is unlinkat(2), because os.Root.Remove takes files and directories
// alike, and looking first would leave a gap.
func (d *DirFS) unlink(name string, flags int) error {
	return pathError("unlink", name, d.inParent(name, func(dir int, base string) error {
		return unix.Unlinkat(dir, base, flags)
	}))
}

// Rename implements [FS]. It is renameat(2), because os.Root.Rename refuses to
// replace an empty directory.
func (d *DirFS) Rename(from, to string) error {
	return pathError("rename", from, d.inParent(from, func(fromDir int, fromBase string) error {
		return d.inParent(to, func(toDir int, toBase string) error {
			return unix.Renameat(fromDir, fromBase, toDir, toBase)
		})
	}))
}

// inParent calls do with a descriptor of the directory that holds name, which
// is reached within the root, and the last part of name, which may be a link
// and is not followed.
func (d *DirFS) inParent(name string, do func(dir int, base string) error) error {
	switch path.Base(name) {
	case ".":
		return syscall.EPERM
	case "..":
		return fs.ErrPermission
	}
	parent, err := d.root.OpenFile(path.Dir(name), os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return confined(err)
	}
	defer parent.Close()
	raw, err := parent.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(int(fd), path.Base(name)) })
	return errors.Join(err, failed)
}

// Chmod implements [FS].
func (d *DirFS) Chmod(name string, mode fs.FileMode) error {
	return confined(d.root.Chmod(name, mode))
}

// Chtimes implements [FS].
func (d *DirFS) Chtimes(name string, atime, mtime time.Time) error {
	return confined(d.root.Chtimes(name, atime, mtime))
}

// Symlink implements [FS].
func (d *DirFS) Symlink(target, name string) error {
	return confined(d.root.Symlink(target, name))
}

// confined turns the error of os.Root for a name that leads outside, which
// has no errno and no exported value, into fs.ErrPermission.
func confined(err error) error {
	if err == nil || errors.Is(err, fs.ErrClosed) {
		return err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return err
	}
	return &fs.PathError{Op: "resolve", Path: ".", Err: fs.ErrPermission}
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
