package remote

import (
	"context"
	"errors"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// refusals remembers the last time that the server had no room for us. The
// client tries again, until our deadline ends that; then it is the reason.
type refusals struct {
	mu   sync.Mutex
	last *ftpclient.Error // guarded by mu
}

// watch adds itself to the hooks of t.
func (r *refusals) watch(t *ftpclient.Trace) *ftpclient.Trace {
	next := t.Reply
	t.Reply = func(conn int, code int, text string, took time.Duration) {
		if code == 421 {
			r.mu.Lock()
			r.last = &ftpclient.Error{Op: "login", Kind: ftpclient.KindTooMany, Code: code, Text: text}
			r.mu.Unlock()
		}
		if next != nil {
			next(conn, code, text, took)
		}
	}
	return t
}

// timedOut makes a time-out of the error that our own deadline caused, or what
// the server said if it was full all the time.
func timedOut(ctx context.Context, err error, r *refusals) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) || ftpclient.KindOf(err) == ftpclient.KindHost {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil {
		return r.last
	}
	return &ftpclient.Error{Op: "wait", Kind: ftpclient.KindTimeout, Err: err}
}
