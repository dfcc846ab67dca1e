package ftpclient

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// tcpFake is a fake whose connections are real ones, over loopback.
type tcpFake struct {
	*fake
	mu       sync.Mutex
	sessions []*fakeSession
}

func newTCPFake(t *testing.T, tree map[string]string) *tcpFake {
	return &tcpFake{fake: newFake(t, tree)}
}

// dial makes a pair of TCP connections and gives the server's end to whom the
// fake would have given a pipe's.
func (f *tcpFake) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	theirs, err := l.Accept()
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(addr, ":21") && !strings.HasSuffix(addr, ":990") {
		f.fake.mu.Lock()
		defer f.fake.mu.Unlock()
		for port, ch := range f.ports {
			if strings.HasSuffix(addr, ":"+strconv.Itoa(port)) {
				ch <- theirs
				return ours, nil
			}
		}
		return nil, errors.New("nothing listens there")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &fakeSession{fake: f.fake, n: len(f.sessions) + 1, nc: theirs, in: bufio.NewReader(theirs), cwd: "/"}
	f.sessions = append(f.sessions, s)
	f.wg.Go(s.run)
	return ours, nil
}

func (f *tcpFake) session(i int) *fakeSession {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sessions[i]
}

func (f *tcpFake) newClient() *Client {
	return f.client(func(o *Options) { o.Dial = f.dial })
}

// until polls a condition that another process' side of a socket brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

// An idle connection that its server has closed, or spoken on, is not used:
// it costs no command and no error.
func TestStaleNoticedBeforeUse(t *testing.T) {
	for name, end := range map[string]func(*fakeSession){
		"closed":      func(s *fakeSession) { s.nc.Close() },
		"421":         func(s *fakeSession) { s.say("421 Timeout.") },
		"421, closed": func(s *fakeSession) { s.say("421 Timeout."); s.nc.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f := newTCPFake(t, nil)
			c := f.newClient()
			_, err := c.Connect(t.Context())
			noError(t, "Connect", err)
			end(f.session(0))
			var idle *conn
			c.pool.mu.Lock()
			idle = c.pool.idle[0]
			c.pool.mu.Unlock()
			until(t, "the end arrives", idle.stale)
			noError(t, "Mkdir", c.Mkdir(t.Context(), "/d"))
			if n := f.count("MKD"); n != 1 {
				t.Errorf("MKD was sent %d times", n)
			}
		})
	}
}

// A connection that is fine stays in use.
func TestNotStale(t *testing.T) {
	f := newTCPFake(t, nil)
	c := f.newClient()
	for range 3 {
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
	}
	if len(f.sessions) != 1 {
		t.Errorf("%d sessions, want 1", len(f.sessions))
	}
}

// Octets arrive as they were sent, both ways, many at a time.
func TestTransfersOverTCP(t *testing.T) {
	f := newTCPFake(t, nil)
	c := f.newClient()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			content := make([]byte, 1<<20+i)
			rand.Read(content)
			path := "/" + strconv.Itoa(i)
			_, err := c.Store(t.Context(), path, iotest.HalfReader(bytes.NewReader(content)), StoreOptions{})
			noError(t, "Store", err)
			got, err := readAll(t.Context(), c, path, 5)
			noError(t, "read", err)
			if !bytes.Equal([]byte(got), content[5:]) {
				t.Errorf("%s differs", path)
			}
		})
	}
	wg.Wait()
}

// A source that fails resets the data connection: the server can tell it from
// the end of the data.
func TestStoreResets(t *testing.T) {
	f := newTCPFake(t, nil)
	c := f.newClient()
	var seen error
	f.hook = on("STOR", func(s *fakeSession, _ string) {
		nc := s.accept()
		s.say("150 go")
		_, seen = io.ReadAll(nc)
		nc.Close()
		s.say("426 cut")
	})
	failing := errors.New("source failed")
	_, err := c.Store(t.Context(), "/f", io.MultiReader(strings.NewReader(strings.Repeat("abc", smallStore)), iotest.ErrReader(failing)), StoreOptions{})
	if !errors.Is(err, failing) {
		t.Errorf("Store: %v", err)
	}
	_, err = c.List(t.Context(), "/")
	noError(t, "List on the same connection", err)
	if seen == nil || len(f.sessions) != 1 {
		t.Errorf("the server saw %v; %d sessions", seen, len(f.sessions))
	}
}

// Without a Dial of the caller's, data goes to the peer's address.
func TestDataHost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	got := []string{dataHost(&Options{Host: "h"}, nc), dataHost(&Options{Host: "h", ownDial: true}, nc)}
	if want := []string{"127.0.0.1", "h"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
