package cache

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// blockSize is what is kept as one piece, at most.
const blockSize = 128 << 10

// blockKey names a block of one version of a file.
type blockKey struct {
	path string
	version
	index int64 // offset / blockSize
}

// blocks keeps file content in memory under a budget of octets, the blocks
// longest unused leaving first. What was fetched ahead of its reader is kept until
// it is read, in half of the budget, unless nobody has come for it while twice as much
// as the whole budget was brought.
//
// Lock order: mu is taken last, but for that of the cache on the disk; it guards
// the blocks, too.
type blocks struct {
	budget int64
	kept   *kept // nil: nothing is kept on the disk
	tally  readTally

	mu         sync.Mutex
	read       *simplelru.LRU[blockKey, *block] // that somebody has asked for; guarded by mu, as all below
	ahead      *simplelru.LRU[blockKey, *block] // that nobody has asked for yet
	paths      map[string]map[blockKey]struct{} // what they hold of each path
	bytes      int64
	aheadBytes int64 // of them, those of ahead
	brought    int64 // octets, so far
	pieces     pieces
	closed     bool // nothing is kept any more
}

// blockBytes is what a block costs beside its octets and its path.
const blockBytes = 320

func newBlocks(budget int64) *blocks {
	b := &blocks{budget: budget, paths: map[string]map[blockKey]struct{}{}}
	b.pieces.huge = budget >= 8*pieceSize
	b.read, _ = simplelru.NewLRU[blockKey, *block](1<<31-1, b.evicted)
	b.ahead, _ = simplelru.NewLRU[blockKey, *block](1<<31-1, b.evicted)
	return b
}

// evicted is told of each block that leaves. The caller holds mu.
func (b *blocks) evicted(k blockKey, bl *block) {
	b.bytes -= bl.cost()
	if bl.ahead {
		b.aheadBytes -= bl.cost()
	}
	delete(b.paths[k.path], k)
	if len(b.paths[k.path]) == 0 {
		delete(b.paths, k.path)
	}
	b.free(bl)
}

// get returns a block, for who reads it or brings it. The caller holds mu.
func (b *blocks) get(k blockKey) (*block, bool) {
	if bl, ok := b.read.Get(k); ok {
		return bl, true
	}
	return b.ahead.Get(k)
}

// has tells whether bl is still the one that is kept. The caller holds mu.
func (b *blocks) has(bl *block) bool {
	kept, ok := b.read.Peek(bl.key)
	if !ok {
		kept, ok = b.ahead.Peek(bl.key)
	}
	return ok && kept == bl
}

// remove drops a block. The caller holds mu.
func (b *blocks) remove(k blockKey) { _ = b.read.Remove(k) || b.ahead.Remove(k) }

// trim drops blocks until the rest is within the budget, but not the newest. The
// caller holds mu.
func (b *blocks) trim(newest *block) {
	for b.bytes > b.budget && b.read.Len()+b.ahead.Len() > 1 {
		from := b.read
		_, oldest, _ := b.read.GetOldest()
		_, unread, ok := b.ahead.GetOldest()
		if ok && unread != newest && (oldest == nil || oldest == newest || b.waitedLong(unread)) {
			from = b.ahead
		}
		from.RemoveOldest()
	}
}

// waitedLong tells whether the block that was brought first of those that nobody
// has asked for is not kept any longer. The caller holds mu.
func (b *blocks) waitedLong(bl *block) bool {
	return b.aheadBytes > b.budget/2 || b.brought-bl.since > 2*b.budget
}

// buffer gives a block room for n octets. The caller holds mu.
func (b *blocks) buffer(bl *block, n int64) {
	if n <= blockSize/2 {
		bl.buf = make([]byte, n)
		return
	}
	bl.buf, bl.from = b.pieces.take()
	bl.buf = bl.buf[:n]
}

// free gives one hold of a block back; its octets must not be used by that
// holder any more. The caller holds mu.
func (b *blocks) free(bl *block) {
	if bl.holds--; bl.holds > 0 || bl.from == nil {
		return
	}
	b.pieces.give(bl.buf, bl.from)
	bl.buf, bl.from = nil, nil
}

// release is free for who does not hold mu.
func (b *blocks) release(bl *block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free(bl)
}

// hold returns a block that has the octet at off, or will have it. The caller
// must release it.
func (b *blocks) hold(k blockKey, off int64) (*block, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bl, ok := b.get(k)
	if !ok || off < bl.lo || off >= bl.end() && (!bl.coming || off >= bl.lo+int64(len(bl.buf))) {
		return nil, false
	}
	bl.holds++
	if bl.ahead {
		b.remove(k)
		bl.ahead = false
		b.insert(bl)
	}
	return bl, true
}

// nearBlock is how far behind the octets of a block something may be asked for
// that is best had by bringing what is in between: so much comes within one more
// round trip than the first octets of a download take.
const nearBlock = blockSize / 4

// begin returns the block that is to be filled for who wants the octets from lo
// to hi of it, and promises to bring them, from the block's end() on; there is
// room for more, up to most. It is nil if they are there or somebody else brings
// them. ahead tells that nobody has asked for them yet. The caller holds it until
// settle.
func (b *blocks) begin(k blockKey, lo, hi, most int64, ahead bool) *block {
	b.mu.Lock()
	defer b.mu.Unlock()
	bl, ok := b.get(k)
	switch {
	case ok && bl.covers(lo, hi):
		return nil
	case ok && !bl.coming && bl.lo <= lo && lo-bl.end() <= nearBlock && most <= bl.lo+int64(len(bl.buf)):
		// It is filled on from where it ends.
	default:
		b.remove(k)
		bl = &block{of: b, key: k, lo: lo, ahead: ahead}
		b.buffer(bl, most-lo)
		b.brought += bl.cost()
		b.insert(bl)
	}
	bl.coming, bl.err = true, nil
	bl.holds++
	return bl
}

// insert puts a block in the place of what is there. The caller holds mu.
func (b *blocks) insert(bl *block) {
	k := bl.key
	b.remove(k)
	bl.holds++
	bl.since = b.brought
	b.bytes += bl.cost()
	if bl.ahead {
		b.aheadBytes += bl.cost()
		b.ahead.Add(k, bl)
	} else {
		b.read.Add(k, bl)
	}
	if b.paths[k.path] == nil {
		b.paths[k.path] = map[blockKey]struct{}{}
	}
	b.paths[k.path][k] = struct{}{}
	if b.closed {
		b.remove(k)
	}
	b.trim(bl)
}

// put puts in a block that is whole. data is the cache's from now on.
func (b *blocks) put(k blockKey, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.insert(&block{of: b, key: k, lo: k.index * blockSize, buf: data, n: int64(len(data))})
}

// discard drops a block, unless it is coming.
func (b *blocks) discard(k blockKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bl, ok := b.get(k); ok && !bl.coming {
		b.remove(k)
	}
}

// close drops everything, now or when it is released.
func (b *blocks) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.read.Purge()
	b.ahead.Purge()
	b.pieces.close()
}

// move gives the blocks of a file another path, in the place of what is there.
// Those that somebody holds or fills are dropped; the others are kept on the disk
// under the new path.
func (b *blocks) move(from, to string) {
	for _, bl := range b.moved(from, to) {
		bl.fromDisk = false
		b.kept.put(bl)
		b.release(bl)
	}
}

// moved is move but for the disk. The caller releases what is returned.
func (b *blocks) moved(from, to string) (moved []*block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept.forget(from)
	b.kept.forget(to)
	b.forgetLocked(to)
	for k := range b.paths[from] {
		bl, _ := b.get(k)
		if bl.coming || bl.holds > 1 {
			continue
		}
		bl.holds++
		b.remove(k)
		bl.key.path = to
		b.insert(bl)
		moved = append(moved, bl)
	}
	b.forgetLocked(from)
	return moved
}

// forget drops the blocks of a file.
func (b *blocks) forget(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept.forget(path)
	b.forgetLocked(path)
}

func (b *blocks) forgetLocked(path string) {
	for k := range b.paths[path] {
		b.remove(k)
	}
}

// forgetTree drops the blocks of path and of everything below it.
func (b *blocks) forgetTree(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept.forgetTree(path)
	for p := range b.paths {
		if within(p, path) {
			b.forgetLocked(p)
		}
	}
}

// keep holds a block once more.
func (b *blocks) keep(bl *block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bl.holds++
}
