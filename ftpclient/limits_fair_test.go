package ftpclient

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// full is how a server says that it has no room: in these words, in place of
// the greeting or in answer to PASS (quirkLimitAs530). %d is its limit.
var full = map[string]struct {
	verb, words string
}{
	"vsftpd, per host":        {"", "421 There are too many connections from your internet address."},
	"vsftpd":                  {"", "421 There are too many connected users, please try later."},
	"ProFTPD, per host":       {"PASS", "530 Sorry, the maximum number of clients (%d) from your host are already connected."},
	"ProFTPD":                 {"PASS", "530 Sorry, the maximum number of allowed clients (%d) are already connected."},
	"Pure-FTPd, per host":     {"", "421 Too many connections (%d) from this IP"},
	"Pure-FTPd":               {"", "421 %d users (the maximum) are already logged in, sorry"},
	"the bundled server":      {"", "421 Too many connections (%d); try again later."},
	"the bundled server, too": {"", "421 Too many connections (%d) from your address."},
	"wu-ftpd":                 {"USER", "530 User anonymous access denied: the limit of %d users is reached."},
}

// narrow is a fake that allows only so many sessions. The limit may change, and
// strangers may take a part of it.
type narrow struct {
	*fake
	verb, words string

	mu       sync.Mutex
	limit    int
	inside   map[*fakeSession]bool
	most     int // that were inside at a time
	refusals int
}

func newNarrow(t *testing.T, how string, limit int, tree map[string]string) *narrow {
	n := &narrow{fake: newFake(t, tree), verb: full[how].verb, words: full[how].words, limit: limit, inside: map[*fakeSession]bool{}}
	n.start = func(s *fakeSession) {
		if n.verb == "" && !n.enter(s) {
			s.say(n.refusal())
			s.nc.Close()
		}
	}
	n.end = n.leave
	n.hook = func(s *fakeSession, verb, _ string) bool {
		if verb != n.verb || n.enter(s) {
			return false
		}
		s.say(n.refusal())
		s.hangUp()
		return true
	}
	return n
}

func (n *narrow) enter(s *fakeSession) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.inside) >= n.limit {
		n.refusals++
		return false
	}
	n.inside[s] = true
	n.most = max(n.most, len(n.inside))
	return true
}

func (n *narrow) leave(s *fakeSession) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.inside, s)
}

func (n *narrow) refusal() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.ReplaceAll(n.words, "%d", fmt.Sprint(n.limit))
}

// set changes the limit. Sessions beyond it are ended in the way of a server
// that restarts: with 421, at their next command.
func (n *narrow) set(limit int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.limit = limit
}

// evicts is a hook that ends a session where there are more than the limit.
func (n *narrow) evicts(s *fakeSession) bool {
	n.mu.Lock()
	over := len(n.inside) > n.limit && n.inside[s]
	n.mu.Unlock()
	if over {
		n.leave(s)
		s.say("421 Service not available, closing control connection.")
		s.hangUp()
	}
	return over
}

// turns counts the downloads that a server begins.
type turns struct {
	mu    sync.Mutex
	begun int
	of    map[string]int // when the last of a path began
}

func (n *turns) now() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.begun
}

func (n *turns) begin(path string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begun++
	n.of[path] = n.begun
}

// since is how many downloads began before that of path did, from asked on.
func (n *turns) since(asked int, path string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.of[path] - 1 - asked
}

const (
	readers = 32
	// mostTurns is fair: one turn of each of the others, and of those who are
	// served in the same moment on the other connections.
	mostTurns = readers - 1 + 8
)

// readInTurns lets all readers read rounds times, each its own file, and checks
// each answer and that nobody waited for more than mostTurns.
func readInTurns(t *testing.T, n *narrow, c *Client, rounds int, between func(round int)) {
	t.Helper()
	counted := &turns{of: map[string]int{}}
	next := n.hook
	n.hook = func(s *fakeSession, verb, arg string) bool {
		if n.evicts(s) {
			return true
		}
		if verb == "RETR" {
			counted.begin(arg)
			<-time.After(100 * time.Millisecond) // it takes its time
		}
		return next(s, verb, arg)
	}
	var all sync.WaitGroup
	for i := range readers {
		path := fmt.Sprintf("/%02d", i)
		all.Go(func() {
			for round := range rounds {
				between(round)
				asked := counted.now()
				got, err := readAll(t.Context(), c, path, 0)
				if err != nil || got != path {
					t.Errorf("%s: read %q, %v", path, got, err)
				}
				if waited := counted.since(asked, path); waited > mostTurns {
					t.Errorf("%s waited for %d turns of others", path, waited)
				}
			}
		})
	}
	all.Wait()
}

// ownFiles has a file for each reader, that holds its path.
func ownFiles() map[string]string {
	tree := map[string]string{}
	for i := range readers {
		path := fmt.Sprintf("/%02d", i)
		tree[path] = path
	}
	return tree
}

// Thirty-two readers at once finish on a server that allows one, two or five
// connections, in whatever words it says so: none sees a refusal, none waits for
// more than one turn of each other, and all that is allowed is used.
func TestReadersShareFewConnections(t *testing.T) {
	for how := range full {
		for _, limit := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%s, %d", how, limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := newNarrow(t, how, limit, ownFiles())
					c := n.client(nil)
					readInTurns(t, n, c, 5, func(int) {})
					if n.most != limit || c.Features().Connections != limit {
						t.Errorf("%d of %d connections were used, %d learned", n.most, limit, c.Features().Connections)
					}
					if n.refusals > c.opts.Connections {
						t.Errorf("%d logins were refused: that is hammering", n.refusals)
					}
				})
			})
		}
	}
}

// The same while the limit rises and falls: sessions beyond it are ended, later
// ones refused. No reader sees it.
func TestReadersWhileTheLimitChanges(t *testing.T) {
	for how := range full {
		for _, limits := range [][]int{{1, 5, 2}, {5, 1, 5}, {2, 1, 8}, {8, 3, 1}} {
			t.Run(fmt.Sprintf("%s, %v", how, limits), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := newNarrow(t, how, limits[0], ownFiles())
					c := n.client(nil)
					for i, limit := range limits {
						n.set(limit)
						<-time.After(growMost) // a limit that was learned is tried again
						n.mu.Lock()
						n.most = 0
						n.mu.Unlock()
						readInTurns(t, n, c, 3, func(int) {})
						if n.most > max(limit, limits[max(0, i-1)]) {
							t.Errorf("%d connections, the limit is %d", n.most, limit)
						}
					}
				})
			})
		}
	}
}

// A limit that changes in the middle, while all wait.
func TestReadersWhenTheLimitChangesMidway(t *testing.T) {
	for _, how := range []string{"vsftpd", "ProFTPD", "wu-ftpd"} {
		for _, limits := range [][2]int{{1, 5}, {5, 1}, {2, 5}, {5, 2}} {
			t.Run(fmt.Sprintf("%s, %v", how, limits), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := newNarrow(t, how, limits[0], ownFiles())
					readInTurns(t, n, n.client(nil), 40, func(round int) {
						if round == 20 {
							n.set(limits[1])
						}
					})
					if rises := limits[1] > limits[0]; rises && n.most <= limits[0] {
						t.Errorf("%d connections, though %d are allowed now", n.most, limits[1])
					}
				})
			})
		}
	}
}

// Who waits behind a long download, and has for longer than anybody, is who
// tries another connection when it is time, without anybody else to come by.
func TestWaitersTryAnotherConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNarrow(t, "vsftpd", 1, map[string]string{"/f": "abc"})
		n.hook = hooks(stalls, n.hook)
		c := n.client(func(o *Options) { o.DataTimeout, o.WaitTimeout = time.Hour, time.Hour })
		d := hold(t, c, "/f")
		var done []<-chan error
		for i := range 3 {
			done = append(done, go1(func() error { return c.Mkdir(t.Context(), fmt.Sprint("/", i)) }))
			synctest.Wait()
		}
		n.set(2)
		<-time.After(2 * growFirst)
		for i, err := range done {
			select {
			case err := <-err:
				noError(t, fmt.Sprint("Mkdir ", i), err)
			default:
				t.Errorf("Mkdir %d still waits", i)
			}
		}
		for i, line := range withoutPorts(n.commands())[1:] { // RETR
			if want := fmt.Sprint("MKD /", i); line != want {
				t.Errorf("command %d is %q, want %q", i, line, want)
			}
		}
		d.Close()
	})
}

// Somebody who gives up while he tries another connection does not end the
// trying for good.
func TestGrowingSurvivesWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNarrow(t, "Pure-FTPd", 1, map[string]string{"/f": "abc"})
		n.hook = hooks(stalls, n.hook)
		c := n.client(func(o *Options) { o.DataTimeout = time.Hour })
		d := hold(t, c, "/f")
		refused, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantKind(t, "Mkdir on a full server", c.Mkdir(refused, "/a"), KindTimeout)
		n.set(2)
		<-time.After(growFirst)
		n.dialErr = func(string) error { <-time.After(time.Second); return context.Canceled }
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		err := c.Mkdir(ctx, "/b")
		if err == nil {
			t.Error("Mkdir without a connection")
		}
		<-time.After(time.Second) // the dial goes on without him
		n.mu.Lock()
		n.dialErr = nil
		n.mu.Unlock()
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/c"))
		d.Close()
	})
}
