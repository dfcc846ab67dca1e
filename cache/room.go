package cache

import (
	"context"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/ftpclient"
)

// room is what all spools of a volume may hold together. Writers wait for it; what
// is fetched to go with what was written is counted, but never waits.
//
// Lock order: mu is a leaf.
type room struct {
	limit int64 // octets; 0: no limit

	mu   sync.Mutex
	used int64         // guarded by mu, as all below
	less chan struct{} // closed and replaced when used shrinks, or may soon
}

func newRoom(limit int64) *room { return &room{limit: limit, less: make(chan struct{})} }

// add counts octets that came or went.
func (r *room) add(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used += n; n < 0 {
		r.stir()
	}
}

// stir has those who wait look again. The caller holds mu.
func (r *room) stir() {
	close(r.less)
	r.less = make(chan struct{})
}

// changed is stir for those who do not hold mu.
func (r *room) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stir()
}

// fits reports whether there is room for n octets; where there is none, less tells
// when to ask again.
func (r *room) fits(n int64) (less <-chan struct{}, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.less, r.limit == 0 || r.used+n <= r.limit
}

// roomCheck is how often a writer that waits looks whether there is anything to
// wait for.
const roomCheck = time.Second

// room waits until n octets more may be written, as long as uploads go on that will
// make room: ENOSPC if none does. The caller holds the turn.
func (f *File) room(ctx context.Context, n int64) error {
	tick := time.NewTicker(roomCheck)
	defer tick.Stop()
	for {
		less, ok := f.v.spools.fits(n)
		if ok {
			return nil
		}
		f.dropSent()
		draining, err := f.drain()
		if _, ok = f.v.spools.fits(n); ok {
			return nil
		}
		switch {
		case err != nil:
			return err
		case !draining:
			return &os.PathError{Op: "write", Path: f.v.opts.SpoolDir, Err: syscall.ENOSPC}
		}
		select {
		case <-less:
		case <-tick.C:
		case <-ctx.Done():
			return canceled("write", f.where(), ctx)
		case <-f.v.ctx.Done():
			return refuse("write", f.where(), ftpclient.KindClosed)
		}
	}
}

// dropSent drops the local copies of files that the server has.
func (f *File) dropSent() {
	f.v.mu.Lock()
	open := slices.Collect(maps.Values(f.v.files))
	f.v.mu.Unlock()
	for _, o := range open {
		if o == f {
			o.dropClean() // the turn is the caller's
			continue
		}
		select {
		case o.turn <- struct{}{}:
			o.dropClean()
			o.give()
		default:
		}
	}
}

func (f *File) dropClean() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dirty && !f.gone && f.onServer && f.base.size >= 0 && f.spool != nil {
		f.dropSpool()
		f.epoch++
	}
}

// drain has all uploads that follow give back what they have sent, begins one of f
// if it can have one, and reports whether there is something to wait for.
func (f *File) drain() (draining bool, err error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	draining = f.v.commits.Load() > 0
	for _, o := range f.v.files {
		o.mu.Lock()
		if o == f {
			o.tryFollow()
		}
		if fw := o.follow; fw != nil {
			select {
			case <-fw.done:
				if o == f {
					err = fw.err
				}
			default:
				draining = draining || !fw.stuck && o.spool != nil && o.spool.cost > 0
				if !fw.cut {
					fw.cut = true
					fw.wake()
				}
			}
		}
		o.mu.Unlock()
	}
	return draining, err
}

// punch takes the octets before e.Size out of the spool: the server has said that
// it has them. They are read from there, and a later cut of the upload must be gone
// on with there, so that a server is needed which was seen to do that.
func (f *File) punch(fw *follow, e *ftpclient.Entry) {
	if !f.v.provenToGoOn(fw.temp) {
		f.mu.Lock()
		fw.stuck = true
		f.mu.Unlock()
		f.v.spools.changed()
		return
	}
	p := f.where()
	f.mu.Lock()
	defer f.mu.Unlock()
	if fw.stop != nil || f.spool == nil {
		return
	}
	if err := f.noteCut(p, fw.temp, e.Size); err != nil {
		f.v.once("the journal cannot be written", "error", err)
		fw.stuck = true
		f.v.spools.changed()
		return
	}
	if err := unix.Fallocate(int(f.spool.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, e.Size); err != nil {
		f.v.once("the spool's file system cannot make holes; large files need as much space", "dir", f.v.opts.SpoolDir, "error", err)
		if err := f.noteCut(p, f.held.name, 0); err != nil {
			f.v.once("the journal cannot be written", "error", err)
		}
		fw.stuck = true
		f.v.spools.changed()
		return
	}
	f.spool.have = f.spool.have.without(e.Size)
	f.spool.base = max(f.spool.base, e.Size)
	fw.punched, fw.cut = e.Size, false
	if f.held.name != fw.temp {
		f.dropHeld()
	}
	f.held = tempFile{fw.temp, fw.noted}
	f.base = versionOf(&row{Entry: *e})
	f.base.grows = true
	f.epoch++
	f.account()
}

// account counts what the spool holds now. The caller holds mu.
func (f *File) account() {
	if f.spool != nil {
		n := f.spool.have.total()
		f.v.spools.add(n - f.spool.cost)
		f.spool.cost = n
	}
}

// provenToGoOn reports whether the server was seen to go on with a file, finding it
// out if need be.
func (v *Volume) provenToGoOn(p string) bool {
	features := v.remote.Features()
	if v.restarts.of(features.RestStore) == ftpclient.Yes {
		return true
	}
	can, err := v.canAppend(v.ctx, p)
	return err == nil && can
}
