package cache

import (
	"slices"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// How far files are fetched ahead of who reads one after the other.
const (
	smallMost   = 2 * blockSize   // octets of a file that is fetched ahead
	aheadFirst  = 2               // files ahead of a reader that has just begun,
	aheadFiles  = 256             // and of one that has gone on,
	aheadBytes  = 16 << 20        // and their octets
	aheadLanes  = 8               // connections at most
	sequential  = 3 * time.Second // two reads that belong together are no farther apart
	recentReads = 8
	passedOver  = 8 // files that a reader may leave out (of another kind, empty)
	sequences   = 4
)

// prefetcher recognises programs that read the small files of a tree one after
// the other (cat *, grep -r, tar, make), and has the next ones fetched before they
// are opened, on connections that are to spare. Two files, one after the other in
// an order that is known, begin a sequence, if there is nothing between them of
// which no listing is at hand; so do three files of one directory in
// no order. It ends when the reader goes elsewhere, or not on.
//
// Lock order: mu, then those of meta and blocks.
type prefetcher struct {
	v *Volume

	mu      sync.Mutex
	orders  *orders // guarded by mu, as all below
	recent  []opening
	seqs    []*sequence // the one that moved last is the last
	flying  map[string]aheadFile
	running int
}

// sequence is a reader of one file after the other.
type sequence struct {
	by     order
	last   string           // that was read
	cursor string           // the last that was queued, or passed over
	ahead  map[string]int64 // octets of those that were queued and not read yet
	sum    int64            // of ahead
	window int              // files
	moved  time.Time
}

func newPrefetcher(v *Volume) *prefetcher {
	return &prefetcher{v: v, orders: newOrders(v.meta), flying: map[string]aheadFile{}}
}

// reads is told of each file that is read from its beginning.
func (k *prefetcher) reads(p string) {
	if k.v.opts.TTL <= 0 {
		return // nothing is believed of the next files
	}
	k.mu.Lock()
	now := time.Now()
	k.seqs = slices.DeleteFunc(k.seqs, func(s *sequence) bool { return now.Sub(s.moved) > sequential })
	if !k.goesOn(p, now) {
		k.begins(p, now)
	}
	k.recent = append(slices.DeleteFunc(k.recent, func(o opening) bool { return o.dir == p || now.Sub(o.at) > sequential }), opening{p, now})
	if len(k.recent) > recentReads {
		k.recent = k.recent[1:]
	}
	k.mu.Unlock()
	k.kick()
}

// goesOn tells the sequence that p is of that it was read. mu is held.
func (k *prefetcher) goesOn(p string, now time.Time) bool {
	for i, s := range slices.Backward(k.seqs) {
		size, expected := s.ahead[p]
		if !expected && !k.orders.comesAfter(s.last, p, s.by, passedOver, false) {
			continue
		}
		if expected {
			delete(s.ahead, p)
			s.sum -= size
		}
		if s.last, s.moved = p, now; !expected {
			s.cursor = p // it is ahead of what was queued
		}
		s.window = min(2*s.window, aheadFiles)
		k.seqs = append(slices.Delete(k.seqs, i, i+1), s)
		return true
	}
	return false
}

// begins begins a sequence if p and what was read before it are one. mu is held.
func (k *prefetcher) begins(p string, now time.Time) {
	by, ok := k.orderTo(p)
	if !ok {
		return
	}
	s := &sequence{by: by, last: p, cursor: p, ahead: map[string]int64{}, window: aheadFirst, moved: now}
	if by == anyInside {
		dir, _ := split(p)
		s.cursor = dir + "/"
	}
	if k.seqs = append(k.seqs, s); len(k.seqs) > sequences {
		k.seqs = k.seqs[1:]
	}
}

// orderTo finds the order in which p comes after one that was read before it. mu
// is held.
func (k *prefetcher) orderTo(p string) (order, bool) {
	dir, _ := split(p)
	siblings := 0
	for _, o := range slices.Backward(k.recent) {
		for _, by := range []order{byName, asListed} {
			if k.orders.comesAfter(o.dir, p, by, 2, true) {
				return by, true
			}
		}
		if d, _ := split(o.dir); d == dir && o.dir != p {
			siblings++
		}
	}
	return anyInside, siblings >= 2 && k.orders.of(dir) != nil
}

// most is how many octets one sequence has fetched ahead.
func (k *prefetcher) most() int64 { return min(aheadBytes, k.v.blocks.budget/4) }

// next returns the next file to be fetched, with the blocks that it is to fill.
// mu is held.
func (k *prefetcher) next() (p string, blocks []*block) {
	for _, s := range slices.Backward(k.seqs) {
		for s.cursor != "" && len(s.ahead) < s.window && s.sum < k.most() {
			if s.cursor = k.orders.after(s.cursor, s.by, false); s.cursor == "" {
				break
			}
			size, blocks, kept := k.missing(s.cursor)
			if kept {
				s.ahead[s.cursor] = 0 // looking farther has time until this one is read
			}
			if blocks != nil {
				s.ahead[s.cursor] = size
				s.sum += size
				return s.cursor, blocks
			}
		}
	}
	return "", nil
}

// missing promises the blocks of a small file that is not in the cache, if it is
// known what the file is. What is on the disk is not missing.
func (k *prefetcher) missing(p string) (size int64, missing []*block, kept bool) {
	if _, flies := k.flying[k.v.abs(p)]; flies {
		return 0, nil, false // in another version, perhaps: the answers could not be told apart
	}
	dir, name := split(p)
	r, ok := k.v.meta.known(dir, name)
	if !ok || r.Type != ftpclient.TypeFile || r.Size <= 0 || r.Size > smallMost || isTemp(name) || k.v.isOpen(p) {
		return 0, nil, false
	}
	base := versionOf(&r)
	if k.v.blocks.kept.has(p, base) {
		return 0, nil, true
	}
	for lo := int64(0); lo < r.Size; lo += blockSize {
		hi := min(lo+blockSize, r.Size)
		if bl := k.v.blocks.begin(blockKey{p, base, lo / blockSize}, lo, hi, hi, true); bl != nil {
			missing = append(missing, bl)
		}
	}
	return r.Size, missing, false
}

// isOpen tells whether somebody has a file open.
func (v *Volume) isOpen(p string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.files[p] != nil
}
