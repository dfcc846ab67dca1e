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

// walk resolves name, and with follow also a link at its end; m.mu is held.
// A link that is absolute or climbs above the root is refused with EACCES.
func (m *MemFS) walk(name string, follow bool) (place, error) {
	stack := []*memNode{m.root}
	parts := strings.Split(name, "/")
	at, links := place{node: m.root}, 0
	for len(parts) > 0 {
		part, dir := parts[0], stack[len(stack)-1]
		parts = parts[1:]
		if part == "." || part == "" {
			continue
		}
		if part == ".." {
			if len(stack) == 1 {
				return place{}, syscall.EACCES
			}
			stack = stack[:len(stack)-1]
			at = place{node: stack[len(stack)-1]}
			continue
		}
		node, err := dir.lookup(part)
		if err != nil || node == nil && len(parts) > 0 {
			return place{}, orNotExist(err)
		}
		at = place{parent: dir, base: part, node: node}
		switch {
		case node == nil:
		case node.mode&fs.ModeSymlink != 0 && (follow || len(parts) > 0):
			if links++; links > maxLinks {
				return place{}, syscall.ELOOP
			}
			if path.IsAbs(node.target) {
				return place{}, syscall.EACCES
			}
			parts = slices.Concat(strings.Split(node.target, "/"), parts)
			at = place{node: dir}
		default:
			if len(parts) > 0 && !node.mode.IsDir() {
				return place{}, syscall.ENOTDIR
			}
			stack = append(stack, node)
		}
	}
	return at, nil
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
		return place{}, syscall.EBUSY
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
