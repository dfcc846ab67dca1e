package cache

import (
	"context"

	"ftpfs/ftpclient"
)

// detachMax is the largest file whose content is fetched when it is removed
// from the tree while somebody has it open. A larger one is renamed and
// deleted after its last release.
const detachMax = 8 << 20

// markGone records that the file is no longer in the tree.
func (f *File) markGone() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unfollow()
	f.unnote()
	f.gone = true
	if held := f.held; f.hidden.name == "" && held.name != "" {
		f.held = tempFile{}
		f.v.hide(f, held)
	}
	f.epoch++
}

func (f *File) isGone() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone
}

// lost reports whether the server no longer has the content under any name.
func (f *File) lost() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone && f.hidden.name == ""
}

// unlink removes an open file from the tree. The caller has a reference of its
// own.
func (f *File) unlink(ctx context.Context) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	if err := f.unlinkRemote(ctx); err != nil {
		return err
	}
	f.markGone()
	f.v.forgetFile(f)
	return nil
}

func (f *File) unlinkRemote(ctx context.Context) error {
	p := f.where()
	if f.isUnsent() {
		return f.unlinkBegun(ctx, p)
	}
	if f.handles() > 1 && f.lacks() > detachMax {
		if f.hide(ctx, p) {
			return nil
		}
	}
	if err := f.detach(ctx); err != nil {
		return err
	}
	return f.v.remote.Delete(ctx, f.v.abs(p))
}

// hide gives the file at p a temporary name, and reports whether it has it.
func (f *File) hide(ctx context.Context, p string) bool {
	hidden := tempName(p)
	noted := f.v.noteName(hidden)
	err := f.v.remote.Rename(ctx, f.v.abs(p), f.v.abs(hidden))
	switch {
	case err == nil:
		f.mu.Lock()
		f.v.hide(f, tempFile{hidden, noted})
		f.mu.Unlock()
	case ftpclient.Lost(err):
		f.v.clearLater(hidden, noted) // it may be there yet
	default:
		noted()
	}
	return err == nil
}

// lacks is how many octets of the content are only on the server.
func (f *File) lacks() (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spool == nil {
		return f.attr.Size
	}
	for _, g := range f.spool.have.missing(0, f.spool.base) {
		n += g.hi - g.lo
	}
	return n
}

// detach fetches what a file lacks before it goes from the server, if somebody
// has it open and it is not too large. The caller holds turn and a reference
// of its own.
func (f *File) detach(ctx context.Context) error {
	if n := f.lacks(); n == 0 || n > detachMax || f.handles() == 1 {
		return nil
	}
	f.mu.Lock()
	err := f.needSpool(f.attr.Size)
	f.mu.Unlock()
	if err == nil {
		err = f.complete(ctx)
	}
	if k := ftpclient.KindOf(err); k == ftpclient.KindNotExist || k == ftpclient.KindPermission || k == ftpclient.KindChanged {
		return nil // there is nothing to be saved; the removal decides
	}
	return err
}
