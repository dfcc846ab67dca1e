package cache

import (
	"context"
	"errors"

	"ftpfs/ftpclient"
)

// Atomic says how an existing file gets new content.
type Atomic uint8

const (
	AtomicAuto   Atomic = iota // by renaming a new file onto it; in place where the server lets that not be done
	AtomicAlways               // by renaming; else it is an error (KindUnsupported)
	AtomicNever                // in place
)

// commit makes the server have the file as it is here, and returns what the
// server said. It returns nil if there is nothing to send, and the last error
// again if nothing was written since.
func (f *File) commit(ctx context.Context) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	return f.commitNow(f.v.ctx)
}

// commitNow is commit for the holder of turn.
func (f *File) commitNow(ctx context.Context) error {
	f.mu.Lock()
	idle, failed := !f.dirty || f.gone, f.failed
	f.mu.Unlock()
	if idle || failed != nil {
		return failed
	}
	p, err := f.settle(ctx)
	if err != nil {
		return err
	}
	if err := f.note(p, false); err != nil {
		f.v.once("the journal cannot be written", "error", err)
	}
	step("noted")
	f.v.commits.Add(1)
	e, foreign, err := f.publish(ctx, p)
	f.v.commits.Add(-1)
	f.v.tally.done(err)
	f.v.spools.changed()
	step("published")
	dir, name := split(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.adding = false
	if err != nil {
		f.failed = err
		f.v.meta.drop(dir)
		return err
	}
	f.v.blocks.forget(p)
	f.v.meta.put(dir, name, &e)
	f.v.changesOf(p).Add(1)
	f.v.remnants.made(p)
	if foreign {
		f.dropSpool()
	}
	f.published(&e)
	step("cleared")
	return nil
}

// published makes the content that was sent the server's version. The caller
// holds mu.
func (f *File) published(e *ftpclient.Entry) {
	set := f.setTime
	f.dropHeld()
	f.unnote()
	f.mark(false)
	f.rebase(&row{Entry: *e})
	if set != nil {
		f.seen.set = *set
	}
	f.dirty, f.setMode, f.setTime, f.tried, f.brokeOff = false, nil, nil, nil, false
}

// publish sends the content and makes it the file at p. foreign tells that the
// file is not what is here, for others have added to it.
func (f *File) publish(ctx context.Context, p string) (e ftpclient.Entry, foreign bool, err error) {
	if t, ok := f.tail(); ok && f.v.opts.Atomic != AtomicAlways {
		if e, foreign, err = f.append(ctx, p, t); err != errNotAppended {
			return e, foreign, err
		}
	}
	if e, err = f.finish(ctx, p); err != errNotFollowed {
		return e, false, err
	}
	if e, err = f.placed(ctx, p); err != errNotPlaced {
		return e, false, err
	}
	f.mu.Lock()
	fresh := !f.onServer
	f.mu.Unlock()
	if !fresh && f.v.opts.Atomic != AtomicNever {
		if e, err = f.replaceBeside(ctx, p); !errors.Is(err, errNotBeside) {
			return e, false, err
		}
	}
	if err := f.complete(ctx); err != nil {
		return e, false, err
	}
	switch {
	case fresh:
		if err = f.madeMeanwhile(ctx, p); err == nil {
			e, _, err = f.sendDressed(ctx, p, true)
		}
	case f.v.opts.Atomic == AtomicNever:
		e, err = f.overwrite(ctx, p)
	default:
		e, err = f.replace(ctx, p)
	}
	return e, false, err
}

// replace sends the content under a temporary name and renames it to p. A version
// that is there stays whole until the new one is.
func (f *File) replace(ctx context.Context, p string) (ftpclient.Entry, error) {
	temp := tempName(p)
	noted := f.v.noteName(temp)
	there := false
	e, err := f.watched(ctx, p, func() (ftpclient.Entry, error) {
		e, left, err := f.sendDressed(ctx, temp, true)
		there = err == nil || left
		return e, err
	})
	if err == nil {
		step("rename")
		err = f.v.renameOver(ctx, temp, p)
		step("renamed")
	}
	switch {
	case there && err != nil:
		f.v.clearAway(temp, noted, err)
	case ftpclient.Lost(err):
		f.v.clearLater(temp, noted)
	default:
		noted()
	}
	if err == nil {
		return e, nil
	}
	if !replaceRefused(err) {
		return e, err
	}
	if f.v.opts.Atomic == AtomicAlways {
		return e, &ftpclient.Error{Op: "RNTO", Path: f.v.abs(p), Kind: ftpclient.KindUnsupported, Err: err}
	}
	f.v.once("the server lets no file be replaced by renaming; existing files are overwritten in place", "file", f.v.abs(p), "error", err)
	return f.overwrite(ctx, p)
}

// overwrite sends the content to the file itself, which is neither the old nor the
// new one until it is done.
func (f *File) overwrite(ctx context.Context, p string) (ftpclient.Entry, error) {
	if err := f.contested(ctx, p); err != nil {
		return ftpclient.Entry{}, err
	}
	e, _, err := f.sendDressed(ctx, p, false)
	return e, err
}

// renameOver renames temp onto the file at p, by way of a third name where the
// server renames onto no file.
func (v *Volume) renameOver(ctx context.Context, temp, p string) error {
	if v.remote.Features().RenameOver == ftpclient.No {
		return v.replaceByAside(ctx, temp, p, refuse("RNTO", v.abs(p), ftpclient.KindExist))
	}
	err := v.remote.Rename(ctx, v.abs(temp), v.abs(p))
	if replaceRefused(err) {
		return v.replaceByAside(ctx, temp, p, err)
	}
	return err
}

// sendDressed is send with mode and time.
func (f *File) sendDressed(ctx context.Context, p string, fresh bool) (e ftpclient.Entry, left bool, err error) {
	e, left, err = f.send(ctx, p, fresh)
	if err == nil {
		f.dress(ctx, p, &e, fresh)
	}
	return e, left, err
}
