package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hold opens a download that keeps its connection.
func hold(t *testing.T, c *Client, path string) *Download {
	t.Helper()
	d, err := c.Retrieve(t.Context(), path, RetrieveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stalls makes RETR of /f begin and then send nothing until the client closes.
func stalls(s *fakeSession, verb, arg string) bool {
	if verb != "RETR" || arg != "/f" {
		return false
	}
	nc := s.accept()
	s.say("150 a")
	nc.Read(make([]byte, 1)) // until it is closed
	nc.Close()
	s.say("426 cut")
	return true
}

// go1 runs fn and returns where its error will be.
func go1(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}

// What fails on a connection that had gone dead while idle is repeated on a
// fresh one, if it was not executed or does no harm.
func TestPoolStaleConnection(t *testing.T) {
	for _, end := range []string{"", "421 Timeout."} {
		for name, op := range map[string]func(context.Context, *Client) error{
			"List":   func(ctx context.Context, c *Client) error { _, err := c.List(ctx, "/"); return err },
			"Stat":   func(ctx context.Context, c *Client) error { _, err := c.Stat(ctx, "/f"); return err },
			"Read":   func(ctx context.Context, c *Client) error { _, err := readAll(ctx, c, "/f", 0); return err },
			"Mkdir":  func(ctx context.Context, c *Client) error { return c.Mkdir(ctx, "/d") },
			"Delete": func(ctx context.Context, c *Client) error { return c.Delete(ctx, "/f") },
			"Rmdir":  func(ctx context.Context, c *Client) error { return c.Rmdir(ctx, "/e") },
			"Rename": func(ctx context.Context, c *Client) error { return c.Rename(ctx, "/f", "/g") },
		} {
			t.Run(name+end, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, map[string]string{"/f": "abc", "/e/": ""})
					c := f.client(nil)
					_, err := c.Connect(t.Context())
					noError(t, "Connect", err)
					f.hook = func(s *fakeSession, _, _ string) bool {
						if s.n > 1 {
							return false
						}
						if end != "" {
							s.say(end)
						}
						s.hangUp()
						return true
					}
					noError(t, name, op(t.Context(), c))
				})
			})
		}
	}
}

// A STOR whose connection drops is the caller's to look after.
func TestPoolStoreIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(nil)
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		synctest.Wait() // for the EPSV behind
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "STOR" {
				s.hangUp()
			}
			return verb == "STOR"
		}
		_, err = c.Store(t.Context(), "/f", strings.NewReader("abc"), StoreOptions{})
		wantKind(t, "Store", err, KindNetwork)
		if n := f.count("STOR"); n != 1 {
			t.Errorf("%d STOR, want 1", n)
		}
	})
}

// A change whose reply is lost is looked for before it is repeated: what
// happened is not done again, what did not is.
func TestPoolLostReply(t *testing.T) {
	for _, happened := range []bool{true, false} {
		for verb, op := range map[string]func(context.Context, *Client) error{
			"MKD":  func(ctx context.Context, c *Client) error { return c.Mkdir(ctx, "/d") },
			"DELE": func(ctx context.Context, c *Client) error { return c.Delete(ctx, "/f") },
			"RMD":  func(ctx context.Context, c *Client) error { return c.Rmdir(ctx, "/e") },
			"RNTO": func(ctx context.Context, c *Client) error { return c.Rename(ctx, "/f", "/g") },
		} {
			t.Run(fmt.Sprintf("%s happened %v", verb, happened), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, map[string]string{"/f": "abc", "/e/": ""})
					lost := false
					f.hook = func(s *fakeSession, v, arg string) bool {
						if v != verb || lost {
							return false
						}
						lost = true
						if happened {
							quiet := &fakeSession{fake: s.fake, nc: discard{}, cwd: s.cwd, rename: s.rename}
							quiet.handle(v, arg)
						}
						s.hangUp()
						return true
					}
					noError(t, verb, op(t.Context(), f.client(nil)))
					want := 2
					if happened {
						want = 1
					}
					if n := f.count(verb); n != want {
						t.Errorf("%s was sent %d times, want %d", verb, n, want)
					}
				})
			})
		}
	}
}

// Waiting ends after WaitTimeout, but not while octets move.
func TestPoolWaitTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections, o.DataTimeout, o.WaitTimeout = 1, time.Hour, 5*time.Second })
		d := hold(t, c, "/f")
		_, err := c.List(t.Context(), "/")
		wantKind(t, "List", err, KindTimeout)
		d.Close()

		synctest.Wait() // for the EPSV behind
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "RETR" {
				nc := s.accept()
				s.say("150 a")
				for range 10 {
					<-time.After(3 * time.Second)
					io.WriteString(nc, "x")
				}
				nc.Close()
				s.say("226 done")
			}
			return verb == "RETR"
		}
		d = hold(t, c, "/f")
		list := go1(func() error { _, err := c.List(t.Context(), "/"); return err })
		b, err := io.ReadAll(d)
		if noError(t, "read", err); len(b) != 10 {
			t.Errorf("read %d octets", len(b))
		}
		noError(t, "List behind a slow download", <-list)
	})
}

// Who waits is served in the order of coming.
func TestPoolFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections = 1 })
		d := hold(t, c, "/f")
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() { c.Mkdir(t.Context(), fmt.Sprintf("/%d", i)) })
			synctest.Wait()
		}
		d.Close()
		wg.Wait()
		for i, line := range withoutPorts(f.commands())[1:] { // RETR
			if want := fmt.Sprintf("MKD /%d", i); line != want {
				t.Fatalf("command %d is %q, want %q", i, line, want)
			}
		}
	})
}

// A context ends the wait for a connection, and nothing is lost by it.
func TestPoolWaitCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections = 1 })
		d := hold(t, c, "/f")
		ctx, cancel := contextWithCancel(t)
		list := go1(func() error { _, err := c.List(ctx, "/"); return err })
		synctest.Wait()
		cancel()
		wantKind(t, "List", <-list, KindCanceled)
		d.Close()
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
	})
}

// A parked download gives its connection to who waits, and knows.
func TestDownloadPark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc", "/g": "content"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections = 2 })
		a, b := hold(t, c, "/f"), hold(t, c, "/f")
		a.Park()
		<-time.After(time.Second)
		b.Park()
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		if a.Resume() {
			t.Error("the download parked longest still stands")
		}
		if !b.Resume() {
			t.Error("the other download was closed too")
		}
		if _, err := a.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("Read of a closed download: %v", err)
		}
		noError(t, "Close", a.Close())
		noError(t, "Close", b.Close())
		if f.sessions != 2 {
			t.Errorf("%d sessions, want 2", f.sessions)
		}
	})
}

// One that parks while somebody waits is closed for him.
func TestDownloadParkWhileContended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections = 1 })
		d := hold(t, c, "/f")
		if d.Contended() {
			t.Error("contended by nobody")
		}
		list := go1(func() error { _, err := c.List(t.Context(), "/"); return err })
		synctest.Wait()
		if d.Contended() {
			t.Error("contended before it had its share")
		}
		<-time.After(fairShare)
		if !d.Contended() {
			t.Error("not contended")
		}
		start := time.Now()
		d.Park()
		noError(t, "List", <-list)
		if time.Since(start) > 0 {
			t.Error("who waited did not get it at once")
		}
		if d.Resume() {
			t.Error("it still stands")
		}
	})
}

// Idle connections and forgotten parked downloads are closed, with QUIT.
func TestPoolIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.IdleTimeout, o.DataTimeout = 10*time.Second, time.Hour })
		d := hold(t, c, "/f")
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		d.Park()
		<-time.After(parkedFor + 11*time.Second)
		synctest.Wait()
		if f.open != 0 || f.count("QUIT") != 2 {
			t.Errorf("%d connections are open, %d QUIT; want 0, 2", f.open, f.count("QUIT"))
		}
		if d.Resume() {
			t.Error("the parked download still stands")
		}
		_, err = c.List(t.Context(), "/")
		noError(t, "List", err)
	})
}

// Close ends what is in flight and what waits, and all that comes after.
func TestPoolClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections = 1 })
		d := hold(t, c, "/f")
		read := go1(func() error { _, err := d.Read(make([]byte, 1)); return err })
		list := go1(func() error { _, err := c.List(t.Context(), "/"); return err })
		synctest.Wait()
		noError(t, "Close", c.Close())
		wantKind(t, "Read", <-read, KindClosed)
		wantKind(t, "List", <-list, KindClosed)
		_, err := c.Connect(t.Context())
		wantKind(t, "Connect", err, KindClosed)
		noError(t, "Close", d.Close())
		noError(t, "Close again", c.Close())
	})
}

// Close ends a dial and a login that are under way.
func TestPoolCloseWhileDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = func(_ *fakeSession, verb, _ string) bool { return verb == "USER" }
		for _, dial := range []func(context.Context, string, string) (net.Conn, error){
			f.dial,
			func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
		} {
			c := f.client(func(o *Options) { o.Dial, o.ReplyTimeout = dial, time.Hour })
			start := time.Now()
			connect := go1(func() error { _, err := c.Connect(t.Context()); return err })
			synctest.Wait()
			noError(t, "Close", c.Close())
			wantKind(t, "Connect", <-connect, KindClosed)
			if time.Since(start) > 0 {
				t.Error("it was waited for")
			}
		}
	})
}

// A cancelled operation costs its connection and nothing else.
func TestPoolOperationCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = func(s *fakeSession, verb, _ string) bool { return verb == "MKD" && s.n == 1 }
		c := f.client(nil)
		ctx, cancel := contextWithCancel(t)
		mkdir := go1(func() error { return c.Mkdir(ctx, "/d") })
		synctest.Wait()
		cancel()
		err := <-mkdir
		if wantKind(t, "Mkdir", err, KindCanceled); !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not context.Canceled", err)
		}
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/d"))
		if f.sessions != 2 {
			t.Errorf("%d sessions, want 2", f.sessions)
		}
	})
}

// With one connection every mixture of operations gets on, as long as those
// who hold downloads close them when others wait.
func TestPoolOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": strings.Repeat("x", 100), "/e/": ""})
		c := f.client(func(o *Options) { o.Connections = 1 })
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { readPolitely(t, c, 10) })
			wg.Go(func() {
				p := fmt.Sprintf("/%d", i)
				_, err := c.Store(t.Context(), p, strings.NewReader("abc"), StoreOptions{})
				noError(t, "Store", err)
				noError(t, "Rename", c.Rename(t.Context(), p, p+"x"))
				wantKind(t, "Rmdir", c.Rmdir(t.Context(), p+"x"), KindNotDir)
				noError(t, "Delete", c.Delete(t.Context(), p+"x"))
				_, err = c.List(t.Context(), "/")
				noError(t, "List", err)
			})
		}
		wg.Wait()
		if f.sessions != 1 {
			t.Errorf("%d sessions, want 1", f.sessions)
		}
	})
}

// readPolitely reads /f in pieces, parked between them, and opens it again
// where it was closed.
func readPolitely(t *testing.T, c *Client, pieces int) {
	var d *Download
	buf := make([]byte, 10)
	for i := range pieces {
		if d != nil && !d.Resume() {
			d = nil
		}
		if d == nil {
			var err error
			if d, err = c.Retrieve(t.Context(), "/f", RetrieveOptions{Offset: int64(10 * i)}); err != nil {
				t.Errorf("Retrieve: %v", err)
				return
			}
		}
		if _, err := io.ReadFull(d, buf); err != nil {
			t.Errorf("piece %d: %v", i, err)
		}
		if d.Contended() {
			d.Close()
			d = nil
			continue
		}
		d.Park()
		<-time.After(time.Duration(i) * 37 * time.Millisecond)
	}
	if d != nil {
		d.Close()
	}
}
