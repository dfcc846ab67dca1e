package fusefs

import (
	"sync"

	"github.com/hanwen/go-fuse/v2/fs"
)

// knownMost is how many files the kernel may know. An inode costs about half a
// KiB here, and the kernel alone would keep them until memory is short.
const knownMost = 50_000

// known has the kernel forget the files that it has known longest when they
// become too many. What is open or a directory it may keep.
//
// Lock order: mu is taken alone.
type known struct {
	most int

	mu    sync.Mutex
	queue []*fs.Inode   // the oldest first, from head on
	head  int           // what is before was taken
	more  chan struct{} // holds a token when there are too many
}

func newKnown(most int) *known {
	if most <= 0 {
		most = knownMost
	}
	return &known{most: most, more: make(chan struct{}, 1)}
}

// add notes an inode that the kernel gets to know. It never waits.
func (k *known) add(n *node) {
	if n.IsDir() || !n.counted.CompareAndSwap(false, true) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queue = append(k.queue, n.EmbeddedInode())
	if len(k.queue)-k.head <= k.most {
		return
	}
	select {
	case k.more <- struct{}{}:
	default:
	}
}

// behind tells whether the kernel forgets more slowly than it gets to know: it can
// drop a name only between two requests for the directory, of which one READDIRPLUS
// brings hundreds of names.
func (k *known) behind() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.queue)-k.head > k.most+k.most/5
}

// take returns the oldest if there are too many.
func (k *known) take() *fs.Inode {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.queue)-k.head <= k.most {
		return nil
	}
	inode := k.queue[k.head]
	k.queue[k.head] = nil
	if k.head++; k.head > k.most {
		k.queue = append(make([]*fs.Inode, 0, 2*k.most), k.queue[k.head:]...)
		k.head = 0
	}
	return inode
}

// run works until done is closed. It is on its own goroutine, as the notifier,
// since the kernel answers a notification only when no operation holds the
// directory.
func (k *known) run(done <-chan struct{}) {
	for {
		select {
		case <-k.more:
		case <-done:
			return
		}
		for inode := k.take(); inode != nil; inode = k.take() {
			forget(inode)
		}
	}
}

// forget has the kernel drop the name of a file, and with it the inode if
// nothing else holds it. It does not matter if the kernel has done so already.
func forget(inode *fs.Inode) {
	n, ok := inode.Operations().(*node)
	if !ok {
		return
	}
	n.counted.Store(false)
	if n.anyHandle() != nil {
		return
	}
	if name, parent := inode.Parent(); parent != nil {
		parent.NotifyEntry(name)
	}
}
