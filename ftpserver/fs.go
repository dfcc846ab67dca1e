package ftpserver

import (
	"io"
	"io/fs"
	"time"
)

// FS is the tree of files that a server serves.
//
// Names are slash-separated and relative to the root, cleaned as by
// [path.Clean], without a leading slash; the root itself is ".". They are
// bytes and need not be UTF-8. An implementation must not let a name or a
// symbolic link lead out of its root; following a link whose target is
// absolute or outside fails with [fs.ErrPermission].
//
// Errors hold a syscall.Errno where one fits (errors.As), from which replies
// are made; [fs.ErrNotExist] and its like serve as well. A [fs.FileInfo] whose
// Sys is a *syscall.Stat_t supplies the link count, owner, group and the
// MLSx fact "unique".
//
// An FS that also has Available(dir string) (int64, error), as [DirFS] and
// [MemFS], answers AVBL.
//
// Methods are called from several goroutines, may block as the storage does
// and are not interrupted.
type FS interface {
	// Stat describes what name leads to, following symbolic links.
	Stat(name string) (fs.FileInfo, error)
	// Lstat describes name itself.
	Lstat(name string) (fs.FileInfo, error)
	// Readlink returns the target of a symbolic link as it was stored.
	Readlink(name string) (string, error)
	// ReadDir describes the entries of a directory as Lstat does, in any
	// order, without "." and "..".
	ReadDir(name string) ([]fs.FileInfo, error)
	// OpenFile takes the flags of package os: O_RDONLY or O_WRONLY, with
	// O_CREATE, O_EXCL and O_APPEND.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Mkdir makes a directory whose parent exists.
	Mkdir(name string, perm fs.FileMode) error
	// Remove removes anything but a directory.
	Remove(name string) error
	// RemoveDir removes an empty directory.
	RemoveDir(name string) error
	// Rename moves from to to as rename(2): a file replaces a file, a
	// directory an empty directory.
	Rename(from, to string) error
	// Chmod sets the permission, setuid, setgid and sticky bits.
	Chmod(name string, mode fs.FileMode) error
	// Chtimes sets the times; a zero time leaves that one as it is.
	Chtimes(name string, atime, mtime time.Time) error
	// Symlink makes name a symbolic link that holds target as it is.
	Symlink(target, name string) error
}

// File is an open file of an [FS]. It is used by one goroutine at a time. If
// it is an *os.File, downloads of it use sendfile(2).
type File interface {
	io.Reader
	io.Writer
	io.Seeker
	io.Closer
	// Truncate sets the size without moving the offset.
	Truncate(size int64) error
	// Stat describes the open file.
	Stat() (fs.FileInfo, error)
}
