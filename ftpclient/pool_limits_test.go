package ftpclient

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// quirkLimitAs530: a limit that the server tells at login is learned, and who has no
// connection waits for one instead of failing.
func TestPoolLearnsLimit(t *testing.T) {
	for _, refusal := range []string{
		"421 There are too many connections from your internet address.",
		"530 Sorry, the maximum number of clients (2) from your host are already connected.",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc"})
			f.hook = func(s *fakeSession, verb, arg string) bool {
				s.mu.Lock()
				full := s.open > 2
				s.mu.Unlock()
				if verb == "USER" && full {
					s.say(refusal)
					return true
				}
				return stalls(s, verb, arg)
			}
			c := f.client(nil)
			a, b := hold(t, c, "/f"), hold(t, c, "/f")
			list := go1(func() error { _, err := c.List(t.Context(), "/"); return err })
			synctest.Wait()
			if n := c.Features().Connections; n != 2 {
				t.Errorf("learned a limit of %d, want 2", n)
			}
			refused := f.sessions
			second := go1(func() error { _, err := c.List(t.Context(), "/"); return err })
			synctest.Wait()
			a.Close()
			noError(t, "List", <-list)
			noError(t, "List", <-second)
			if f.sessions != refused {
				t.Error("another connection was tried at once")
			}
			b.Close()
		})
	}
}

// A learned limit is tried again after a minute.
func TestPoolGrowsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		full := true
		f.admit = func(n int) string {
			if full && n > 1 {
				return "421 too many"
			}
			return ""
		}
		c := f.client(func(o *Options) { o.DataTimeout = time.Hour })
		a := hold(t, c, "/f")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.List(ctx, "/")
		wantKind(t, "List", err, KindTimeout)
		full = false
		<-time.After(growFirst)
		_, err = c.List(t.Context(), "/")
		noError(t, "List a minute later", err)
		if n := c.Features().Connections; n != 2 {
			t.Errorf("learned %d", n)
		}
		a.Close()
	})
}

// Where the server is full and we hold no connection, the login is tried
// again for WaitTimeout, if it worked before.
func TestPoolServerFull(t *testing.T) {
	for i, refusal := range []string{"421 too many users", "530 Sorry, the maximum number of clients (2)", "421 too many users"} {
		free := i < 2
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			c := f.client(nil)
			_, err := c.Connect(t.Context())
			noError(t, "Connect", err)
			<-time.After(2 * c.opts.IdleTimeout)
			start := time.Now()
			f.admit = func(int) string {
				if free && time.Since(start) > 10*time.Second {
					return ""
				}
				return refusal
			}
			_, err = c.List(t.Context(), "/")
			if free {
				noError(t, "List", err)
			} else {
				wantKind(t, "List", err, KindTooMany)
			}
			if f.sessions > 20 {
				t.Errorf("%d logins: that is hammering", f.sessions)
			}
		})
	}
}

// Who only begins is told soon that the server is full.
func TestPoolServerFullAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.admit = func(int) string { return "421 too many users" }
		start := time.Now()
		_, err := f.client(nil).Connect(t.Context())
		wantKind(t, "Connect", err, KindTooMany)
		if took := time.Since(start); took > 5*time.Second || f.sessions < 2 {
			t.Errorf("%d logins in %v", f.sessions, took)
		}
	})
}

// A server that is down fails everybody quickly, waiters included.
func TestPoolServerDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		down := true
		f.dialErr = func(string) error {
			if down {
				return syscall.ECONNREFUSED
			}
			return nil
		}
		c := f.client(nil)
		_, err := c.Connect(t.Context())
		wantKind(t, "Connect", err, KindRefused)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := c.Stat(t.Context(), "/a")
				wantKind(t, "Stat", err, KindRefused)
			})
		}
		wg.Wait()
		if len(f.dials) != 1 {
			t.Errorf("%d dials within the back-off, want 1", len(f.dials))
		}
		down = false
		<-time.After(downFirst)
		_, err = c.Connect(t.Context())
		noError(t, "Connect after the back-off", err)
	})
}

// Nobody queues behind one dial time-out after the other.
func TestPoolUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(func(o *Options) {
			o.Connections = 2
			o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := c.Stat(t.Context(), "/a")
				wantKind(t, "Stat", err, KindTimeout)
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("the last failed after %v of the bubble's time", took)
		}
	})
}

// A refused login is not repeated for a while once one has worked.
func TestPoolLoginRefusedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(func(o *Options) { o.IdleTimeout = time.Second })
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		<-time.After(2 * time.Second)
		synctest.Wait()
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "PASS" {
				s.say("530 Login incorrect.")
			}
			return verb == "PASS"
		}
		for range 5 {
			_, err = c.Stat(t.Context(), "/")
			wantKind(t, "Stat", err, KindLogin)
		}
		if n := f.count("PASS"); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
	})
}
