package fusefs

import (
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// absentMost is how many names of one directory the kernel may believe not to
// exist. It must be told each to forget it.
const absentMost = 256

// absent are the names of a directory that the kernel was told not to exist, and
// until when it believes that.
//
// Lock order: mu is taken alone.
type absent struct {
	mu    sync.Mutex
	until map[string]time.Time // guarded by mu
	taken int                  // how often all were taken; guarded by mu
}

// begin is called before the volume is asked for a name; what it returns is for
// add.
func (a *absent) begin() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken
}

// add notes that the kernel is told that name does not exist, and returns for
// how long: not at all if there are too many, or if what is answered may be older
// than the last taking.
func (a *absent) add(begun int, name string, fresh time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if len(a.until) >= absentMost {
		maps.DeleteFunc(a.until, func(_ string, until time.Time) bool { return now.After(until) })
	}
	if begun != a.taken || fresh <= 0 || len(a.until) >= absentMost {
		return 0
	}
	if a.until == nil {
		a.until = map[string]time.Time{}
	}
	a.until[name] = now.Add(fresh)
	return fresh
}

// take returns the names, which the kernel is to forget.
func (a *absent) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	names := slices.Collect(maps.Keys(a.until))
	a.until = nil
	a.taken++
	return names
}

// Lookup makes of the answer that a name does not exist and is believed for some
// time what the kernel takes for that: an entry without an inode, which go-fuse's
// nodes cannot answer.
func (n bridge) Lookup(cancel <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	status := n.RawFileSystem.Lookup(cancel, header, name, out)
	if status != fuse.Status(syscall.ENOENT) || out.EntryTimeout() <= 0 {
		return status
	}
	*out = fuse.EntryOut{EntryValid: out.EntryValid, EntryValidNsec: out.EntryValidNsec}
	return fuse.OK
}
