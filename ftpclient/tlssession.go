package ftpclient

import (
	"crypto/tls"
	"sync"
	"time"
)

// sessionCache holds the TLS session of one control connection, for its data
// connections to resume. It is not shared: servers that want it resumed (RFC
// 4217 section 10.2) want the session of this connection and no other. Its
// lock is a leaf in the lock order.
type sessionCache struct {
	mu    sync.Mutex
	state *tls.ClientSessionState // guarded by mu
	since time.Time               // when it came; guarded by mu
}

func (s *sessionCache) Get(string) (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.state != nil
}

func (s *sessionCache) Put(_ string, state *tls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.since = state, time.Now()
}

// age is how long the session is known, 0 if there is none.
func (s *sessionCache) age() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == nil {
		return 0
	}
	return time.Since(s.since)
}

// resumeOnly is the cache as data connections see it: what tickets they get
// themselves are not kept.
type resumeOnly struct{ *sessionCache }

func (resumeOnly) Put(string, *tls.ClientSessionState) {}
