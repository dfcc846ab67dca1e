package ftpserver

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	maxLinks   = 40  // symbolic links in one path, as Linux
	maxNameLen = 255 // bytes in one name, as NAME_MAX
)

// memNode is a file, directory or link of a MemFS, whose mu guards it.
type memNode struct {
	ino      uint64
	mode     fs.FileMode
	mtime    time.Time
	links    int // 0 once removed
	data     []byte
	target   string
	children map[string]*memNode
}

// memInfo is a snapshot of a node.
type memInfo struct {
	name  string
	mode  fs.FileMode
	mtime time.Time
	stat  syscall.Stat_t
}

func (n *memNode) info(name string) memInfo {
	fi := memInfo{name: name, mode: n.mode, mtime: n.mtime}
	fi.stat.Ino, fi.stat.Size, fi.stat.Nlink = n.ino, int64(len(n.data)), 1
	switch {
	case n.mode.IsDir():
		fi.stat.Size, fi.stat.Nlink = 4096, 2
		for _, child := range n.children {
			if child.mode.IsDir() {
				fi.stat.Nlink++
			}
		}
	case n.mode&fs.ModeSymlink != 0:
		fi.stat.Size = int64(len(n.target))
	}
	return fi
}

func (fi memInfo) Name() string       { return fi.name }
func (fi memInfo) Size() int64        { return fi.stat.Size }
func (fi memInfo) Mode() fs.FileMode  { return fi.mode }
func (fi memInfo) ModTime() time.Time { return fi.mtime }
func (fi memInfo) IsDir() bool        { return fi.mode.IsDir() }
func (fi memInfo) Sys() any           { st := fi.stat; return &st }

// holds reports whether other is n or somewhere below it.
func (n *memNode) holds(other *memNode) bool {
	if n == other {
		return true
	}
	for _, child := range n.children {
		if child.mode.IsDir() && child.holds(other) {
			return true
		}
	}
	return false
}

// place is where a name leads: a node, or the free name base in parent. The
// root has no parent.
type place struct {
	parent *memNode
	base   string
	node   *memNode // nil if there is none
}

// walker resolves a name.
type walker struct {
	stack []*memNode // the directories from the root to where it stands
	parts []string   // still to go
	at    place      // where it stands
	links int        // symbolic links followed
}

// walk resolves name, and with follow also a link at its end; m.mu is held.
// A link that is absolute or climbs above the root is refused with EACCES.
func (m *MemFS) walk(name string, follow bool) (place, error) {
	w := &walker{stack: []*memNode{m.root}, parts: strings.Split(name, "/"), at: place{node: m.root}}
	for len(w.parts) > 0 {
		part := w.parts[0]
		w.parts = w.parts[1:]
		var err error
		switch part {
		case "", ".":
		case "..":
			err = w.up()
		default:
			err = w.down(part, follow)
		}
		if err != nil {
			return place{}, err
		}
	}
	return w.at, nil
}

// up steps to the parent directory.
func (w *walker) up() error {
	last := len(w.stack) - 1
	if last == 0 {
		return syscall.EACCES
	}
	w.stack = w.stack[:last]
	w.at = place{node: w.stack[last-1]}
	return nil
}

// down steps to the child of that name, or to where it links.
func (w *walker) down(name string, follow bool) error {
	dir, more := w.stack[len(w.stack)-1], len(w.parts) > 0
	node, err := dir.lookup(name)
	if err != nil {
		return err
	}
	w.at = place{parent: dir, base: name, node: node}
	switch {
	case node == nil && more:
		return syscall.ENOENT
	case node == nil:
		return nil
	case node.mode&fs.ModeSymlink != 0 && (follow || more):
		return w.follow(dir, node.target)
	case more && !node.mode.IsDir():
		return syscall.ENOTDIR
	}
	w.stack = append(w.stack, node)
	return nil
}

// follow puts a link's target, which is relative to dir, before what is left.
func (w *walker) follow(dir *memNode, target string) error {
	if w.links++; w.links > maxLinks {
		return syscall.ELOOP
	}
	if path.IsAbs(target) {
		return syscall.EACCES
	}
	w.parts = slices.Concat(strings.Split(target, "/"), w.parts)
	w.at = place{node: dir}
	return nil
}

func orNotExist(err error) error {
	if err != nil {
		return err
	}
	return syscall.ENOENT
}

// lookup returns the child of that name, or nil.
func (n *memNode) lookup(name string) (*memNode, error) {
	switch {
	case !n.mode.IsDir():
		return nil, syscall.ENOTDIR
	case len(name) > maxNameLen:
		return nil, syscall.ENAMETOOLONG
	case n.mode&0o100 == 0:
		return nil, syscall.EACCES
	}
	return n.children[name], nil
}

// find resolves a name that must exist; m.mu is held.
func (m *MemFS) find(name string, follow bool) (*memNode, error) {
	at, err := m.walk(name, follow)
	if err != nil || at.node == nil {
		return nil, orNotExist(err)
	}
	return at.node, nil
}

// existing resolves a name that shall be taken out of its directory; m.mu is
// held.
func (m *MemFS) existing(name string) (place, error) {
	at, err := m.walk(name, false)
	switch {
	case err != nil || at.node == nil:
		return place{}, orNotExist(err)
	case at.parent == nil:
		return place{}, syscall.EPERM
	case at.parent.mode&0o300 != 0o300:
		return place{}, syscall.EACCES
	}
	return at, nil
}

// add puts n at a free place; m.mu is held.
func (m *MemFS) add(at place, n *memNode) (*memNode, error) {
	if at.parent.mode&0o300 != 0o300 {
		return nil, syscall.EACCES
	}
	at.parent.children[at.base] = n
	at.parent.mtime = time.Now()
	return n, nil
}

// drop takes a node out of its directory and gives back its space; m.mu is
// held. Who has it open keeps the data.
func (m *MemFS) drop(at place) {
	delete(at.parent.children, at.base)
	at.parent.mtime = time.Now()
	at.node.links = 0
	m.used -= int64(len(at.node.data))
}

// resize sets a file's size, within the capacity; m.mu is held.
func (m *MemFS) resize(n *memNode, size int64) error {
	if size < 0 {
		return syscall.EINVAL
	}
	grow := size - int64(len(n.data))
	if n.links > 0 {
		if grow > 0 && m.capacity > 0 && m.used+grow > m.capacity {
			return syscall.ENOSPC
		}
		m.used += grow
	}
	if grow > 0 {
		n.data = slices.Grow(n.data, int(grow))
		tail := n.data[len(n.data):size]
		clear(tail)
	}
	n.data = n.data[:size]
	n.mtime = time.Now()
	return nil
}
