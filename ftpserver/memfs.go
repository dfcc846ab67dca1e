package ftpserver

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
	"syscall"
	"time"
)

// MemFS is a tree in memory, for tests and demonstrations. It behaves as a
// directory of the host does for its owner: permission bits of the owner
// count, links are followed, a file lives on while it is open. The zero value
// is not usable; see [NewMemFS].
type MemFS struct {
	mu       sync.RWMutex
	root     *memNode // guarded by mu, with all nodes below
	lastIno  uint64   // guarded by mu
	used     int64    // guarded by mu: bytes of all files
	capacity int64    // 0: no limit
}

var _ FS = (*MemFS)(nil)

// NewMemFS returns an empty tree whose files may hold capacity bytes together;
// what goes beyond fails with ENOSPC. 0 means no limit.
func NewMemFS(capacity int64) *MemFS {
	m := &MemFS{capacity: capacity}
	m.root = m.newNode(fs.ModeDir | 0o755)
	return m
}

// newNode makes a node; m.mu is held, or m not yet shared.
func (m *MemFS) newNode(mode fs.FileMode) *memNode {
	m.lastIno++
	n := &memNode{ino: m.lastIno, mode: mode, mtime: time.Now(), links: 1}
	if mode.IsDir() {
		n.children = make(map[string]*memNode)
	}
	return n
}

// Stat implements [FS].
func (m *MemFS) Stat(name string) (fs.FileInfo, error) { return m.stat("stat", name, true) }

// Lstat implements [FS].
func (m *MemFS) Lstat(name string) (fs.FileInfo, error) { return m.stat("lstat", name, false) }

func (m *MemFS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.find(name, follow)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return n.info(path.Base(name)), nil
}

// Readlink implements [FS].
func (m *MemFS) Readlink(name string) (string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.find(name, false)
	if err == nil && n.mode&fs.ModeSymlink == 0 {
		err = syscall.EINVAL
	}
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return n.target, nil
}

// ReadDir implements [FS]; the entries are sorted by name.
func (m *MemFS) ReadDir(name string) ([]fs.FileInfo, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.find(name, true)
	switch {
	case err != nil:
	case !n.mode.IsDir():
		err = syscall.ENOTDIR
	case n.mode&0o400 == 0:
		err = syscall.EACCES
	}
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	infos := make([]fs.FileInfo, 0, len(n.children))
	for _, child := range slices.Sorted(maps.Keys(n.children)) {
		infos = append(infos, n.children[child].info(child))
	}
	return infos, nil
}

// Mkdir implements [FS].
func (m *MemFS) Mkdir(name string, perm fs.FileMode) error {
	return m.create("mkdir", name, func() *memNode { return m.newNode(fs.ModeDir | perm.Perm()&^0o022) })
}

// Symlink implements [FS].
func (m *MemFS) Symlink(target, name string) error {
	return m.create("symlink", name, func() *memNode {
		n := m.newNode(fs.ModeSymlink | 0o777)
		n.target = target
		return n
	})
}

func (m *MemFS) create(op, name string, node func() *memNode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.walk(name, false)
	if err == nil && at.node != nil {
		err = syscall.EEXIST
	}
	if err == nil {
		_, err = m.add(at, node())
	}
	return pathError(op, name, err)
}

// Remove implements [FS].
func (m *MemFS) Remove(name string) error {
	return m.remove("remove", name, func(n *memNode) error {
		if n.mode.IsDir() {
			return syscall.EISDIR
		}
		return nil
	})
}

// RemoveDir implements [FS].
func (m *MemFS) RemoveDir(name string) error {
	return m.remove("rmdir", name, func(n *memNode) error {
		switch {
		case !n.mode.IsDir():
			return syscall.ENOTDIR
		case len(n.children) > 0:
			return syscall.ENOTEMPTY
		}
		return nil
	})
}

func (m *MemFS) remove(op, name string, check func(*memNode) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.existing(name)
	if err == nil {
		err = check(at.node)
	}
	if err == nil {
		m.drop(at)
	}
	return pathError(op, name, err)
}

// Rename implements [FS].
func (m *MemFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return pathError("rename", from, m.rename(from, to))
}

func (m *MemFS) rename(from, to string) error {
	src, err := m.existing(from)
	if err != nil {
		return err
	}
	dst, err := m.walk(to, false)
	switch {
	case err != nil:
		return err
	case dst.parent == nil:
		return syscall.EPERM
	case src.node == dst.node:
		return nil
	case src.node.holds(dst.parent):
		return syscall.EINVAL
	case dst.parent.mode&0o300 != 0o300:
		return syscall.EACCES
	}
	if err := replaceable(src.node, dst.node); err != nil {
		return err
	}
	if dst.node != nil {
		m.drop(dst)
	}
	delete(src.parent.children, src.base)
	dst.parent.children[dst.base] = src.node
	src.parent.mtime, dst.parent.mtime = time.Now(), time.Now()
	return nil
}

// replaceable says whether rename(2) lets src take the place of dst.
func replaceable(src, dst *memNode) error {
	switch {
	case dst == nil:
		return nil
	case dst.mode.IsDir() && !src.mode.IsDir():
		return syscall.EISDIR
	case !dst.mode.IsDir() && src.mode.IsDir():
		return syscall.ENOTDIR
	case len(dst.children) > 0:
		return syscall.ENOTEMPTY
	}
	return nil
}

// Chmod implements [FS].
func (m *MemFS) Chmod(name string, mode fs.FileMode) error {
	return m.change("chmod", name, func(n *memNode) { n.mode = n.mode.Type() | goMode(posixMode(mode)) })
}

// Chtimes implements [FS]. The time of access is not kept.
func (m *MemFS) Chtimes(name string, _, mtime time.Time) error {
	return m.change("chtimes", name, func(n *memNode) {
		if !mtime.IsZero() {
			n.mtime = mtime
		}
	})
}

func (m *MemFS) change(op, name string, set func(*memNode)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find(name, true)
	if err == nil {
		set(n)
	}
	return pathError(op, name, err)
}
