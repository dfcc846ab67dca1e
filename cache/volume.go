package cache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ftpfs/ftpclient"
)

// Options configure a Volume.
type Options struct {
	Root       string        // absolute server path that is the volume's root
	TTL        time.Duration // how long what the server said is believed; 0: ask each time
	CacheBytes int64         // budget for file blocks in memory; default 256 MiB
	Disk       DiskOptions   // where they are kept, too
	SpoolDir   string        // where written data waits for its upload; it must exist
	SpoolBytes int64         // what may wait there, in octets; 0: no limit
	// WriteBack has a Flush return when what was written is durable in SpoolDir; it
	// is uploaded in the background, by this volume or one that Recovers it.
	WriteBack   bool
	ReadOnly    bool
	Atomic      Atomic // how an existing file gets new content
	Connections int    // that the remote has; half of them may be held by who writes. 0: 8
	Overwrite   bool   // also what has changed on the server since it was opened
	// ReportAttrs has a SetAttr fail where the server has no means to set the mode or
	// the time, in place of a line in the log. What is set while the content is
	// unsent is set with it, and only the log tells if that cannot be done.
	ReportAttrs bool
	Log         *slog.Logger // nil: none
}

// DiskOptions say where content is kept beyond the volume's life. What is kept is
// known by server, path, size and time, if that is exact; it is checked when it is
// used. A directory may be shared by several volumes and processes.
type DiskOptions struct {
	Dir    string // empty: nowhere. Only this user may be able to write to it
	Bytes  int64  // that all servers' content may occupy; default 4 GiB
	Server string // tells servers and their users apart, of which paths mean different files
}

// metaBytes is the budget for listings.
const metaBytes = 64 << 20

// Attr is what a volume says about a path.
type Attr struct {
	Type    ftpclient.Type
	Size    int64 // octets
	ModTime time.Time
	Mode    uint32 // permission bits, 07777
	// Fresh is for how long from now the answer will be believed; 0 for a
	// file with unsent changes, whose attributes change without notice.
	Fresh time.Duration
	// Approximate tells that Fresh is only for the name and the type: the
	// server has not told the time yet.
	Approximate bool
	// Blank tells of a file that is about to be written: it has no content, here.
	Blank bool
}

// Dirent is one entry of a directory.
type Dirent struct {
	Name string
	Type ftpclient.Type
}

// Change is a set of attributes to set; nil fields stay as they are.
type Change struct {
	Size    *int64
	Mode    *uint32
	ModTime *time.Time
}

// Volume is a remote tree. Its methods may be called from several goroutines.
// A context bounds the waiting of the caller, not the work that others share.
//
// Lock order: a file's turn, Volume.mu, File.mu, then those of meta, blocks and
// fetcher, which call nobody. Only a turn is held across the network.
type Volume struct {
	remote Remote
	opts   Options
	log    *slog.Logger
	meta   *meta
	walker *walker
	ahead  *prefetcher
	blocks *blocks
	born   time.Time

	ctx    context.Context // ends with Close; shared work runs on it
	cancel context.CancelFunc
	work   sync.WaitGroup // what runs on ctx
	after  sync.WaitGroup // of it, what Close lets come to its end

	mu        sync.Mutex
	files     map[string]*File // the open files by path; guarded by mu
	lastID    uint64           // of a file
	moves     []*move          // on their way
	followers map[*follower]struct{}
	notifier  Notifier
	collected map[string]bool // orphans that were deleted, or could not be
	closed    bool

	hiding sync.Mutex       // a leaf
	hidden map[*File]string // by what names; guarded by hiding
	tails  map[*tail]string // uploads that follow, by their temporary names; guarded by hiding

	saying sync.Mutex      // a leaf
	said   map[string]bool // what the log said once already; guarded by saying

	setsModes, setsTimes atomic.Bool // the server has done so once

	appends, restarts ability  // APPE adds to a file, STOR goes on after REST
	given             newModes // the modes of new files
	made              madeDirs
	space             space

	downloads atomic.Int64 // runs at work
	follows   atomic.Int64 // uploads of what is being written

	tally    uploadTally
	later    *pending
	remnants remnants
	spools   *room
	commits  atomic.Int64 // on their way

	followFrom int64 // octets of a file before its upload begins

	changes [256]atomic.Uint64 // of the content of paths, by their hash
	hash    maphash.Seed
}

// changesOf counts how often the content of path changed through here. Paths
// share counters, so it may have counted others, too.
func (v *Volume) changesOf(p string) *atomic.Uint64 {
	return &v.changes[maphash.String(v.hash, p)%uint64(len(v.changes))]
}

// NewVolume returns a volume on r. It does not touch the network.
func NewVolume(r Remote, o Options) (*Volume, error) {
	if !strings.HasPrefix(o.Root, "/") {
		return nil, fmt.Errorf("volume root %q is not an absolute path", o.Root)
	}
	if o.SpoolDir == "" && !o.ReadOnly {
		return nil, errors.New("no spool directory")
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 256 << 20
	}
	if o.Disk.Bytes <= 0 {
		o.Disk.Bytes = 4 << 30
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &Volume{remote: r, opts: o, log: o.Log, born: time.Now(),
		blocks: newBlocks(o.CacheBytes), hash: maphash.MakeSeed(), files: map[string]*File{}, followers: map[*follower]struct{}{}, said: map[string]bool{}, hidden: map[*File]string{}, tails: map[*tail]string{}, collected: map[string]bool{}}
	if o.Disk.Dir != "" {
		d, err := newDiskCache(o.Disk.Dir, o.Disk.Server, o.Disk.Bytes, o.Log)
		if err != nil {
			return nil, fmt.Errorf("cache directory %s: %w", o.Disk.Dir, err)
		}
		v.blocks.kept = &kept{d, v.abs}
	}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	v.meta = newMeta(o.TTL, metaBytes, v.list)
	v.walker = newWalker(v)
	v.ahead = newPrefetcher(v)
	v.followFrom = followFrom
	v.spools = newRoom(o.SpoolBytes)
	v.later = newPending(v)
	v.remnants.v = v
	return v, nil
}

// SetNotifier sets who is told of changes; before it is called nobody is.
func (v *Volume) SetNotifier(n Notifier) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.notifier = n
}

// abs is the server's path of a volume's path.
func (v *Volume) abs(p string) string {
	switch {
	case p == "":
		return v.opts.Root
	case v.opts.Root == "/":
		return "/" + p
	}
	return v.opts.Root + "/" + p
}

// list fetches the listing of dir for meta, on the volume's own context.
func (v *Volume) list(dir string, a ftpclient.Arriving) (*ftpclient.Listing, error) {
	l, err := v.remote.ListFunc(v.ctx, v.abs(dir), ftpclient.Arriving{
		Name: a.Name,
		Take: func(entries []ftpclient.Entry) { a.Take(v.takeOut(dir, entries)) },
		Sketch: func(l *ftpclient.Listing) {
			own := *l
			own.Entries = v.takeOut(dir, slices.Clone(l.Entries))
			a.Sketch(&own)
		},
		First: func(e ftpclient.Entry) {
			for _, e := range v.takeOut(dir, []ftpclient.Entry{e}) {
				a.First(e)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	return v.received(dir, l), nil
}

// received takes from a listing what is not to be seen, and logs what is wrong
// with it.
func (v *Volume) received(dir string, l *ftpclient.Listing) *ftpclient.Listing {
	if l.Truncated {
		v.onceFor(dir, "the server cut the listing short; names that it left out can be used but are not shown", "dir", v.abs(dir))
	}
	l.Entries = v.takeOut(dir, l.Entries)
	if f := v.remote.Features(); !f.MLST && f.MDTM == ftpclient.No {
		v.once("the server tells the times of files to the minute only, or the day where they are old: what compares times must allow for that, as rsync does with --modify-window")
	}
	return l
}

// split returns the directory and the last name of p.
func split(p string) (dir, name string) {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i], p[i+1:]
	}
	return "", p
}

// detached runs work on the volume's context and waits for it as long as ctx
// lasts; work goes on to its end when ctx is done.
func detached[T any](v *Volume, ctx context.Context, op, p string, work func(context.Context) (T, error)) (T, error) {
	type result struct {
		val T
		err error
	}
	done := make(chan result, 1)
	v.work.Go(func() {
		val, err := work(v.ctx)
		done <- result{val, err}
	})
	select {
	case r := <-done:
		return r.val, r.err
	case <-ctx.Done():
		var zero T
		return zero, canceled(op, p, ctx)
	}
}

// canceled is the error of a caller who stopped waiting.
func canceled(op, p string, ctx context.Context) error {
	return &ftpclient.Error{Op: op, Path: p, Kind: ftpclient.KindCanceled, Err: context.Cause(ctx)}
}

// refuse is an error that the volume gives without asking the server.
func refuse(op, p string, k ftpclient.Kind) error {
	return &ftpclient.Error{Op: op, Path: p, Kind: k}
}

// writable is the error of a change to a read-only volume.
func (v *Volume) writable(op, p string) error {
	if v.opts.ReadOnly {
		return refuse(op, p, ftpclient.KindReadOnly)
	}
	return nil
}

// once logs a line the first time its text comes up.
func (v *Volume) once(msg string, args ...any) { v.onceFor("", msg, args...) }

// onceFor logs a line the first time that its text comes up for what.
func (v *Volume) onceFor(what, msg string, args ...any) {
	key := what + "\x00" + msg
	v.saying.Lock()
	seen := v.said[key]
	v.said[key] = true
	v.saying.Unlock()
	if !seen {
		v.log.Warn(msg, args...)
	}
}

// Refresh drops what is cached of path and everything below it, and has the
// kernel do the same. What was not uploaded yet stays.
func (v *Volume) Refresh(p string) {
	v.meta.dropTree(p)
	v.blocks.forgetTree(p)
	if p != "" {
		dir, _ := split(p)
		v.meta.drop(dir)
	}
	v.mu.Lock()
	n := v.notifier
	v.mu.Unlock()
	if n != nil {
		n.ContentChanged(p)
	}
}

// Close uploads what is still unsent and gives the names of the files for which
// that failed in its error; their data stays in the spool directory. What was
// accepted for a later upload (Options.WriteBack) is left for the next volume then. When ctx
// ends, what is not uploaded by then has failed. Open handles are of no use
// afterwards.
func (v *Volume) Close(ctx context.Context) error {
	stop := context.AfterFunc(ctx, v.cancel)
	defer stop()
	v.mu.Lock()
	v.closed = true
	open := slices.Collect(maps.Values(v.files))
	v.mu.Unlock()
	v.later.drained(ctx)
	v.later.leave()
	v.later.rest() // whoever uploads a file has its spool in use
	var errs []error
	left := 0
	for _, f := range open {
		err := f.commitUnlessLeft(ctx)
		if err != nil && f.isAccepted() && err == errLeft {
			left++
		} else if err != nil {
			errs = append(errs, fmt.Errorf("%s is not uploaded: %w", v.abs(f.where()), err))
		}
		switch {
		case err != nil && f.isAccepted():
			f.putDown()
		case err != nil:
			f.abandon(err)
		}
		f.letGo()
	}
	if left > 0 {
		errs = append(errs, fmt.Errorf("%d files are %w", left, errLeft))
	}
	v.after.Wait()
	if !v.remnants.once(v.ctx) && v.remnants.ripen(v.ctx) {
		v.remnants.once(v.ctx)
	}
	v.remnants.leave()
	v.cancel()
	v.work.Wait()
	v.blocks.kept.close()
	v.blocks.close()
	return errors.Join(errs...)
}
