package cache

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"ftpfs/ftpclient"
)

// Handle is an open file. Its methods may be called from several goroutines;
// Release comes last.
type Handle struct {
	f     *File
	flags int
	sends bool // it can write, or has made or truncated the file
	read  reading
}

// Open opens an existing file. flags are those of open(2): the access mode,
// O_TRUNC, which counts with O_RDONLY too as on Linux, and O_APPEND.
func (v *Volume) Open(ctx context.Context, p string, flags int) (*Handle, error) {
	truncates := flags&os.O_TRUNC != 0
	if writing(flags) || truncates {
		if err := v.writable("open", p); err != nil {
			return nil, err
		}
	}
	h, err := v.openHandle(ctx, p, flags, writing(flags) || truncates)
	if err != nil {
		return nil, err
	}
	if truncates {
		zero := int64(0)
		if err := h.f.setAttr(ctx, Change{Size: &zero}); err != nil {
			h.Release()
			return nil, err
		}
	}
	return h, nil
}

// openHandle returns a handle of what is at path.
func (v *Volume) openHandle(ctx context.Context, p string, flags int, sends bool) (*Handle, error) {
	for {
		f, err := v.openMoved(ctx, p)
		if err != nil {
			return nil, err
		}
		if h := newHandle(f, flags, sends); h != nil {
			return h, nil
		}
	}
}

// newHandle makes a handle of a reference to f. It gives that back, and returns nil, if
// the handle is to send what is written and the file has left the tree meanwhile, where
// nothing is sent any more.
func newHandle(f *File, flags int, sends bool) *Handle {
	if sends {
		f.v.mu.Lock()
		p := f.path
		if f.v.files[p] != f {
			f.v.mu.Unlock()
			f.drop()
			return nil
		}
		f.senders++
		f.v.mu.Unlock()
		f.v.remnants.made(p) // what is there is a file for somebody
	}
	return &Handle{f: f, flags: flags, sends: sends}
}

func writing(flags int) bool { return flags&(os.O_WRONLY|os.O_RDWR) != 0 }

// openMoved is open of what is at path once no move concerns it; KindChanged if
// what was there cannot be told from what took its place.
func (v *Volume) openMoved(ctx context.Context, p string) (*File, error) {
	at, err := v.follow(ctx, p)
	if err != nil {
		return nil, err
	}
	defer at.end()
	f, err := v.open(ctx, at.path)
	if err != nil {
		return nil, err
	}
	if err := at.lost(); err != nil {
		f.drop()
		return nil, err
	}
	return f, nil
}

// open returns the file at path with a reference.
func (v *Volume) open(ctx context.Context, p string) (*File, error) {
	for {
		f, again, err := v.tryOpen(ctx, p)
		if !again {
			return f, err
		}
	}
}

// errAgain is how adopt tells tryOpen that it must look again.
var errAgain = errors.New("changed meanwhile")

// tryOpen is open unless somebody else opened or uploaded the file meanwhile,
// so that what the server said of it before does not count any more.
func (v *Volume) tryOpen(ctx context.Context, p string) (f *File, again bool, err error) {
	changes := v.changesOf(p).Load()
	known := v.grab(p)
	var epoch uint64
	if known != nil {
		if _, local := known.localAttr(); local {
			return known, false, nil
		}
		_, _, epoch = known.source()
		defer known.drop()
	}
	r, err := v.stat(ctx, p)
	if err == nil {
		err = regular(v.abs(p), r.Type)
	}
	if err == nil && r.Size < 0 {
		err = v.findSize(ctx, p, &r)
	}
	if err != nil {
		return nil, false, err
	}
	f, fresh, err := v.adopt(p, func(f *File) error {
		if v.changesOf(p).Load() != changes {
			return errAgain
		}
		f.rebase(&r)
		return nil
	})
	if err != nil {
		return nil, err == errAgain, err
	}
	if !fresh {
		current := false
		if f == known {
			current, err = f.revalidate(ctx, &r, epoch)
		}
		if err != nil || !current {
			f.drop()
			return nil, err == nil, err
		}
	}
	if r.Size < 0 {
		err = f.loadOnce(ctx)
	}
	if err != nil {
		f.drop()
		return nil, false, err
	}
	return f, false, nil
}

// findSize asks for the size of a file whose listing does not tell it.
func (v *Volume) findSize(ctx context.Context, p string, r *row) error {
	e, err := detached(v, ctx, "size", p, func(ctx context.Context) (ftpclient.Entry, error) {
		return v.remote.Verify(ctx, v.abs(p))
	})
	switch {
	case err == nil:
		r.Size = e.Size
	case ftpclient.KindOf(err) == ftpclient.KindUnsupported:
		return nil
	}
	return err
}

// Create makes a file and opens it; with O_EXCL in flags it must not exist.
// The server has it when Flush has returned.
func (v *Volume) Create(ctx context.Context, p string, flags int, mode uint32) (*Handle, Attr, error) {
	if err := v.writable("create", p); err != nil {
		return nil, Attr{}, err
	}
	p, err := v.settle(ctx, p)
	if err != nil {
		return nil, Attr{}, err
	}
	_, err = v.attr(ctx, p)
	if err != nil && ftpclient.KindOf(err) == ftpclient.KindNotExist {
		if absent, lookErr := v.stillAbsent(ctx, p); lookErr != nil || !absent {
			if err = lookErr; err == nil {
				_, err = v.attr(ctx, p)
			}
		}
	}
	switch {
	case err == nil && flags&os.O_EXCL != 0:
		return nil, Attr{}, refuse("create", v.abs(p), ftpclient.KindExist)
	case err == nil:
		h, err := v.Open(ctx, p, flags)
		if err != nil {
			return nil, Attr{}, err
		}
		a, err := h.Stat(ctx)
		if err != nil {
			h.Release()
			return nil, Attr{}, err
		}
		return h, a, nil
	case ftpclient.KindOf(err) != ftpclient.KindNotExist:
		return nil, Attr{}, err
	}
	if err := v.nameable("create", p); err != nil {
		return nil, Attr{}, err
	}
	if err := v.remote.CheckName(v.abs(p)); err != nil {
		return nil, Attr{}, err // which the upload would meet, at close
	}
	if err := v.unlikeOthers(ctx, "create", "", p); err != nil {
		return nil, Attr{}, err
	}
	for {
		f, _, err := v.adopt(p, func(f *File) error { return f.begin(mode) })
		if err != nil {
			return nil, Attr{}, err
		}
		if h := newHandle(f, flags, true); h != nil {
			a, _ := f.localAttr()
			return h, a, nil
		}
	}
}

// begin readies a file that is new.
func (f *File) begin(mode uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	mode &= 0o7777
	f.attr = Attr{Type: ftpclient.TypeFile, Mode: mode, ModTime: time.Now()}
	f.dirty, f.inOrder, f.absent = true, true, time.Now()
	if mode != defaultFileMode {
		f.setMode = &mode
	}
	return f.needSpool(0)
}

// ReadAt reads into p from off and returns how many octets it read; less than
// len(p) only at the end of the file, none with an error. It is KindChanged where it would be of
// another version than what was read before (see admits).
func (h *Handle) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	for {
		if err := h.admits(off); err != nil {
			return 0, err
		}
		if n, err := h.f.readAt(ctx, p, off); err != nil || !h.overtaken() {
			return n, err
		}
	}
}

// WriteAt writes to the spool; a handle opened with O_APPEND writes at the end
// of the file whatever off is. It does not wait for the network, unless the
// file is just being uploaded.
func (h *Handle) WriteAt(ctx context.Context, p []byte, off int64) (int, error) {
	if !writing(h.flags) {
		return 0, syscall.EBADF
	}
	if h.flags&os.O_APPEND != 0 {
		off = -1
	}
	return h.f.writeAt(ctx, p, off)
}

// WritePage is WriteAt of what stands at off already for those who have the file
// mapped: also with O_APPEND, it goes there.
func (h *Handle) WritePage(ctx context.Context, p []byte, off int64) (int, error) {
	if !writing(h.flags) {
		return 0, syscall.EBADF
	}
	return h.f.writeAt(ctx, p, off)
}

// Flush uploads what is unsent and returns what the server said (close(2)); with
// Options.WriteBack it makes sure that it will be uploaded later, and returns. For
// a handle that cannot write there is nothing to do: what is unsent is the
// business of those that can.
// ctx does not end it: an upload goes on until it is done or has failed.
func (h *Handle) Flush(ctx context.Context) error {
	if !h.sends {
		return nil
	}
	if h.f.v.opts.WriteBack {
		return h.f.accept(context.WithoutCancel(ctx))
	}
	return h.f.commit(context.WithoutCancel(ctx))
}

// Blank reports whether a Flush would make the server's file an empty one: it is new,
// or was cut to nothing, and nothing has been written since.
func (h *Handle) Blank() bool {
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	return h.f.dirty && h.f.attr.Size == 0 && h.f.failed == nil
}

// Sync uploads what is unsent, whoever wrote it, and returns what the server
// said (fsync(2)). ctx does not end it.
func (h *Handle) Sync(ctx context.Context) error {
	return h.f.commit(context.WithoutCancel(ctx))
}

// Stat returns the attributes of the open file, also after it was unlinked. It is
// KindChanged where the name is that of a directory or a link by now.
func (h *Handle) Stat(ctx context.Context) (Attr, error) {
	a, local := h.f.localAttr()
	if local || h.f.isGone() {
		return a, nil
	}
	_, _, epoch := h.f.source()
	p, r, err := h.f.stat(ctx)
	switch {
	case err != nil && h.f.isGone():
		a, _ = h.f.localAttr() // it was unlinked meanwhile
		return a, nil
	case err != nil:
		return a, err
	}
	if regular(h.f.v.abs(p), r.Type) != nil {
		return a, refuse("stat", h.f.v.abs(p), ftpclient.KindChanged)
	}
	if r.Size < 0 {
		return a, nil
	}
	current, err := h.f.revalidate(ctx, &r, epoch)
	if err != nil {
		return a, err
	}
	a, local = h.f.localAttr()
	if current && !local {
		a.Fresh = r.fresh
	}
	return a, nil
}

// stat returns what the server says of the file, and of which path, also while that is
// being moved.
func (f *File) stat(ctx context.Context) (p string, r row, err error) {
	for {
		p = f.where()
		r, err = f.v.stat(ctx, p)
		if ftpclient.KindOf(err) != ftpclient.KindNotExist || !f.moves(p) {
			return p, r, err
		}
		if _, err := f.v.settle(ctx, p); ctx.Err() != nil {
			return p, r, err
		}
	}
}

// moves reports whether the file's path is not p any more, or may be another soon.
func (f *File) moves(p string) bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.path != p || f.v.moveOf(p, 0) != nil
}

// SetAttr changes attributes of the open file, also after it was unlinked.
func (h *Handle) SetAttr(ctx context.Context, c Change) (Attr, error) {
	if err := h.f.setAttr(ctx, c); err != nil {
		return Attr{}, err
	}
	a, _ := h.f.localAttr()
	return a, nil
}

// Release ends the handle. If no other can write, what is unsent (written
// through a mapping after the last Flush) is uploaded; a failure is logged, and
// the data stays in the spool directory. Of what a close has acknowledged
// (Options.WriteBack), the upload is tried again.
func (h *Handle) Release() {
	if h.sends && h.f.lastSender() {
		if err := h.Flush(context.Background()); err != nil && !h.f.isAccepted() {
			h.f.giveUp(err)
		}
	}
	h.f.drop()
}

// lastSender gives back what newHandle took and reports whether no other
// handle sends the file.
func (f *File) lastSender() bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	f.senders--
	return f.senders == 0
}
