package ftpclient

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// statClient is a client of a server that lists by STAT, which is proven.
func statClient(t *testing.T, f *fake, change func(*Options)) *Client {
	t.Helper()
	f.hook = lists
	c := f.client(change)
	_, err := c.List(t.Context(), "/")
	if noError(t, "List", err); c.Features().StatList != Yes {
		t.Fatalf("%+v", factOf(t, c.Features().Facts(), "STAT to list"))
	}
	return c
}

// What STAT says of one directory and cannot be true is not believed: it is
// taken over a data connection.
func TestStatFlaws(t *testing.T) {
	row := func(name string) string {
		return "-rw-r--r--    1 0        0               1 " + fakeTime + " " + name
	}
	for name, stat := range map[string]func(s *fakeSession){
		"no . and ..":       func(s *fakeSession) { s.sayRows([]string{row("file"), "drwxr-xr-x 2 0 0 1 " + fakeTime + " sub"}) },
		"a row of no use":   func(s *fakeSession) { s.sayRows(append(s.statRows("-a")[:3], row("../evil"))) },
		"a line end inside": func(s *fakeSession) { s.sayRows(append(s.statRows("-a"), row("x")+"\n"+row("evil"))) },
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, statTree())
			c := statClient(t, f, nil)
			f.hook = on("STAT", func(s *fakeSession, _ string) { stat(s) })
			l, err := c.List(t.Context(), "/a")
			if noError(t, name, err); err == nil && !slices.Equal(namesOf(l), []string{".hidden", "file", "sub"}) {
				t.Errorf("%s: %q", name, namesOf(l))
			}
		})
	}
}

// A code that cannot answer its command costs the connection, and what was read
// on it is forgotten.
func TestFlightOutOfStep(t *testing.T) {
	for _, tc := range []struct{ verb, reply, feat string }{
		{"CWD", "350 ready", ""}, {"CWD", "213 19991121023500", ""},
		{"STAT", "250-x\r\n250 done", ""}, {"STAT", "250 ok", ""}, {"STAT", "350 ready", ""},
		{"MDTM", "250 ok", ""}, {"MDTM", "350 ready", ""},
		{"MLST", "213 1", "MLST type*;size*;modify*;"}, {"MLST", "350 ready", "MLST type*;size*;modify*;"},
	} {
		synctest.Test(t, func(t *testing.T) {
			what := tc.reply + " to " + tc.verb
			tree := statTree()
			tree["/a/mine"] = "x"
			f := newFake(t, tree)
			if tc.feat != "" {
				f.feat = []string{tc.feat}
			}
			c := statClient(t, f, nil)
			odd := true
			f.hook = func(s *fakeSession, verb, arg string) bool {
				if verb != tc.verb || !odd {
					return lists(s, verb, arg)
				}
				odd = false
				if verb == "STAT" && strings.HasPrefix(tc.reply, "250-") {
					s.say(slices.Concat([]string{"250-x"}, s.statRows(arg), []string{"250 x"})...)
				} else {
					s.say(tc.reply)
				}
				return true
			}
			l, err := c.List(t.Context(), "/a")
			if noError(t, what, err); err == nil && !slices.Equal(namesOf(l), []string{".hidden", "file", "mine", "sub"}) {
				t.Errorf("%s: %q", what, namesOf(l))
			}
			if odd || f.sessions != 2 {
				t.Errorf("%s: %d sessions, want 2", what, f.sessions)
			}
		})
	}
}

// A listing by STAT that has no end is given up like any other.
func TestEndlessStat(t *testing.T) {
	defer func(was replyLimit) { statLimit = was }(statLimit)
	piece := strings.Repeat("-rw-r--r--    1 0        0               1 "+fakeTime+" x\r\n", 100)
	for _, limit := range []replyLimit{{lines: 1000, bytes: 1 << 40}, {lines: 1 << 40, bytes: 64 << 10}} {
		statLimit = limit
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, statTree())
			c := statClient(t, f, nil)
			var taken atomic.Int64
			f.hook = on("STAT", func(s *fakeSession, _ string) {
				io.WriteString(s.nc, "213-x\r\n")
				for taken.Load() < 1<<20 {
					n, err := io.WriteString(s.nc, piece)
					if taken.Add(int64(n)); err != nil {
						return
					}
				}
				s.say("213 x")
			})
			l, err := c.List(t.Context(), "/a")
			if noError(t, "List", err); err == nil && len(l.Entries) != 3 {
				t.Errorf("%d entries", len(l.Entries))
			}
			if n := taken.Load(); n > 256<<10 {
				t.Errorf("%d octets were taken", n)
			}
		})
	}
}

// No more than a window of commands is without an answer, however much is
// wanted.
func TestWindowOfCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		c := statClient(t, f, func(o *Options) { o.KeepIdle = true })
		synctest.Wait()
		octets := 0
		f.hook = on("CWD", func(s *fakeSession, arg string) {
			octets = len(arg) + s.in.Buffered()
			s.nc.SetReadDeadline(time.Now().Add(time.Second))
			n, _ := io.Copy(io.Discard, s.nc) // ends at the deadline
			octets += int(n)
			s.hangUp()
		})
		n := 0
		next := func() (string, bool) {
			n++
			return fmt.Sprintf("/%0100d", n), n < 5000
		}
		err := c.ListAhead(t.Context(), next, func(string, *Listing, error) {})
		wantKind(t, "ListAhead", err, KindNetwork)
		if octets == 0 || octets > pipelineWindow+1000 {
			t.Errorf("%d octets without an answer", octets)
		}
	})
}

// Work that nobody waits for does not take the last connection that may be
// made.
func TestListAheadLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		c := statClient(t, f, func(o *Options) { o.Connections = 2 })
		d, err := c.Retrieve(t.Context(), "/a/file", RetrieveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		err = c.ListAhead(t.Context(), func() (string, bool) { return "/a", true }, func(string, *Listing, error) {
			t.Error("a directory was listed")
		})
		if err != ErrNotAhead || f.sessions != 1 {
			t.Errorf("%v, %d sessions", err, f.sessions)
		}
	})
}

// Who waits for a connection gets that of ListAhead, though more is wanted.
func TestListAheadGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		c := statClient(t, f, func(o *Options) { o.Connections = 2 })
		open := func() *Download {
			d, err := c.Retrieve(t.Context(), "/a/file", RetrieveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		d := open()
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/second")) // on a connection of its own
		_, err := io.ReadAll(d)
		noError(t, "read", err)
		made := make(chan error, 1)
		asked, late := 0, 0
		next := func() (string, bool) {
			asked++
			if c.pool.waiting.Load() > 0 {
				late++
			}
			return "/a", asked < 20000
		}
		listed := 0
		err = c.ListAhead(t.Context(), next, func(string, *Listing, error) {
			if listed++; listed == 1 {
				d = open()
				go func() { made <- c.Mkdir(t.Context(), "/third") }()
				synctest.Wait()
			}
		})
		noError(t, "ListAhead", err)
		noError(t, "who waited", <-made)
		if d.Close(); late > 0 {
			t.Errorf("%d more directories were begun", late)
		}
	})
}

// The password goes to nobody who has not asked for it once.
func TestPasswordIsAskedForFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = on("USER", func(s *fakeSession, _ string) {
			if n := s.in.Buffered(); n > 0 {
				t.Errorf("%d octets came with the user's name", n)
			}
			s.say("230 in")
		})
		c := f.client(nil)
		_, err := c.Connect(t.Context())
		if noError(t, "Connect", err); f.count("PASS") > 0 {
			t.Error("the password was sent")
		}
	})
}

// Telnet commands in replies are no part of them, wherever they stand.
func TestTelnetOverTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(nil)
		for i, line := range []string{"\xff\xfb\x01257 ok", "2\xff\xf157 ok", "257\xff\xfd\x06 ok", "257-a\r\n\xff\xfc\x01257 ok"} {
			f.hook = on("MKD", func(s *fakeSession, _ string) { s.say(line) })
			noError(t, fmt.Sprintf("%q", line), c.Mkdir(t.Context(), fmt.Sprintf("/%d", i)))
		}
	})
}

// A server that takes no data is given up.
func TestUploadThatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = on("STOR", func(s *fakeSession, _ string) {
			nc := s.accept()
			s.say("150 go")
			s.in.Peek(1) // until the client gives up
			nc.Close()
		})
		_, err := f.client(nil).Store(t.Context(), "/f", strings.NewReader("abc"), StoreOptions{})
		wantKind(t, "Store", err, KindTimeout)
	})
}
