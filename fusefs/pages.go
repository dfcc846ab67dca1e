package fusefs

import (
	"sync"

	"ftpfs/cache"
)

// pages is what is known of the file content that the kernel keeps for a node: of
// which version all of it is. The zero value knows nothing.
//
// What the kernel has is dropped after an open is answered without
// FOPEN_KEEP_CACHE, before anything else is done with that handle. From then on
// it is of the version that was opened, until something else is read or written.
//
// Lock order: mu is taken alone.
type pages struct {
	mu      sync.Mutex
	version cache.Version // zero: not known
	opener  *handle       // whose open makes it so, as soon as the kernel has dropped what was before
}

// open is told of an open, and reports whether the kernel may keep what it has.
func (p *pages) open(h *handle, v cache.Version) (keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version == v && p.opener == nil {
		return v != cache.Version{}
	}
	p.version, p.opener = v, h
	return false
}

// used is told of whatever is done first with a handle.
func (p *pages) used(h *handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opener == h {
		p.opener = nil
	}
}

// got is told of which version it is what the kernel gets now; zero if that is not
// known.
func (p *pages) got(v cache.Version) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version != v {
		p.version, p.opener = cache.Version{}, nil
	}
}
