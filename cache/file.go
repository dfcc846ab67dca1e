package cache

import (
	"context"
	"os"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// version identifies a content of a file on the server, as well as the server
// tells: by size and time, or where the time is not exact to the second, by
// when it was listed.
type version struct{ size, stamp int64 }

func versionOf(r *row) version {
	age := r.fetched.Sub(r.ModTime)
	settled := age < 0 || age > 2*time.Second // else it may change again within its second
	if r.Precision > 0 && r.Precision <= time.Second && settled {
		return version{r.Size, r.ModTime.UnixNano()}
	}
	return version{r.Size, r.fetched.UnixNano()}
}

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
	attr   Attr   // as seen here; guarded by mu, as all below
	gone   bool   // no longer in the tree: nothing is sent any more
	hidden string // its temporary name, if it was unlinked while open
	base   version
	epoch  uint64 // counts the changes of base
	// baseMode is the mode of the server's version, if hasMode.
	baseMode uint32
	hasMode  bool
	onServer bool
	spool    *spool
	dirty    bool       // the server does not have this content
	setMode  *uint32    // to be set with the next upload
	setTime  *time.Time // to be set with the next upload
	failed   error      // of the last upload, if nothing was written since
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

// source is what a download of the file's base is made of.
func (f *File) source() (p string, base version, epoch uint64) {
	p = f.where()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hidden != "" {
		p = f.hidden
	}
	return p, f.base, f.epoch
}

// rebase makes the server's version r the file's content. The caller holds mu.
func (f *File) rebase(r *row) {
	f.base, f.onServer = versionOf(r), true
	f.baseMode, f.hasMode = r.Mode, r.HasMode
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
	f.rebase(r)
	return true, false
}

func (f *File) dropSpool() {
	if f.spool == nil {
		return
	}
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

// readAt reads into p from off; it returns less than len(p) only at the end.
func (f *File) readAt(ctx context.Context, p []byte, off int64) (int, error) {
	for {
		n, epoch, gaps, err := f.readLocal(p, off)
		if err != nil || len(gaps) == 0 {
			return n, err
		}
		for _, g := range gaps {
			if err = f.fetch.read(ctx, p[g.lo-off:g.hi-off], g.lo); err != nil {
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
		gaps, err = f.spool.readAt(p[:n], off)
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
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.needSpool(f.attr.Size); err != nil {
		return 0, err
	}
	if off < 0 {
		off = f.attr.Size
	}
	n, err := f.spool.file.WriteAt(p, off)
	f.spool.have = f.spool.have.add(off, off+int64(n))
	f.attr.Size = max(f.attr.Size, off+int64(n))
	if n > 0 {
		f.touched()
	}
	return n, err
}

// touched records a change of the content. The caller holds mu.
func (f *File) touched() {
	f.dirty, f.failed, f.setTime = true, nil, nil
	f.attr.ModTime = time.Now()
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
	f.attr.Size = size
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
	later := f.dirty || f.gone
	if later {
		f.later(c)
	}
	f.mu.Unlock()
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
		f.base.stamp = a.time.UnixNano()
	}
	return err
}

// later records attributes to be set with the next upload. The caller holds mu.
func (f *File) later(c Change) {
	if c.Mode != nil {
		f.setMode, f.attr.Mode = c.Mode, *c.Mode&0o7777
	}
	if c.ModTime != nil {
		f.setTime, f.attr.ModTime = c.ModTime, *c.ModTime
	}
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
	return nil
}

func (f *File) download(ctx context.Context, s *spool, p string) (int64, error) {
	r, err := f.v.remote.Retrieve(ctx, f.v.abs(p), 0)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return s.file.ReadFrom(r)
}

// abandon gives up the upload of what was written, leaves it where a person can
// find it, and goes back to what the server has.
func (f *File) abandon(cause error) {
	if err := f.take(context.Background()); err != nil {
		return
	}
	defer f.give()
	p := f.where()
	f.keepSpool(p, cause)
	f.mu.Lock()
	f.dirty, f.failed, f.setMode, f.setTime = false, nil, nil, nil
	f.attr.Size = max(0, f.base.size)
	f.epoch++
	mine := !f.onServer
	f.gone = f.gone || mine
	f.mu.Unlock()
	if mine {
		f.v.forgetFile(f)
	}
}

// letGo deletes the local copy of a file that was sent.
func (f *File) letGo() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dirty {
		f.dropSpool()
	}
}

// keepSpool leaves what is unsent in a file that is not deleted with the spool.
func (f *File) keepSpool(p string, cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spool == nil || !f.dirty {
		return
	}
	if f.attr.Size == 0 {
		f.dropSpool()
		return
	}
	name := f.spool.file.Name()
	kept := name + ".unsent"
	if err := os.Rename(name, kept); err != nil {
		kept = name
	}
	f.spool.file.Close()
	f.spool = nil
	f.v.log.Error("a file could not be uploaded; what was written is kept", "file", f.v.abs(p), "data", kept, "error", cause)
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
	return f.attr, f.dirty || !f.onServer
}

// regular refuses what cannot be opened. A link is for the kernel to follow,
// which does so when it has looked again.
func regular(op, p string, t ftpclient.Type) error {
	switch t {
	case ftpclient.TypeDir:
		return refuse(op, p, ftpclient.KindIsDir)
	case ftpclient.TypeSymlink:
		return refuse(op, p, ftpclient.KindChanged)
	}
	return nil
}
