package ftpserver

import (
	"io/fs"
	"path"
	"syscall"
	"time"
)

// within calls do with the tree that name is in, whose own places are left as
// they are.
func (m *mounts) within(op, name string, do func(tree FS, inner string) error) error {
	if m.isPlace(name) {
		return pathError(op, name, syscall.EBUSY)
	}
	tree, inner := m.find(name)
	if tree == nil {
		return pathError(op, name, m.nowhere(name))
	}
	return do(tree, inner)
}

// nowhere is why nothing can be made at a name in no tree.
func (m *mounts) nowhere(name string) error {
	if dir := path.Dir(name); m.isPlace(dir) {
		return syscall.EACCES
	}
	return syscall.ENOENT
}

func (m *mounts) Readlink(name string) (target string, err error) {
	tree, inner := m.find(name)
	switch {
	case m.isPlace(name):
		return "", pathError("readlink", name, syscall.EINVAL)
	case tree == nil:
		return "", pathError("readlink", name, syscall.ENOENT)
	}
	return tree.Readlink(inner)
}

func (m *mounts) OpenFile(name string, flag int, perm fs.FileMode) (f File, err error) {
	if m.isPlace(name) {
		return nil, pathError("open", name, syscall.EISDIR)
	}
	err = m.within("open", name, func(tree FS, inner string) (err error) {
		f, err = tree.OpenFile(inner, flag, perm)
		return err
	})
	return f, err
}

func (m *mounts) Mkdir(name string, perm fs.FileMode) error {
	if m.isPlace(name) {
		return pathError("mkdir", name, syscall.EEXIST)
	}
	return m.within("mkdir", name, func(tree FS, inner string) error { return tree.Mkdir(inner, perm) })
}

func (m *mounts) Remove(name string) error {
	if m.isPlace(name) {
		return pathError("remove", name, syscall.EISDIR)
	}
	return m.within("remove", name, FS.Remove)
}

func (m *mounts) RemoveDir(name string) error { return m.within("rmdir", name, FS.RemoveDir) }

func (m *mounts) Rename(from, to string) error {
	return m.within("rename", from, func(tree FS, innerFrom string) error {
		return m.within("rename", to, func(_ FS, innerTo string) error {
			a, _ := m.at(from)
			if b, _ := m.at(to); a != b {
				return pathError("rename", from, syscall.EXDEV)
			}
			return tree.Rename(innerFrom, innerTo)
		})
	})
}

func (m *mounts) Chmod(name string, mode fs.FileMode) error {
	return m.within("chmod", name, func(tree FS, inner string) error { return tree.Chmod(inner, mode) })
}

func (m *mounts) Chtimes(name string, atime, mtime time.Time) error {
	return m.within("chtimes", name, func(tree FS, inner string) error { return tree.Chtimes(inner, atime, mtime) })
}

func (m *mounts) Symlink(target, name string) error {
	if m.isPlace(name) {
		return pathError("symlink", name, syscall.EEXIST)
	}
	return m.within("symlink", name, func(tree FS, inner string) error { return tree.Symlink(target, inner) })
}

// Available passes AVBL on.
func (m *mounts) Available(dir string) (int64, error) {
	tree, inner := m.find(dir)
	if tree == nil {
		return 0, nil
	}
	return availableIn(tree, inner)
}
