package fusefs

import (
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// dirPages is what is known of the entries that the kernel keeps for a directory
// (FOPEN_CACHE_DIR), so that who reads it once more costs no request but for the
// open. The kernel may use them as long as the volume would answer the same
// (cache.DirVersion), and drops them by itself where a change comes through the
// mount. The zero value knows nothing.
//
// The kernel puts together what all handles read that it was told to keep. So at a
// time they are of one version: others read past what is kept. What it has of another
// version is dropped after an open is answered, before anything else is done with that
// handle.
//
// Lock order: mu is taken alone.
type dirPages struct {
	mu      sync.Mutex
	version cache.DirVersion // of what the kernel has; zero: not known
	filling cache.DirVersion // of what the handles read that fill it
	handles int              // that do
	settled bool             // the kernel has dropped what was of another version
}

// keepDirMost bounds the entries of a directory that the kernel keeps.
const keepDirMost = 20_000

// anew, beside FOPEN_CACHE_DIR, has the kernel drop what it has: go-fuse's nodes
// cannot say that, for them the one flag implies FOPEN_KEEP_CACHE. The kernel does not
// get to see it.
const anew = 1 << 31

// open is told of a handle that reads v, and returns the flags for the kernel and
// whether release is to be told of its end.
func (p *dirPages) open(v cache.DirVersion) (flags uint32, fills bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v == (cache.DirVersion{}) || p.handles > 0 && p.filling != v {
		p.version = cache.DirVersion{}
		return 0, false
	}
	flags = fuse.FOPEN_CACHE_DIR
	if p.version != v || !p.settled {
		flags |= anew
		p.settled = false
	}
	p.version, p.filling = v, v
	p.handles++
	return flags, true
}

// used is told of whatever is done first with a handle that fills.
func (p *dirPages) used() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled = true
}

// release is told of the end of a handle that fills.
func (p *dirPages) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handles--
}

// forget has the kernel drop what it keeps when that is not believed any more,
// unless stopped: who has a directory open, and rewinds, does not ask here as long
// as the kernel has its entries.
func (p *dirPages) forget(inode *fs.Inode, after time.Duration) (stop func() bool) {
	return time.AfterFunc(after, func() {
		p.mu.Lock()
		p.version = cache.DirVersion{}
		p.mu.Unlock()
		inode.NotifyContent(0, 0) // fails only where there is nothing to drop
	}).Stop
}

// OpenDir takes FOPEN_KEEP_CACHE out of an answer with anew.
func (n bridge) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	status := n.RawFileSystem.OpenDir(cancel, in, out)
	if out.OpenFlags&anew != 0 {
		out.OpenFlags &^= anew | fuse.FOPEN_KEEP_CACHE
	}
	return status
}
