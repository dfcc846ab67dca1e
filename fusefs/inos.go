package fusefs

import (
	"hash/fnv"
	"strconv"
	"sync"

	"github.com/hanwen/go-fuse/v2/fs"
)

// inos numbers inodes. The number of a path is a hash of it, and so the same
// in every mount of the tree: programs that remember st_ino, as git does in its
// index and tar in the state of its incremental archives, find what they knew.
// An inode keeps its number when it is renamed, as long as the kernel knows it;
// what comes under its old name meanwhile gets another.
//
// Lock order: mu is taken alone.
type inos struct {
	mu     sync.Mutex
	live   map[uint64]bool
	serial uint64
}

func newInos() *inos { return &inos{live: map[uint64]bool{}} }

// take returns the number for a new inode of path. The generation, which is
// another each time, keeps go-fuse from taking two inodes for one.
func (i *inos) take(path string, mode uint32) fs.StableAttr {
	i.mu.Lock()
	defer i.mu.Unlock()
	ino := inoOf(path)
	for n := 1; i.live[ino]; n++ {
		ino = inoOf(path + "\x00" + strconv.Itoa(n))
	}
	i.live[ino] = true
	i.serial++
	return fs.StableAttr{Mode: mode, Ino: ino, Gen: i.serial}
}

// free lets the number be given again.
func (i *inos) free(ino uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.live, ino)
}

// expected is the number that path will have when it is looked up, 0 if that
// cannot be told.
func (i *inos) expected(path string) uint64 {
	ino := inoOf(path)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.live[ino] {
		return 0
	}
	return ino
}

// inoOf hashes a path to what is not 0, 1 (the root) or what FUSE reserves.
func inoOf(path string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(path)) // never fails
	ino := h.Sum64()
	if ino < 2 || ino > 1<<64-2 {
		ino = 2
	}
	return ino
}

// OnForget is called when the kernel has forgotten the node.
func (n *node) OnForget() {
	if !n.IsRoot() {
		n.fsys.inos.free(n.StableAttr().Ino)
	}
}
