package ftpclient

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// flown are the flights since the last call, of one session. What is sent ahead
// of need has arrived by then.
func (f *fake) flown() []string {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	fl := f.flights
	f.flights = nil
	return fl
}

// ready makes a client whose server is known to take all at once, and that has
// its data connection.
func ready(t *testing.T, f *fake, change func(*Options)) *Client {
	t.Helper()
	c := f.client(change)
	got, err := readAll(t.Context(), c, "/f", 0)
	if noError(t, "read", err); got != "abcdef" {
		t.Fatalf("read %q", got)
	}
	f.flown()
	return c
}

func fTree() map[string]string { return map[string]string{"/f": "abcdef", "/d/": ""} }

// What a transfer needs goes out in one write, and the next one's data
// connection is asked for in it.
func TestFlights(t *testing.T) {
	verify := StoreOptions{Verify: true}
	store := func(o StoreOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			s, err := c.Store(ctx, "/g", strings.NewReader("xyz"), o)
			if err == nil && o.Verify && (s.Entry.Size <= 0 || s.VerifyErr != nil) {
				err = fmt.Errorf("verified: %+v, %w", s.Entry, s.VerifyErr)
			}
			return err
		}
	}
	read := func(o RetrieveOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			d, err := c.Retrieve(ctx, "/f", o)
			if err != nil {
				return err
			}
			defer d.Close()
			b, err := io.ReadAll(d)
			if e, ok := d.Verified(); err == nil && (string(b) != "abcdef"[o.Offset:] || o.Verify && (!ok || e.Size != 6)) {
				err = fmt.Errorf("read %q, %+v, %v", b, e, ok)
			}
			return err
		}
	}
	mlst := "MLST type*;size*;modify*;"
	for _, tc := range []struct {
		name string
		feat string
		op   func(context.Context, *Client) error
		want []string
	}{
		{"read", "", read(RetrieveOptions{}), []string{"RETR /f | EPSV"}},
		{"read from an offset", "", read(RetrieveOptions{Offset: 2}), []string{"REST 2 | RETR /f | EPSV"}},
		{"read, verified", "", read(RetrieveOptions{Offset: 2, Verify: true}),
			[]string{"SIZE /f | MDTM /f | REST 2 | RETR /f | EPSV"}},
		{"read, verified by MLST", mlst, read(RetrieveOptions{Verify: true}), []string{"MLST /f | RETR /f | EPSV"}},
		{"store", "", store(StoreOptions{}), []string{"STOR /g | EPSV"}},
		{"store, verified", "", store(verify), []string{"STOR /g | SIZE /g | MDTM /g | EPSV"}},
		{"store, verified by MLST", mlst, store(verify), []string{"STOR /g | MLST /g | EPSV"}},
		{"append", "", store(StoreOptions{Append: true, Verify: true}), []string{"APPE /g | SIZE /g | MDTM /g | EPSV"}},
		{"store, with its time", "", store(StoreOptions{Verify: true, ModTime: time.Unix(0, 0)}),
			[]string{"STOR /g | SIZE /g | MDTM /g | MFMT 19700101000000 /g | EPSV"}},
		// A REST that was refused would have STOR destroy what is to be kept.
		{"store at an offset", "", store(StoreOptions{Offset: 1}), []string{"REST 1", "STOR /g | EPSV"}},
		{"list", mlst, func(ctx context.Context, c *Client) error { _, err := c.List(ctx, "/d"); return err }, []string{"MLSD /d | EPSV"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, fTree())
				if tc.feat != "" {
					f.feat = []string{tc.feat}
				}
				f.hook = says("MFMT", "213 Modify=19700101000000; /g")
				c := ready(t, f, nil)
				noError(t, "SetModTime", c.SetModTime(t.Context(), "/f", time.Unix(0, 0), false))
				f.flown()
				for range 2 {
					noError(t, tc.name, tc.op(t.Context(), c))
					if got := f.flown(); !slices.Equal(got, tc.want) {
						t.Errorf("flights %q, want %q", got, tc.want)
					}
				}
				noError(t, "Mkdir", c.Mkdir(t.Context(), "/between"))
				noError(t, tc.name, tc.op(t.Context(), c))
				if c.Features().DataAhead != Yes {
					t.Errorf("%+v", factOf(t, c.Features().Facts(), factDataAhead.name))
				}
			})
		})
	}
}

// A second connection has its data connection when it is logged in.
func TestFlightsOfSecondLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, fTree())
		f.hook = stalls
		c := f.client(nil)
		d := hold(t, c, "/f")
		f.flown()
		f.hook = nil
		got, err := readAll(t.Context(), c, "/f", 0)
		if noError(t, "read", err); got != "abcdef" {
			t.Errorf("read %q", got)
		}
		want := []string{"USER anonymous | PASS ftpfs@ | TYPE I | EPSV", "RETR /f | EPSV"}
		if got := f.flown(); !slices.Equal(got, want) {
			t.Errorf("flights %q, want %q", got, want)
		}
		d.Close()
	})
}

// With KeepIdle the first transfer has its data connection, and one that is idle
// without gets one; nobody waits for it.
func TestKeepIdlePrepares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, fTree())
		c := f.client(func(o *Options) { o.KeepIdle, o.Connections = true, 1 })
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		f.flown()
		got, err := readAll(t.Context(), c, "/f", 0)
		if noError(t, "read", err); got != "abcdef" {
			t.Errorf("read %q", got)
		}
		if got, want := f.flown(), []string{"RETR /f | EPSV"}; !slices.Equal(got, want) {
			t.Errorf("flights %q, want %q", got, want)
		}
		<-time.After(channelFresh / 2)
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/n"))
		<-time.After(channelFresh * 3 / 4) // by now the data connection is old, the connection is not
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/o"))
		if got, want := f.flown(), []string{"MKD /n", "MKD /o", "EPSV"}; !slices.Equal(got, want) {
			t.Errorf("flights %q, want %q", got, want)
		}
	})
}

// Small content is there before the server has said anything; what it holds back
// until then does not matter.
func TestStoreAtOnce(t *testing.T) {
	for _, verb := range []string{"STOR", "APPE"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, fTree())
			c := ready(t, f, nil)
			content := strings.Repeat("x", smallStore-1)
			f.hook = on(verb, func(s *fakeSession, path string) {
				nc := s.accept()
				b, err := io.ReadAll(nc)
				noError(t, "what was sent", err)
				s.put(path, string(b))
				s.say("150 all is here", "226 done")
			})
			s, err := c.Store(t.Context(), "/g", strings.NewReader(content), StoreOptions{Append: verb == "APPE"})
			noError(t, verb, err)
			if got, _ := f.get("/g"); got != content || s.Sent != int64(len(content)) {
				t.Errorf("%s: %d octets, %d sent", verb, len(got), s.Sent)
			}
		})
	}
}

// What became of a data connection that was opened ahead is nobody's trouble: 425
// at its use, a refusal to open another, a server that keeps none.
func TestChannelOfNoUse(t *testing.T) {
	read := func(t *testing.T, c *Client) {
		t.Helper()
		got, err := readAll(t.Context(), c, "/f", 1)
		if noError(t, "read", err); got != "bcdef" {
			t.Errorf("read %q", got)
		}
	}
	store := func(t *testing.T, c *Client) {
		t.Helper()
		s, err := c.Store(t.Context(), "/g", strings.NewReader("xyz"), StoreOptions{Verify: true})
		if noError(t, "Store", err); s.Sent != 3 || s.Entry.Size != 3 {
			t.Errorf("%+v", s)
		}
	}
	// once refuses the first of these commands that comes.
	once := func(verb, line string) func(*fakeSession, string, string) bool {
		done := false
		return func(s *fakeSession, v, _ string) bool {
			if v != verb || done {
				return false
			}
			done = true
			s.say(line)
			return true
		}
	}
	for _, tc := range []struct {
		name string
		hook func(*fakeSession, string, string) bool
		op   func(*testing.T, *Client)
	}{
		{"425 to RETR", once("RETR", "425 no data connection"), read},
		{"425 to STOR", once("STOR", "425 no data connection"), store},
		{"503 to RETR", once("RETR", "503 EPSV first"), read},
		{"no port is free", once("EPSV", "425 no port"), read},
		{"EPSV refused behind", once("EPSV", "500 what?"), read},
		{"nothing listens", once("EPSV", "229 ok (|||29999|)"), read},
		{"another port than one", once("EPSV", "229 ok (|||22|)"), read},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, fTree())
				c := ready(t, f, nil)
				f.hook = tc.hook
				for range 3 {
					tc.op(t, c)
				}
				if f.sessions != 1 || c.Features().DataAhead == No {
					t.Errorf("%d sessions, %+v", f.sessions, factOf(t, c.Features().Facts(), factDataAhead.name))
				}
			})
		})
	}
}

// quirkDataDropped: a server that forgets data connections at other commands is known after two
// transfers.
func TestChannelsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, fTree())
		c := ready(t, f, nil)
		dead := false
		f.hook = func(s *fakeSession, verb, _ string) bool {
			switch verb {
			case "MKD":
				dead = true
			case "EPSV":
				dead = false
			case "RETR":
				if dead {
					s.say("425 no data connection")
				}
				return dead
			}
			return false
		}
		for i := range 4 {
			noError(t, "Mkdir", c.Mkdir(t.Context(), fmt.Sprint("/", i)))
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "read", err); got != "abcdef" {
				t.Errorf("read %q", got)
			}
		}
		fact := factOf(t, c.Features().Facts(), factDataAhead.name)
		if fact.Value != "no" || !strings.Contains(fact.Evidence, "RETR /f → 425 no data connection") || f.count("RETR") != 1+4+2 {
			t.Errorf("%+v, %d RETR", fact, f.count("RETR"))
		}
	})
}

// A server that does not answer the EPSV behind a transfer, or ends: who comes
// next gets what he wants on another connection.
func TestOwedReplyNeverComes(t *testing.T) {
	for name, say := range map[string]func(*fakeSession){
		"nothing": func(*fakeSession) {},
		"421":     func(s *fakeSession) { s.say("421 bye"); s.hangUp() },
		"the end": func(s *fakeSession) { s.hangUp() },
		"530":     func(s *fakeSession) { s.say("530 log in") },
		"226":     func(s *fakeSession) { s.say("226 once more") },
		"words":   func(s *fakeSession) { s.say("good day") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, fTree())
				c := ready(t, f, nil)
				f.hook = func(s *fakeSession, verb, _ string) bool {
					if verb != "EPSV" || s.n > 1 {
						return false
					}
					say(s)
					return true
				}
				for range 2 {
					got, err := readAll(t.Context(), c, "/f", 0)
					if noError(t, "read", err); got != "abcdef" {
						t.Errorf("read %q", got)
					}
				}
				noError(t, "Mkdir", c.Mkdir(t.Context(), "/n"))
				if f.sessions != 2 || c.pool.count() != 1 {
					t.Errorf("%d sessions, %d connections", f.sessions, c.pool.count())
				}
			})
		})
	}
}

// Close does not wait for the server, and who comes next waits until it has said
// how the transfer ended.
func TestCloseDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, fTree())
		c := ready(t, f, nil)
		f.hook = on("RETR", func(s *fakeSession, _ string) {
			nc := s.accept()
			s.say("150 a")
			io.WriteString(nc, "abc")
			io.WriteString(nc, "def") // fails: closed
			<-time.After(abortTimeout / 2)
			s.say("426 cut")
		})
		d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadFull(d, make([]byte, 3))
		noError(t, "Read", err)
		start := time.Now()
		noError(t, "Close", d.Close())
		if took := time.Since(start); took != 0 {
			t.Errorf("Close took %v", took)
		}
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/n"))
		if f.sessions != 1 {
			t.Errorf("%d sessions", f.sessions)
		}
	})
}

// A refused upload keeps its words, what was sent of it is forgotten, and the
// connection is in step.
func TestRefusedStoreAtOnce(t *testing.T) {
	for line, kind := range map[string]Kind{"553 Prohibited file name: g": KindInvalidName, "552 over quota": KindNoSpace,
		"452 disk full": KindNoSpace, "550 Permission denied": KindPermission} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, fTree())
			c := ready(t, f, nil)
			f.hook = says("STOR", line)
			for range 2 {
				_, err := c.Store(t.Context(), "/g", strings.NewReader("xyz"), StoreOptions{Verify: true})
				wantKind(t, line, err, kind)
			}
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "read", err); got != "abcdef" || f.sessions != 1 {
				t.Errorf("read %q, %d sessions", got, f.sessions)
			}
		})
	}
}

// Where pipelining is not known to do, all goes one by one, and nothing is asked
// for ahead of need.
func TestNoFlights(t *testing.T) {
	for _, known := range []Support{No, Untried} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, fTree())
			c := f.client(func(o *Options) { o.KeepIdle, o.Connections = true, 1 })
			c.srv.learn(factPipelining, No, "the test")
			_, err := c.Connect(t.Context())
			noError(t, "Connect", err)
			c.srv.learn(factPipelining, known, "the test")
			f.flown()
			d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{Offset: 2, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(d)
			noError(t, "read", err)
			s, err := c.Store(t.Context(), "/g", strings.NewReader("xyz"), StoreOptions{Verify: true})
			if noError(t, "Store", err); s.Entry.Size != 3 || string(b) != "cdef" {
				t.Errorf("%+v, read %q", s, b)
			}
			want := []string{"SIZE /f", "MDTM /f", "EPSV", "REST 2", "RETR /f", "EPSV", "STOR /g", "SIZE /g", "MDTM /g"}
			if got := f.flown(); !slices.Equal(got, want) {
				t.Errorf("%v: flights %q, want %q", known, got, want)
			}
		})
	}
}

// RetrieveAhead has whole files, each in one flight, and leaves a connection for
// who comes.
func TestRetrieveAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fTree()
		tree["/large"], tree["/empty"] = strings.Repeat("x", 5000), ""
		f := newFake(t, tree)
		c := ready(t, f, nil)
		paths := []string{"/f", "/large", "/missing", "relative", "/empty", "/f"}
		var got []string
		next := func() (string, bool) {
			if len(paths) == 0 {
				return "", false
			}
			p := paths[0]
			paths = paths[1:]
			return p, true
		}
		err := c.RetrieveAhead(t.Context(), 4096, next, func(p string, a Ahead) {
			what := fmt.Sprintf("%s %q %v %d", p, a.Data, a.Verified, a.Entry.Size)
			if a.Err != nil {
				what = fmt.Sprintf("%s %v", p, KindOf(a.Err))
				if a.Err == ErrTooLarge {
					what = p + " too large"
				}
			}
			got = append(got, what)
		})
		noError(t, "RetrieveAhead", err)
		want := []string{`/f "abcdef" true 6`, "/large too large", "/missing " + KindNotExist.String(),
			"relative " + KindInvalidName.String(), `/empty "" true 0`, `/f "abcdef" true 6`}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		flights := f.flown()
		for _, p := range []string{"/f", "/large", "/empty"} {
			if !slices.Contains(flights, "SIZE "+p+" | MDTM "+p+" | RETR "+p+" | EPSV") {
				t.Errorf("flights %q", flights)
			}
		}
		if f.sessions != 1 {
			t.Errorf("%d sessions, want 1", f.sessions)
		}
		c2 := f.client(func(o *Options) { o.Connections = 1 })
		if err := c2.RetrieveAhead(t.Context(), 1, next, func(string, Ahead) {}); err != ErrNotAhead {
			t.Errorf("the only connection: %v", err)
		}
	})
}
