package cache

import (
	"ftpfs/ftpclient"
)

// aheadFile is a file on its way, of which nobody has asked for anything yet.
type aheadFile struct {
	path    string
	blocks  []*block
	base    version
	changes uint64 // of its content, when it was asked for
}

// kick has the sequences fetched ahead, if there is anything to fetch.
func (k *prefetcher) kick() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for wanted := k.wanted(); k.running < min(wanted, aheadLanes) && k.v.ctx.Err() == nil; {
		k.running++
		k.v.work.Go(k.work)
	}
}

// work fetches ahead on one connection. Whoever reads the next file tries again,
// if there is none to spare, or if it fails.
func (k *prefetcher) work() {
	for again := true; again; {
		dry := false
		_ = k.v.remote.RetrieveAhead(k.v.ctx, smallMost, func() (string, bool) {
			p, ok := k.take()
			dry = !ok && !k.v.moving()
			return p, ok
		}, k.got)
		k.mu.Lock()
		if again = dry && k.wanted() > 0; !again { // else it was wanted since
			k.running--
		}
		k.mu.Unlock()
	}
}

// wanted is how many files may be fetched now. mu is held.
func (k *prefetcher) wanted() (n int) {
	for _, s := range k.seqs {
		if s.cursor != "" && s.sum < k.most() {
			n += max(0, s.window-len(s.ahead))
		}
	}
	return n
}

// take implements what RetrieveAhead asks.
func (k *prefetcher) take() (string, bool) {
	if k.v.moving() {
		return "", false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	p, blocks := k.next()
	if blocks == nil {
		return "", false
	}
	abs := k.v.abs(p)
	k.flying[abs] = aheadFile{p, blocks, blocks[0].key.version, k.v.changesOf(p).Load()}
	return abs, true
}

// got takes what RetrieveAhead tells. What is not the file that was expected is
// left to who reads it.
func (k *prefetcher) got(abs string, d ftpclient.Ahead) {
	k.mu.Lock()
	a := k.flying[abs]
	delete(k.flying, abs)
	k.mu.Unlock()
	good := d.Err == nil && int64(len(d.Data)) == a.base.size && k.v.changesOf(a.path).Load() == a.changes &&
		(!d.Verified || a.base.contradicted(&d.Entry) == nil)
	for _, bl := range a.blocks {
		if good {
			bl.grow(copy(bl.room(), d.Data[bl.end():]))
		}
		bl.settle(nil)
	}
}
