package fusefs

import (
	"strings"
	"sync"

	"github.com/hanwen/go-fuse/v2/fs"
)

// queueLength is how many notifications can wait.
const queueLength = 4096

// notice is one thing the kernel should forget.
type notice struct {
	path string
	name string // of an entry in path; empty if it is path itself that changed
}

// notifier tells the kernel what to forget, on its own goroutine: the kernel
// answers a notification only when no operation holds the directory or page,
// and the operation may be waiting for whoever notifies. When more notices
// come than the kernel takes, the oldest are dropped: what they were about is
// believed until its timeout, which is the volume's TTL (CACHE-1).
//
// Lock order: mu is taken alone.
type notifier struct {
	root *fs.Inode

	mu    sync.Mutex
	queue []notice
	known map[notice]bool // in queue
	more  chan struct{}   // holds a token while the queue is not empty
}

func newNotifier(root *fs.Inode) *notifier {
	return &notifier{root: root, known: map[notice]bool{}, more: make(chan struct{}, 1)}
}

// add never waits.
func (q *notifier) add(n notice) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known[n] {
		return
	}
	if len(q.queue) == queueLength {
		delete(q.known, q.queue[0])
		q.queue = q.queue[1:]
	}
	q.queue = append(q.queue, n)
	q.known[n] = true
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take returns the oldest notice, if there is one.
func (q *notifier) take() (n notice, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		return notice{}, false
	}
	n = q.queue[0]
	q.queue = q.queue[1:]
	delete(q.known, n)
	return n, true
}

// run delivers until done is closed.
func (q *notifier) run(done <-chan struct{}) {
	for {
		select {
		case <-q.more:
		case <-done:
			return
		}
		for n, ok := q.take(); ok; n, ok = q.take() {
			q.deliver(n)
		}
	}
}

// deliver tells the kernel. It does not matter if the kernel has forgotten
// already (ENOENT), which is the only way to fail while the mount lives.
func (q *notifier) deliver(n notice) {
	inode := find(q.root, n.path)
	switch {
	case inode == nil && n.name == "":
		q.forgetAbsent(n.path)
	case inode == nil:
	case n.name != "":
		inode.NotifyEntry(n.name)
	default:
		forgetTree(inode)
	}
}

// forgetAbsent has the kernel forget that a path does not exist.
func (q *notifier) forgetAbsent(path string) {
	dir, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i], path[i+1:]
	}
	if parent := find(q.root, dir); parent != nil {
		parent.NotifyEntry(name)
	}
}

// forgetTree has the kernel forget the attributes and bytes of an inode and,
// below a directory, everything.
func forgetTree(inode *fs.Inode) {
	inode.NotifyContent(0, 0) // from 0 to the end, and the attributes
	if n, ok := inode.Operations().(*node); ok {
		for _, name := range n.absent.take() {
			inode.NotifyEntry(name)
		}
	}
	for name, child := range inode.Children() {
		forgetTree(child)
		inode.NotifyEntry(name)
	}
}
