package fusefs

import (
	"context"
	"math"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// bridge is go-fuse's tree of nodes, and what the kernel says or takes that does
// not get through to nodes: see its methods.
type bridge struct{ fuse.RawFileSystem }

// thePageCache is the caller of a write that no program made: the kernel sends
// what was written through a mapping. It is no process's number (proc(5),
// pid_max).
const thePageCache = math.MaxUint32

// Writev, by which every write comes, tells the handle which writes are the page cache's, by their caller. The
// kernel guesses a handle for them (FUSE_WRITE_CACHE), and it may be one that
// appends.
func (b bridge) Writev(cancel <-chan struct{}, in *fuse.WriteIn, data [][]byte) (uint32, fuse.Status) {
	if in.WriteFlags&fuse.WRITE_CACHE != 0 {
		in.Pid = thePageCache
	}
	if in.WriteFlags&fuse.WRITE_KILL_SUIDGID != 0 {
		if st := b.dropPrivileges(cancel, &in.InHeader); st != fuse.OK {
			return 0, st
		}
	}
	return b.RawFileSystem.Writev(cancel, in, data)
}

// byPageCache reports whether a write is the page cache's.
func byPageCache(ctx context.Context) bool {
	caller, ok := fuse.FromContext(ctx)
	return ok && caller.Pid == thePageCache
}
