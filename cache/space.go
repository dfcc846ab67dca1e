package cache

import (
	"context"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

const (
	// spaceAge is for how long the server's word on its space is believed.
	spaceAge = 10 * time.Second
	// spaceWait bounds the wait for it: df(1) is to end where a server is away.
	spaceWait = 2 * time.Second
)

// space is what the server said of its space.
//
// Lock order: mu is taken alone.
type space struct {
	mu     sync.Mutex
	n      int64
	known  bool
	never  bool // it does not tell
	asked  time.Time
	asking bool
}

// due reports whether it is time to ask, which the caller does then.
func (s *space) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.never || s.asking || !s.asked.IsZero() && time.Since(s.asked) < spaceAge {
		return false
	}
	s.asking = true
	return true
}

// told notes an answer. A refusal is for good; where the connection failed, the
// last answer counts on.
func (s *space) told(n int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking, s.asked = false, time.Now()
	switch {
	case err == nil:
		s.n, s.known = n, true
	case !ftpclient.Lost(err):
		s.known, s.never = false, true
	}
}

// Available returns how many octets the server can store, as it said less than ten
// seconds ago; false if it does not tell. It waits for the server for two seconds
// at most, and has the last answer then.
func (v *Volume) Available(ctx context.Context) (n int64, known bool) {
	if v.space.due() {
		ctx, cancel := context.WithTimeout(ctx, spaceWait)
		defer cancel()
		// What is learned counts also if nobody waits for it any more.
		_, _ = detached(v, ctx, "statfs", "", func(ctx context.Context) (struct{}, error) {
			n, err := v.remote.Available(ctx, v.opts.Root)
			v.space.told(n, err)
			if err != nil {
				v.log.Debug("the server does not tell how much space there is", "error", err)
			}
			return struct{}{}, nil
		})
	}
	v.space.mu.Lock()
	defer v.space.mu.Unlock()
	return v.space.n, v.space.known
}
