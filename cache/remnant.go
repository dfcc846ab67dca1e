package cache

import (
	"context"
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
	young bool                         // one of them was looked at too early to be told
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
