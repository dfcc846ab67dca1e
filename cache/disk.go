package cache

import (
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// diskCache keeps blocks of files on the local disk, so that the next mount has
// them, too. It is a help and never a hindrance: what it does not have, or cannot
// read, is fetched; its errors go to the log. Several processes may use one
// directory.
//
// A path has one entry, of one version: the data, in a sparse file that has each
// octet where the remote file has it, and beside it a file with the name, the
// version and a sum for each block. A block is there if its sum is; it is believed
// if the sum is right, each time it is read. So there is no index that could be
// wrong, nothing has to be synced, and what a crash has left half done is found
// out. How long ago an entry was used, its file's time tells.
//
//	DIR/CACHEDIR.TAG         for backup programs
//	DIR/usage                octets that are in use or reserved, of all servers
//	DIR/sweep                locked by who makes room
//	DIR/servers/HASH/header  which server it is
//	DIR/servers/HASH/tree    entries, by hashes of the names that make up their paths
//	DIR/servers/HASH/trash   what is being deleted
//
// Lock order: mu is taken last and not held while the disk works.
type diskCache struct {
	dir    string
	budget int64 // octets that all servers' entries may occupy
	log    *slog.Logger
	base   *os.Root // dir
	home   *os.Root // of this server
	tally  diskTally

	mu        sync.Mutex
	entries   *simplelru.LRU[string, *diskEntry] // that are open, by path; guarded by mu, as all below
	queue     []diskTask
	queued    int64      // octets in queue
	forgotten []diskTask // of queue, and of the one at work, those that forget
	drops     uint64     // how often something was forgotten
	closed    bool       // nothing more is taken
	over      bool       // nothing is opened any more
	distrust  bool       // something could not be forgotten
	said      bool       // that a block was damaged
	sick      bool       // writing has failed, and has not worked since
	pause     time.Time  // until then nothing is written
	wake      chan struct{}
	idle      sync.Cond // nothing is queued or at work; on mu
	working   bool
	trash     bool // there may be some

	allowance int64 // octets that are reserved and not used; the worker's own
	ended     chan struct{}
}

const (
	diskOpen    = 64               // entries that are kept open
	diskQueue   = 16 << 20         // octets that wait to be written
	diskPause   = time.Minute      // after a failed write
	diskTouch   = time.Minute      // how exactly the time of the last use is kept
	diskFarwell = 10 * time.Second // for what is queued when the cache is closed
)

// newDiskCache opens the cache for a server in dir, and makes it if it is not
// there. server says which one it is; what is kept under another is not seen. A
// dir that others could write to is refused. budget is in octets, for the whole of
// dir. The error is for the person who chose dir.
func newDiskCache(dir, server string, budget int64, log *slog.Logger) (*diskCache, error) {
	d := &diskCache{dir: dir, budget: budget, log: log, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	d.idle.L = &d.mu
	d.entries, _ = simplelru.NewLRU(diskOpen, func(_ string, e *diskEntry) { e.close() })
	if err := d.open(server); err != nil {
		d.closeRoots()
		return nil, err
	}
	go d.work()
	return d, nil
}

// get reads a block into buf, which has room for it, and returns its length. It is
// false if the block is not there or not as it was written.
func (d *diskCache) get(k blockKey, buf []byte) (n int, ok bool) {
	e := d.find(k)
	if e == nil {
		return 0, false
	}
	buf = buf[:blockLen(k)]
	switch e.read(k.index, buf) {
	case blockGood:
		d.touch(e)
		d.tally.hits.Add(int64(len(buf)))
		return len(buf), true
	case blockDamaged:
		d.damaged(k)
	}
	return 0, false
}

// has tells whether a block seems to be there; get may find otherwise.
func (d *diskCache) has(k blockKey) bool {
	e := d.find(k)
	return e != nil && e.sum(k.index) != 0
}

// blockLen is how many octets of a file are in a block.
func blockLen(k blockKey) int64 {
	return max(0, min(blockSize, k.size-k.index*blockSize))
}

// find returns the entry of the block's file, if there is one of its version.
func (d *diskCache) find(k blockKey) *diskEntry {
	d.mu.Lock()
	gone := d.closed || d.distrust || d.isForgotten(k.path)
	drops := d.drops
	d.mu.Unlock()
	if gone || !keepable(k) {
		return nil
	}
	return d.lookup(k, drops)
}

// lookup is find for the worker, too, which does to the end what is queued. drops is
// as it was when the path was not to be forgotten.
func (d *diskCache) lookup(k blockKey, drops uint64) *diskEntry {
	d.mu.Lock()
	e, ok := d.entries.Get(k.path)
	d.mu.Unlock()
	if !ok || e.unlinked() {
		var err error
		if e, err = openDiskEntry(d.home, k.path); err != nil {
			return nil // most often there is none
		}
		if e = d.enter(e, drops); e == nil {
			return nil
		}
	}
	if e.version != k.version {
		return nil
	}
	return e
}

// keepable tells whether a block may be kept: only where the server has told the
// version so that another one would be told apart.
func keepable(k blockKey) bool {
	return k.exact && !k.grows && k.index >= 0 && blockLen(k) > 0 && fits(k.path)
}

// fits tells whether something of a path can be there.
func fits(path string) bool {
	return len(path) <= diskPathMost && strings.Count(path, "/") <= treeMost
}

// enter puts an entry among those that are open, and closes what was there before.
// It is nil if something was forgotten since drops was read: this one, perhaps.
func (d *diskCache) enter(e *diskEntry, drops uint64) *diskEntry {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || d.drops != drops {
		e.close()
		return nil
	}
	d.entries.Remove(e.path)
	d.entries.Add(e.path, e)
	return e
}

// isForgotten tells whether a path is still to be forgotten. The caller holds mu.
func (d *diskCache) isForgotten(path string) bool {
	for _, t := range d.forgotten {
		if t.forgets(path) {
			return true
		}
	}
	return false
}

// touch notes that an entry was used.
func (d *diskCache) touch(e *diskEntry) {
	now := time.Now()
	d.mu.Lock()
	due := now.Sub(e.touched) >= diskTouch
	if due {
		e.touched = now
	}
	d.mu.Unlock()
	if due {
		e.touch(now)
	}
}

// damaged logs, once, that a block was not as it was written.
func (d *diskCache) damaged(k blockKey) {
	d.mu.Lock()
	first := !d.said
	d.said = true
	d.mu.Unlock()
	if first {
		d.log.Warn("what the cache directory has of a file is damaged; it is fetched again", "dir", d.dir, "file", k.path)
	}
}
