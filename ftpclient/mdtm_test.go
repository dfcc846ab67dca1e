package ftpclient

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// countedConn counts writes.
type countedConn struct {
	net.Conn
	writes *atomic.Int32
}

func (c countedConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// manyFiles is a fake with n files, a client of it, and a count of the writes of
// that client.
func manyFiles(t *testing.T, n int) (*fake, *Client, *atomic.Int32) {
	tree := map[string]string{}
	for i := range n {
		tree[fmt.Sprintf("/f%05d", i)] = ""
	}
	f := newFake(t, tree)
	writes := new(atomic.Int32)
	c := f.client(func(o *Options) {
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := f.dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return countedConn{nc, writes}, nil
		}
	})
	c.srv.learn(factListAll, No, "this test")
	c.srv.learn(factStatList, No, "this test")
	return f, c, writes
}

// datedIn counts the files of a listing whose times are exact.
func datedIn(l *Listing) (n int) {
	for _, e := range l.Entries {
		if e.Precision == time.Second && e.ModTime.Second() == 17 {
			n++
		}
	}
	return n
}

// Once a server is known to take commands without waiting, the times of a large
// directory are asked for in few writes, and so in few round trips.
func TestManyTimesInFewWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		f, c, writes := manyFiles(t, n)
		l, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		if datedIn(l) != n || f.count("MDTM") != n {
			t.Errorf("%d of %d are dated, %d MDTM", datedIn(l), n, f.count("MDTM"))
		}
		if w := writes.Load(); w > 30 { // with login; flights would be 80 alone
			t.Errorf("%d writes", w)
		}
	})
}

// A server that falls silent amid the times costs the connection and the times
// of the rest, not the listing, and is found out the second time.
func TestTimesStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, answered = 3000, 1000
		f, c, _ := manyFiles(t, n)
		perSession := map[int]int{}
		f.hook = on("MDTM", func(s *fakeSession, _ string) {
			if perSession[s.n]++; perSession[s.n] <= answered {
				s.say("213 19991121023517")
			}
		})
		for i, want := range []Support{Yes, No} {
			l, err := c.List(t.Context(), "/")
			noError(t, "List", err)
			if len(l.Entries) != n || datedIn(l) != answered || c.Features().Pipelining != want {
				t.Errorf("listing %d: %d entries, %d dated, pipelining %v", i, len(l.Entries), datedIn(l), c.Features().Pipelining)
			}
		}
		if f.sessions != 2 {
			t.Errorf("%d sessions", f.sessions)
		}
	})
}
