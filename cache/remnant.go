package cache

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// remnants are what failed uploads have left on the server, which is to be cleared
// away as soon as the server can be reached: by this volume, or by the next one, which
// knows of it from the journal.
type remnants struct {
	v *Volume

	mu    sync.Mutex
	list  []func(context.Context) bool // each tells whether it is done with; guarded by mu, as all below
	busy  bool                         // somebody is at work on them
	left  bool                         // to the next volume
	begun map[string]*nameRecord       // beginnings of files, by path
}

// leave begins nothing more.
func (r *remnants) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = true
}

// addNoted is add for what has a record, which noted ends.
func (r *remnants) addNoted(clear func(context.Context) bool, noted func()) {
	r.add(func(ctx context.Context) bool {
		done := clear(ctx)
		if done {
			noted()
		}
		return done
	})
}

// add has something cleared away, after a while.
func (r *remnants) add(clear func(context.Context) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, clear)
	if !r.busy && !r.left {
		r.busy = true
		r.v.work.Go(r.work)
	}
}

func (r *remnants) work() {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		select {
		case <-time.After(pause):
		case <-r.v.ctx.Done():
			return
		}
		if r.once(r.v.ctx) {
			return
		}
	}
}

// once clears away what can be, up to the first that cannot, and reports whether
// nothing is left.
func (r *remnants) once(ctx context.Context) bool {
	for {
		r.mu.Lock()
		if len(r.list) == 0 {
			r.busy = false
			r.mu.Unlock()
			return true
		}
		next := r.list[0]
		r.list = r.list[1:]
		r.mu.Unlock()
		if !next(ctx) {
			r.mu.Lock()
			r.list = append(r.list, next)
			r.mu.Unlock()
			return false
		}
	}
}

// clearAway deletes a temporary file on the server and ends its record, now or later.
// cause is why it is not needed any more; nil: it has served.
func (v *Volume) clearAway(temp string, noted func(), cause error) {
	if v.discard(temp) && !ftpclient.Lost(cause) {
		noted()
		return
	}
	v.clearLater(temp, noted)
}

// clearLater is clearAway, after a while. A server that was lost may get to the
// command that makes the file only after the one that has deleted it.
func (v *Volume) clearLater(temp string, noted func()) {
	v.remnants.addNoted(func(ctx context.Context) bool { return aboutFile(v.remote.Delete(ctx, v.abs(temp))) }, noted)
}

// addBegun is addNoted for the beginning of a file.
func (r *remnants) addBegun(n *nameRecord, noted func()) {
	r.mu.Lock()
	if r.begun == nil {
		r.begun = map[string]*nameRecord{}
	}
	r.begun[string(n.Begun)] = n
	r.mu.Unlock()
	r.addNoted(func(ctx context.Context) bool { return r.v.clearBegun(ctx, n) }, noted)
}

// made tells that what is at p now, and below it, is no beginning any more: it was
// made, or moved there, by who got an answer.
func (r *remnants) made(p string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for begun := range r.begun {
		if within(begun, p) {
			delete(r.begun, begun)
		}
	}
}

func (r *remnants) isBegun(n *nameRecord) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun[string(n.Begun)] == n
}

// disown has the beginning of a new file cleared away that an upload has left under
// the file's own name. kept is the file in the spool directory that holds all of it.
func (v *Volume) disown(p, kept string) {
	r := nameRecord{Root: rawName(v.opts.Root), Begun: rawName(p), Kept: filepath.Base(kept)}
	v.remnants.addBegun(&r, v.note(r))
}

// clearBegun deletes a file on the server if it is a beginning of what is kept here,
// and not all of it: else it is somebody else's; and if nothing else was put there
// through the volume since. Nobody uses the path here meanwhile;
// if somebody does already, it is done another time.
func (v *Volume) clearBegun(ctx context.Context, r *nameRecord) (done bool) {
	p := string(r.Begun)
	m, files, err := v.beginMove(ctx, p, p)
	if err != nil {
		return false
	}
	defer v.endMove(m, false)
	if dropAll(files); len(files) > 0 {
		return false
	}
	if !v.remnants.isBegun(r) {
		return true
	}
	kept, size, err := openSpoolFile(filepath.Join(v.opts.SpoolDir, filepath.Base(r.Kept)))
	if err != nil {
		v.log.Warn("it cannot be said whether a file on the server is what a failed upload has left", "file", v.abs(p), "error", err)
		return errors.Is(err, fs.ErrNotExist)
	}
	defer kept.file.Close()
	e, err := v.remote.Verify(ctx, v.abs(p))
	if err != nil || e.Size < 0 || e.Size >= size {
		return aboutFile(err)
	}
	same, err := v.begins(ctx, p, kept.file, 0, e.Size)
	if err == nil && same {
		v.log.Info("deleting the beginning of a file that could not be uploaded", "file", v.abs(p), "octets", e.Size)
		err = v.remote.Delete(ctx, v.abs(p))
		dir, _ := split(p)
		v.meta.drop(dir)
	}
	return aboutFile(err)
}

// begins reports whether the octets of a file on the server from from to to are those
// of a local file.
func (v *Volume) begins(ctx context.Context, p string, local *os.File, from, to int64) (bool, error) {
	stream, err := v.remote.Retrieve(ctx, v.abs(p), ftpclient.RetrieveOptions{Offset: from})
	if err != nil {
		return false, err
	}
	defer stream.Close()
	return sameOctets(io.LimitReader(stream, to-from), io.NewSectionReader(local, from, to-from))
}
