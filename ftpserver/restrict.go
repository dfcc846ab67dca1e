package ftpserver

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Access says what clients may not do with a tree; see [Restrict]. The zero
// value refuses nothing.
type Access struct {
	// ReadOnly refuses every change (EROFS).
	ReadOnly bool
	// WriteOnce lets new files be made and nothing that is there be continued,
	// replaced, renamed, removed or changed: a file that exists is refused as
	// such (EEXIST), everything else with EACCES. An upload that fails is
	// removed, for it could be neither continued nor replaced: a [File] that
	// was made has a method Discard() error for that.
	WriteOnce bool
	// NoMkdir refuses to make directories.
	NoMkdir bool
	// NoRead refuses to open files for reading, downloads, hashes and copies
	// alike (EACCES).
	NoRead bool
	// NoList refuses to list directories (EACCES). Who knows a name can still
	// ask what it is (SIZE, MLST), as an upload tells that it is taken anyway.
	NoList bool
}

// Restrict returns tree with what a refused. The mode bits that it shows are
// without what is refused, so that listings and the fact "perm" agree with it.
//
// A link within the tree leads where it leads: a tree that is restricted must
// not lie within another one in which the same client can make links.
func Restrict(tree FS, a Access) FS {
	if a == (Access{}) {
		return tree
	}
	return &restricted{tree, a}
}

type restricted struct {
	tree FS
	Access
}

// change is why something that exists cannot be changed, or nil.
func (r *restricted) change() error {
	switch {
	case r.ReadOnly:
		return syscall.EROFS
	case r.WriteOnce:
		return syscall.EACCES
	}
	return nil
}

// shown is fi without the bits of what is refused.
func (r *restricted) shown(fi fs.FileInfo, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	mode := fi.Mode()
	if r.ReadOnly || r.WriteOnce && !mode.IsDir() {
		mode &^= 0o222
	}
	if r.NoRead && mode.IsRegular() || r.NoList && mode.IsDir() {
		mode &^= 0o444
	}
	return restrictedInfo{fi, mode}, nil
}

type restrictedInfo struct {
	fs.FileInfo
	mode fs.FileMode
}

func (i restrictedInfo) Mode() fs.FileMode { return i.mode }

func (r *restricted) Stat(name string) (fs.FileInfo, error)  { return r.shown(r.tree.Stat(name)) }
func (r *restricted) Lstat(name string) (fs.FileInfo, error) { return r.shown(r.tree.Lstat(name)) }
func (r *restricted) Readlink(name string) (string, error)   { return r.tree.Readlink(name) }

func (r *restricted) ReadDir(name string) ([]fs.FileInfo, error) {
	if r.NoList {
		return nil, pathError("readdir", name, syscall.EACCES)
	}
	infos, err := r.tree.ReadDir(name)
	for i := range infos {
		infos[i], _ = r.shown(infos[i], nil)
	}
	return infos, err
}

func (r *restricted) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	writes := flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) != 0
	switch {
	case r.NoRead && flag&os.O_WRONLY == 0:
		return nil, pathError("open", name, syscall.EACCES)
	case !writes:
	case r.ReadOnly:
		return nil, pathError("open", name, syscall.EROFS)
	case r.WriteOnce && flag&os.O_CREATE == 0:
		return nil, pathError("open", name, syscall.EACCES)
	case r.WriteOnce:
		f, err := r.tree.OpenFile(name, flag|os.O_EXCL, perm)
		if err != nil {
			return nil, err
		}
		return &newFile{f, r.tree, name}, nil
	}
	return r.tree.OpenFile(name, flag, perm)
}

// newFile is a file that its opening has made, and that nobody could remove
// if it came to nothing.
type newFile struct {
	File
	tree FS
	name string
}

// Discard removes the file; it still has to be closed.
func (f *newFile) Discard() error { return discard(f.tree, f.name, f.File) }

func (r *restricted) Mkdir(name string, perm fs.FileMode) error {
	switch {
	case r.ReadOnly:
		return pathError("mkdir", name, syscall.EROFS)
	case r.NoMkdir:
		return pathError("mkdir", name, syscall.EACCES)
	}
	return r.tree.Mkdir(name, perm)
}

func (r *restricted) Remove(name string) error {
	if err := r.change(); err != nil {
		return pathError("remove", name, err)
	}
	return r.tree.Remove(name)
}

func (r *restricted) RemoveDir(name string) error {
	if err := r.change(); err != nil {
		return pathError("rmdir", name, err)
	}
	return r.tree.RemoveDir(name)
}

func (r *restricted) Rename(from, to string) error {
	if err := r.change(); err != nil {
		return pathError("rename", from, err)
	}
	return r.tree.Rename(from, to)
}

func (r *restricted) Chmod(name string, mode fs.FileMode) error {
	if err := r.change(); err != nil {
		return pathError("chmod", name, err)
	}
	return r.tree.Chmod(name, mode)
}

func (r *restricted) Chtimes(name string, atime, mtime time.Time) error {
	if err := r.change(); err != nil {
		return pathError("chtimes", name, err)
	}
	return r.tree.Chtimes(name, atime, mtime)
}

func (r *restricted) Symlink(target, name string) error {
	if err := r.change(); err != nil {
		return pathError("symlink", name, err)
	}
	return r.tree.Symlink(target, name)
}

// Available passes AVBL on.
func (r *restricted) Available(dir string) (int64, error) { return availableIn(r.tree, dir) }

// availableIn asks a tree that may not know (EOPNOTSUPP).
func availableIn(tree FS, dir string) (int64, error) {
	if t, ok := tree.(spaceFS); ok {
		return t.Available(dir)
	}
	return 0, pathError("available", dir, syscall.EOPNOTSUPP)
}
