package ftpserver

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"
)

// foldFS is a tree in which names that differ in case only are one, as on
// Windows. A name is found whatever its case, and keeps the one it was made in.
type foldFS struct{ tree FS }

var _ FS = foldFS{}

// actual is how the tree writes name, as far as it exists.
func (f foldFS) actual(name string) string {
	if _, err := f.tree.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return name
	}
	dir, base := path.Split(name)
	parent := "."
	if dir != "" {
		parent = f.actual(path.Clean(dir))
	}
	infos, err := f.tree.ReadDir(parent)
	if err != nil {
		return path.Join(parent, base)
	}
	for _, fi := range infos {
		if strings.EqualFold(fi.Name(), base) {
			return path.Join(parent, fi.Name())
		}
	}
	return path.Join(parent, base)
}

func (f foldFS) Stat(name string) (fs.FileInfo, error)      { return f.tree.Stat(f.actual(name)) }
func (f foldFS) Lstat(name string) (fs.FileInfo, error)     { return f.tree.Lstat(f.actual(name)) }
func (f foldFS) Readlink(name string) (string, error)       { return f.tree.Readlink(f.actual(name)) }
func (f foldFS) ReadDir(name string) ([]fs.FileInfo, error) { return f.tree.ReadDir(f.actual(name)) }
func (f foldFS) Remove(name string) error                   { return f.tree.Remove(f.actual(name)) }
func (f foldFS) RemoveDir(name string) error                { return f.tree.RemoveDir(f.actual(name)) }

func (f foldFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return f.tree.OpenFile(f.actual(name), flag, perm)
}

func (f foldFS) Mkdir(name string, perm fs.FileMode) error {
	return f.tree.Mkdir(f.actual(name), perm)
}

// Rename changes the case of a name as well.
func (f foldFS) Rename(from, to string) error {
	from = f.actual(from)
	target := f.actual(to)
	if target == from {
		target = path.Join(path.Dir(target), path.Base(to))
	}
	return f.tree.Rename(from, target)
}

func (f foldFS) Chmod(name string, mode fs.FileMode) error {
	return f.tree.Chmod(f.actual(name), mode)
}

func (f foldFS) Chtimes(name string, atime, mtime time.Time) error {
	return f.tree.Chtimes(f.actual(name), atime, mtime)
}

func (f foldFS) Symlink(target, name string) error { return f.tree.Symlink(target, f.actual(name)) }
