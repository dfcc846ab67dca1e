package ftpserver

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
)

// Quota bounds the bytes of the regular files of one or several trees, to the
// byte: a write that would exceed it writes what still fits and fails with
// EDQUOT (552). What is taken away gives room at once, a file that is removed
// while it is written when it is closed. A file with several names counts once.
//
// It counts what goes through the trees of [Quota.Apply]. What others change
// on the disk is not seen until everything is counted anew, which happens when
// a file is opened for writing after something was refused, and no other is.
//
// Sizes count, not blocks of the disk. It is safe for concurrent use.
type Quota struct {
	limit int64

	// Lock order: tree, quotaNode.mu, mu. The first two are held while the
	// storage works, mu is not.
	tree    sync.Mutex // for one change of names at a time
	mu      sync.Mutex // guards what follows
	trees   []*quotaFS
	used    int64
	open    map[quotaKey]*quotaNode // files that are open for writing
	refused bool                    // something, since the last count
}

// quotaKey is a file of the host; a file that tells no number has one of its
// own.
type quotaKey struct {
	dev, ino uint64
	own      *quotaNode
}

// quotaNode is a file that is open for writing, by whomever.
type quotaNode struct {
	mu      sync.Mutex // for one write at a time
	size    int64      // guarded by mu
	refs    int        // guarded by Quota.mu
	removed bool       // guarded by Quota.mu
}

// NewQuota returns a quota of limit bytes that nothing counts for yet.
func NewQuota(limit int64) *Quota {
	return &Quota{limit: limit, open: make(map[quotaKey]*quotaNode)}
}

// Apply counts what tree holds and returns the tree whose changes count from
// now on; [Restrict] goes around it. It reads all directories of the tree. What is there already may
// exceed the limit; then nothing can be added.
func (q *Quota) Apply(tree FS) (FS, error) {
	q.tree.Lock()
	defer q.tree.Unlock()
	n, err := countBytes(tree)
	if err != nil {
		return nil, err
	}
	limited := &quotaFS{FS: tree, q: q}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.trees = append(q.trees, limited)
	q.used += n
	return limited, nil
}

// Used returns the bytes that count now.
func (q *Quota) Used() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.used
}

// take counts up to n bytes more and returns how many there was room for.
func (q *Quota) take(n int64) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	if room := max(0, q.limit-q.used); n > room {
		n, q.refused = room, true
	}
	q.used += n
	return n
}

// give takes back n bytes.
func (q *Quota) give(n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= n
}

// recount counts anew if something was refused and nothing is written; q.tree
// is held, so nothing begins to be.
func (q *Quota) recount() error {
	q.mu.Lock()
	due := q.refused && len(q.open) == 0
	q.mu.Unlock()
	if !due {
		return nil
	}
	var total int64
	for _, t := range q.trees {
		n, err := countBytes(t.FS)
		if err != nil {
			return err
		}
		total += n
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used, q.refused = total, false
	return nil
}

// countBytes adds up the regular files of a tree. What vanishes meanwhile does
// not count.
func countBytes(tree FS) (total int64, err error) {
	seen := make(map[quotaKey]bool) // files with several names
	for dirs := []string{"."}; len(dirs) > 0; {
		dir := dirs[0]
		dirs = dirs[1:]
		infos, err := tree.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		for _, fi := range infos {
			key, names := keyOf(fi)
			switch {
			case fi.IsDir():
				dirs = append(dirs, path.Join(dir, fi.Name()))
			case !fi.Mode().IsRegular() || seen[key]:
			default:
				total += fi.Size()
				if names > 1 {
					seen[key] = true
				}
			}
		}
	}
	return total, nil
}

// keyOf returns which file it is, and how many names it has.
func keyOf(fi fs.FileInfo) (quotaKey, uint64) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return quotaKey{dev: uint64(st.Dev), ino: st.Ino}, uint64(st.Nlink)
	}
	return quotaKey{}, 1
}

// opened finds or makes the node of a file that is opened for writing; q.tree
// is held.
func (q *Quota) opened(f File) (quotaKey, *quotaNode, error) {
	fi, err := f.Stat()
	if err != nil {
		return quotaKey{}, nil, err
	}
	key, _ := keyOf(fi)
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.open[key]
	if n == nil {
		n = &quotaNode{size: fi.Size()}
		if key == (quotaKey{}) {
			key.own = n
		}
		q.open[key] = n
	}
	n.refs++
	return key, n, nil
}

// closed forgets one opening, and the file's bytes if it was removed. The
// number of the file must not be another's yet.
func (q *Quota) closed(key quotaKey, n *quotaNode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if n.refs--; n.refs > 0 {
		return
	}
	delete(q.open, key)
	if n.removed {
		q.used -= n.size
	}
}

// gone takes back the bytes of a file that lost its last name, once it is
// closed.
func (q *Quota) gone(fi fs.FileInfo) {
	key, names := keyOf(fi)
	if !fi.Mode().IsRegular() || names > 1 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := q.open[key]; n != nil {
		n.removed = true
		return
	}
	q.used -= fi.Size()
}

// quotaFS is a tree that counts.
type quotaFS struct {
	FS
	q *Quota
}

func (t *quotaFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		return t.FS.OpenFile(name, flag, perm)
	}
	t.q.tree.Lock()
	defer t.q.tree.Unlock()
	if err := t.q.recount(); err != nil {
		return nil, err
	}
	f, err := t.FS.OpenFile(name, flag&^os.O_TRUNC, perm)
	if err != nil {
		return nil, err
	}
	key, node, err := t.q.opened(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	limited := &quotaFile{File: f, q: t.q, key: key, node: node, appends: flag&os.O_APPEND != 0}
	if flag&os.O_TRUNC != 0 {
		if err := limited.Truncate(0); err != nil {
			return nil, errors.Join(err, limited.Close())
		}
	}
	return limited, nil
}

func (t *quotaFS) Remove(name string) error {
	t.q.tree.Lock()
	defer t.q.tree.Unlock()
	fi, err := t.FS.Lstat(name)
	if err != nil {
		return err
	}
	if err := t.FS.Remove(name); err != nil {
		return err
	}
	t.q.gone(fi)
	return nil
}

// Rename takes back what it replaces.
func (t *quotaFS) Rename(from, to string) error {
	t.q.tree.Lock()
	defer t.q.tree.Unlock()
	moved, err := t.FS.Lstat(from)
	if err != nil {
		return err
	}
	replaced, missing := t.FS.Lstat(to)
	if err := t.FS.Rename(from, to); err != nil {
		return err
	}
	if missing == nil && !sameFile(moved, replaced) {
		t.q.gone(replaced)
	}
	return nil
}

// Available returns what is left, of the quota or of the disk.
func (t *quotaFS) Available(dir string) (int64, error) {
	left := max(0, t.q.limit-t.q.Used())
	if _, err := t.FS.Stat(dir); err != nil {
		return 0, err
	}
	n, err := availableIn(t.FS, dir)
	if err != nil {
		return left, nil
	}
	return min(n, left), nil
}
