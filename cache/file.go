package cache

import (
	"context"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// File is what all handles of one path share. Its content is the server's
// (base) as long as spool is nil, and the spool over the server's otherwise.
type File struct {
	v     *Volume
	id    uint64        // in the order of which turns are taken
	turn  chan struct{} // its holder alone changes content, spool and the server's version
	fetch *fetcher

	path string // guarded by Volume.mu; changes only for the holder of turn
	// Guarded by Volume.mu, too.
	refs    int // handles, and operations that hold on to the file
	senders int // handles whose Flush uploads

	mu     sync.Mutex
	attr   Attr     // as seen here; guarded by mu, as all below
	gone   bool     // no longer in the tree: nothing is sent any more
	hidden tempFile // it, if it was unlinked while open
	held   tempFile // what the spool has given up
	base   version
	epoch  uint64 // counts the changes of base
	// foreign is the epoch of the last one that somebody else made.
	foreign uint64
	// baseMode is the mode of the server's version, if hasMode.
	baseMode uint32
	hasMode  bool
	onServer bool
	seen     seen  // of base
	kept     int64 // the first octets that are still those of base
	// onlyAdded: all that was written since base was to go to the end of the file.
	onlyAdded bool
	inOrder   bool     // all that there is was written here, one after the other
	filling   *filling // what is fetching the content; belongs to the holder of turn
	follow    *follow  // the upload of what is being written, if there is one
	spool     *spool
	dirty     bool       // the server does not have this content
	setMode   *uint32    // to be set with the next upload
	setTime   *time.Time // to be set with the next upload
	failed    error      // of the last upload, if nothing was written since
	adding    bool       // something is being added to the server's version
	tried     *attempt   // when a failed upload may have left a beginning under the file's own name
	brokeOff  bool       // an upload under the file's own name was cut off, or may have been
	absent    time.Time  // when it was made here, or the server was seen not to have it
	noted     string     // the record of the journal, if there is one
	unnoted   bool       // it was written to since
	accepted  bool       // what is noted was acknowledged, and is uploaded later
}

func newFile(v *Volume, p string, id uint64) *File {
	f := &File{v: v, id: id, path: p, refs: 1, turn: make(chan struct{}, 1)}
	f.fetch = newFetcher(f)
	return f
}

// take waits for the file's turn.
func (f *File) take(ctx context.Context) error {
	select {
	case f.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case f.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return canceled("wait", f.where(), ctx)
	}
}

func (f *File) give() { <-f.turn }

// where is the file's path now.
func (f *File) where() string {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.path
}

// grows reports whether e can be the version that is read, to which is being added
// from here.
func (f *File) grows(base version, e *ftpclient.Entry) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.adding && f.base == base && e.Size >= base.size
}

// source is what a download of the file's base is made of.
func (f *File) source() (p string, base version, epoch uint64) {
	p = f.where()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.hidden.name != "":
		p = f.hidden.name
	case f.held.name != "":
		p = f.held.name
	}
	return p, f.base, f.epoch
}

// rebase makes the server's version r the file's content. The caller holds mu.
func (f *File) rebase(r *row) {
	f.base, f.onServer = versionOf(r), true
	f.baseMode, f.hasMode = r.Mode, r.HasMode
	f.seen, f.kept, f.onlyAdded, f.inOrder = seenOf(&r.Entry), r.Size, true, false
	f.attr = attrOf(&r.Entry, 0)
	f.epoch++
}

// revalidate takes over the server's version r if it is another one and nothing
// here is unsent. epoch is the file's when r was asked for: if it has changed, r
// may be older than what is here, and the result is false. The caller must not
// hold the turn, which is waited for where a spool is to be dropped: its holder
// may be filling it.
func (f *File) revalidate(ctx context.Context, r *row, epoch uint64) (current bool, err error) {
	current, wait := f.takeOver(r, epoch, false)
	if !wait {
		return current, nil
	}
	if err := f.take(ctx); err != nil {
		return false, err
	}
	defer f.give()
	current, _ = f.takeOver(r, epoch, true)
	return current, nil
}

// takeOver is revalidate; wait tells that it needs the turn.
func (f *File) takeOver(r *row, epoch uint64, turn bool) (current, wait bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.epoch != epoch || f.gone:
		return false, false
	case f.dirty || !f.onServer || f.base == versionOf(r):
		return true, false
	case f.spool != nil && !turn:
		return false, true
	}
	f.dropSpool()
	other := f.seen.contradicted(&r.Entry) // else it may be the same, known better now
	f.rebase(r)
	if other != nil {
		f.foreign = f.epoch
	}
	return true, false
}

func (f *File) dropSpool() {
	f.unfollow()
	if f.spool == nil {
		return
	}
	f.v.spools.add(-f.spool.cost)
	if err := f.spool.remove(); err != nil {
		f.v.log.Warn("a spool file could not be removed", "error", err)
	}
	f.spool = nil
}

// needSpool makes sure there is a spool. The caller holds turn and mu.
func (f *File) needSpool(base int64) error {
	if f.spool != nil {
		return nil
	}
	s, err := newSpool(f.v.opts.SpoolDir, f.attr.Size, base)
	f.spool = s
	return err
}

// readAt reads into p from off; it returns less than len(p) only at the end, and
// nothing with an error.
func (f *File) readAt(ctx context.Context, p []byte, off int64) (int, error) {
	defer f.fetch.reading(off)()
	for {
		n, epoch, gaps, err := f.readLocal(p, off)
		if err != nil || len(gaps) == 0 {
			return n, err
		}
		for _, g := range gaps {
			if err = f.fetch.read(ctx, p[g.lo-off:g.hi-off], g.lo); err != nil {
				n = 0
				break
			}
		}
		if f.changed(epoch) {
			continue // by an upload or a new version: these may be bytes of both
		}
		return n, err
	}
}

// readLocal reads what is in the spool and returns what is not, with the
// number of the content that it belongs to.
func (f *File) readLocal(p []byte, off int64) (n int, epoch uint64, gaps []span, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n = int(max(0, min(int64(len(p)), f.attr.Size-off)))
	epoch = f.epoch
	switch {
	case n == 0:
	case f.spool == nil:
		gaps = []span{{off, off + int64(n)}}
	default:
		if gaps, err = f.spool.readAt(p[:n], off); err != nil {
			n = 0
		}
	}
	return n, epoch, gaps, err
}

// changed reports whether the server's version is another than that of epoch.
func (f *File) changed(epoch uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch != epoch
}

// writeAt writes p at off, or at the end for off < 0.
func (f *File) writeAt(ctx context.Context, p []byte, off int64) (int, error) {
	if err := f.take(ctx); err != nil {
		return 0, err
	}
	defer f.give()
	if err := f.room(ctx, int64(len(p))); err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.needSpool(f.attr.Size); err != nil {
		return 0, err
	}
	if off < 0 {
		off = f.attr.Size
	} else {
		f.onlyAdded = false
	}
	f.kept = min(f.kept, off)
	f.inOrder = f.inOrder && off == f.attr.Size
	n, err := f.spool.writeAt(p, off)
	f.spool.have = f.spool.have.add(off, off+int64(n))
	f.account()
	f.attr.Size = max(f.attr.Size, off+int64(n))
	if n > 0 {
		f.touched()
		f.grew(off)
	}
	step("written")
	return n, err
}

// touched records a change of the content. The caller holds the turn and mu.
func (f *File) touched() {
	f.dirty, f.failed, f.setTime, f.unnoted = true, nil, nil, true
	f.mark(true)
	f.noteOpen()
	f.attr.ModTime = time.Now()
}

// mark has the spool's name tell whether there is something unsent in it. The caller
// holds mu.
func (f *File) mark(unsent bool) {
	if f.spool == nil {
		return
	}
	if err := f.spool.mark(unsent); err != nil {
		f.v.log.Warn("a spool file could not be renamed", "error", err)
	}
}

// truncate sets the size. The caller holds turn.
func (f *File) truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if size == f.attr.Size {
		return nil
	}
	if err := f.needSpool(min(size, f.attr.Size)); err != nil {
		return err
	}
	if err := f.spool.truncate(size); err != nil {
		return err
	}
	f.account()
	f.attr.Size = size
	f.kept, f.onlyAdded = min(f.kept, size), false
	if f.follow != nil && size < f.follow.read {
		f.unfollow()
	}
	f.inOrder = size == 0
	f.touched()
	return nil
}

// setAttr changes attributes; what goes to the server waits for the content if
// that is unsent.
func (f *File) setAttr(ctx context.Context, c Change) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	if c.Size != nil {
		if err := f.truncate(*c.Size); err != nil {
			return err
		}
	}
	f.mu.Lock()
	later, waits := f.dirty || f.gone, f.waits()
	if later {
		f.later(c)
	}
	f.mu.Unlock()
	if waits {
		return f.noteAgain()
	}
	if later {
		return nil
	}
	p, err := f.settle(f.v.ctx)
	if err != nil {
		return err
	}
	a, err := f.v.setRemote(f.v.ctx, p, c, false)
	f.v.record(p, a)
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.mode != nil {
		f.attr.Mode, f.baseMode, f.hasMode = *a.mode, *a.mode, true
	}
	if a.time != nil {
		f.attr.ModTime = *a.time
		f.base = versionOf(&row{Entry: ftpclient.Entry{Size: f.base.size, ModTime: *a.time, Precision: time.Second}, fetched: time.Now()})
		f.seen.set = *a.time
	}
	return f.v.reported(a, err)
}

// later records attributes to be set with the next upload. The caller holds mu.
func (f *File) later(c Change) {
	if c.Mode != nil {
		f.setMode, f.attr.Mode = c.Mode, *c.Mode&0o7777
	}
	if c.ModTime != nil {
		f.setTime, f.attr.ModTime = c.ModTime, *c.ModTime
	}
	f.unnoted = true
}

// loadOnce fetches the whole content of a file whose size the server does not
// tell, unless that was done.
func (f *File) loadOnce(ctx context.Context) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	f.mu.Lock()
	done := f.spool != nil
	f.mu.Unlock()
	if done {
		return nil
	}
	return f.load(f.v.ctx)
}

// load makes the spool hold all that the server sends. The caller holds turn.
func (f *File) load(ctx context.Context) error {
	s, err := newSpool(f.v.opts.SpoolDir, 0, 0)
	if err != nil {
		return err
	}
	p, _, _ := f.source()
	n, err := f.download(ctx, s, p)
	if err != nil {
		s.remove()
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s.have = s.have.add(0, n)
	f.spool, f.attr.Size = s, n
	f.account()
	return nil
}

// isUnsent reports whether the server has never had the file.
func (f *File) isUnsent() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.onServer
}

// localAttr returns the attributes as seen here, if they are not the server's.
func (f *File) localAttr() (Attr, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.attr
	a.Blank = f.dirty && a.Size == 0
	return a, f.dirty || !f.onServer
}

// regular refuses what cannot be opened. A link is for the kernel to follow,
// which does so when it has looked again.
func regular(p string, t ftpclient.Type) error {
	switch t {
	case ftpclient.TypeDir:
		return refuse("open", p, ftpclient.KindIsDir)
	case ftpclient.TypeSymlink:
		return refuse("open", p, ftpclient.KindChanged)
	}
	return nil
}
