package ftpclient

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestRetrieve(t *testing.T) {
	const content = "0123456789"
	// answer makes a hook that replaces one command.
	answer := func(verb string, do func(s *fakeSession)) func(*fakeSession, string, string) bool {
		return func(s *fakeSession, v, _ string) bool {
			if v == verb {
				do(s)
			}
			return v == verb
		}
	}
	say := func(lines ...string) func(*fakeSession) { return func(s *fakeSession) { s.say(lines...) } }
	transfer := func(before, after []string) func(*fakeSession) {
		return func(s *fakeSession) {
			nc := s.accept()
			if len(before) > 0 {
				s.say(before...)
			}
			io.WriteString(nc, content)
			nc.Close()
			if len(after) > 0 {
				s.say(after...)
			}
		}
	}
	for _, tc := range []struct {
		name   string
		offset int64
		hook   func(*fakeSession, string, string) bool
		want   string
		kind   Kind
	}{
		{name: "whole", want: content},
		{name: "from an offset", offset: 4, want: "456789"},
		{name: "from the end", offset: 10},
		{name: "past the end, 550", offset: 11}, // quirkRestPastEnd
		{name: "past the end, 226", offset: 11, hook: answer("RETR", func(s *fakeSession) { s.send("") })},
		{name: "no REST", offset: 4, hook: answer("REST", say("502 no")), want: "456789"},
		{name: "no REST, past the end", offset: 40, hook: answer("REST", say("502 no"))},
		// quirkRepeated150
		{name: "150 twice", hook: answer("RETR", transfer([]string{"150 a", "150 b"}, []string{"226 done"})), want: content},
		{name: "125", hook: answer("RETR", transfer([]string{"125 a"}, []string{"250 done"})), want: content},
		{name: "cut, 426", hook: answer("RETR", transfer([]string{"150 a"}, []string{"426 cut"})), kind: KindTruncated},
		{name: "cut, 451", hook: answer("RETR", transfer([]string{"150 a"}, []string{"451 disk"})), kind: KindTruncated},
		{name: "no final reply", hook: answer("RETR", transfer([]string{"150 a"}, nil)), kind: KindTimeout},
		{name: "control lost", hook: answer("RETR", func(s *fakeSession) {
			transfer([]string{"150 a"}, nil)(s)
			s.hangUp()
		}), kind: KindNetwork},
		{name: "421 at the end", hook: answer("RETR", transfer([]string{"150 a"}, []string{"421 bye"})), kind: KindNetwork},
		{name: "425", hook: answer("RETR", say("425 no data connection")), kind: KindNetwork},
		{name: "data stalls", hook: answer("RETR", func(s *fakeSession) {
			nc := s.accept()
			defer nc.Close()
			s.say("150 a")
			io.WriteString(nc, "01")
			s.in.Peek(1) // until the client gives up
		}), kind: KindTimeout},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": content})
				f.hook = tc.hook
				got, err := readAll(t.Context(), f.client(nil), "/f", tc.offset)
				if tc.kind != 0 {
					wantKind(t, "read", err, tc.kind)
					return
				}
				noError(t, "read", err)
				if got != tc.want {
					t.Errorf("read %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// quirkNo150: a server that sends 226 without 150 has the data on its way all the same.
func TestRetrieveWithout150(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "RETR" {
				nc := s.accept()
				s.say("226 there you are")
				io.WriteString(nc, "abc")
				nc.Close()
			}
			return verb == "RETR"
		}
		c := f.client(nil)
		for range 2 {
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "read", err); got != "abc" {
				t.Errorf("read %q", got)
			}
		}
		if f.sessions != 1 {
			t.Errorf("%d sessions, want 1: the replies are in step", f.sessions)
		}
	})
}

// After an early Close the connection is used again if what the server says
// allows it.
func TestDownloadCloseEarly(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answer   []string // to the closed data connection
		sessions int
	}{
		{"426", []string{"426 cut"}, 1},
		{"226", []string{"226 done"}, 1},
		{"another 150 and no more", []string{"150 0.042 seconds"}, 1}, // quirkFinal150
		{"150 and 426", []string{"150 again", "426 cut"}, 1},
		{"nothing, and the port that was asked for", nil, 1},
		{"421", []string{"421 bye"}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abcdef"})
				f.hook = func(s *fakeSession, verb, _ string) bool {
					if verb != "RETR" || s.n > 1 {
						return false
					}
					nc := s.accept()
					s.say("150 a")
					io.WriteString(nc, "abc")
					io.WriteString(nc, "def") // fails: closed
					if nc.Close(); len(tc.answer) > 0 {
						s.say(tc.answer...)
					}
					return true
				}
				c := f.client(nil)
				d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.ReadFull(d, make([]byte, 3))
				noError(t, "Read", err)
				noError(t, "Close", d.Close())
				noError(t, "Close again", d.Close())
				if _, err := d.Read(make([]byte, 1)); err == nil || err == io.EOF {
					t.Errorf("Read after Close: %v", err)
				}
				_, err = c.List(t.Context(), "/")
				noError(t, "List", err)
				if f.sessions != tc.sessions {
					t.Errorf("%d sessions, want %d", f.sessions, tc.sessions)
				}
			})
		})
	}
}

// The server's word for where to connect to is not taken: only its port is.
func TestPassiveHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "EPSV" {
				s.say("500 what?")
			}
			return verb == "EPSV"
		}
		c := f.client(nil)
		for range 2 {
			_, err := readAll(t.Context(), c, "/f", 0)
			noError(t, "read", err)
		}
		synctest.Wait() // for the data connection that is opened ahead
		for _, addr := range f.dials {
			if !strings.HasPrefix(addr, "server.test:") {
				t.Errorf("dialed %s", addr)
			}
		}
		if c.Features().EPSV != No || f.count("EPSV") != 1 {
			t.Errorf("EPSV %v, sent %d times", c.Features().EPSV, f.count("EPSV"))
		}
	})
}

// PASV is tried where the port of the first EPSV cannot be reached.
func TestEPSVUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "EPSV" {
				s.say("229 ok (|||29999|)")
			}
			return verb == "EPSV"
		}
		c := f.client(nil)
		got, err := readAll(t.Context(), c, "/f", 0)
		if noError(t, "read", err); got != "abc" {
			t.Errorf("read %q", got)
		}
		if c.Features().EPSV != No {
			t.Errorf("EPSV %v", c.Features().EPSV)
		}
	})
}

// A stall of the data connection of a server that is known to do EPSV is no
// reason to give EPSV up.
func TestEPSVStaysLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		c := f.client(nil)
		_, err := readAll(t.Context(), c, "/f", 0)
		noError(t, "read", err)
		synctest.Wait()
		f.mu.Lock()
		f.dialErr = func(addr string) error {
			if strings.HasSuffix(addr, ":21") {
				return nil
			}
			return errors.New("unreachable")
		}
		f.mu.Unlock()
		if _, err = readAll(t.Context(), c, "/f", 0); err == nil { // on what was opened ahead
			_, err = readAll(t.Context(), c, "/f", 0)
		}
		wantKind(t, "read", err, KindNetwork)
		if c.Features().EPSV != Yes || f.count("PASV") != 0 {
			t.Errorf("EPSV %v, %d PASV", c.Features().EPSV, f.count("PASV"))
		}
	})
}

func TestStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		c := f.client(nil)
		big := strings.Repeat("0123456789", 100_000)
		for _, tc := range []struct {
			path, content, want string
			o                   StoreOptions
		}{
			{"/new", "", "", StoreOptions{}},
			{"/new", big, big, StoreOptions{}},
			{"/f", "de", "abcde", StoreOptions{Append: true}},
			{"/f", "x", "abcx", StoreOptions{Offset: 3}},
		} {
			n, err := c.Store(t.Context(), tc.path, iotest.HalfReader(strings.NewReader(tc.content)), tc.o)
			noError(t, "Store", err)
			if got, _ := f.get(tc.path); got != tc.want || n.Sent != int64(len(tc.content)) {
				t.Errorf("%s: stored %d octets, the file has %d, want %d", tc.path, n.Sent, len(got), len(tc.want))
			}
		}
	})
}

func TestStoreFails(t *testing.T) {
	failing := errors.New("source failed")
	cut := func(answer ...string) func(*fakeSession, string, string) bool {
		return func(s *fakeSession, verb, _ string) bool {
			if verb != "STOR" {
				return false
			}
			nc := s.accept()
			s.say("150 go")
			io.ReadFull(nc, make([]byte, 10))
			nc.Close()
			if len(answer) == 0 {
				s.hangUp()
				return true
			}
			s.say(answer...)
			return true
		}
	}
	refuse := func(verb, line string) func(*fakeSession, string, string) bool {
		return func(s *fakeSession, v, _ string) bool {
			if v == verb {
				s.say(line)
			}
			return v == verb
		}
	}
	for _, tc := range []struct {
		name string
		hook func(*fakeSession, string, string) bool
		src  io.Reader
		o    StoreOptions
		kind Kind
		err  error
	}{
		{name: "source", src: io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(failing)), err: failing},
		{name: "552 at once", hook: refuse("STOR", "552 full"), kind: KindNoSpace},
		{name: "452 on the way", hook: cut("452 full"), kind: KindNoSpace},
		{name: "426 on the way", hook: cut("426 broken"), kind: KindNetwork},
		{name: "connection lost", hook: cut(), kind: KindNetwork},
		{name: "REST refused", hook: refuse("REST", "502 no"), o: StoreOptions{Offset: 3}, kind: KindUnsupported},
		{name: "prohibited", hook: refuse("STOR", "553 Prohibited file name: f"), kind: KindInvalidName},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				f.hook = tc.hook
				src := tc.src
				if src == nil {
					src = strings.NewReader(strings.Repeat("x", 1<<20))
				}
				c := f.client(nil)
				_, err := c.Connect(t.Context())
				noError(t, "Connect", err)
				_, err = c.Store(t.Context(), "/f", src, tc.o)
				if tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("%v, want %v", err, tc.err)
				}
				if tc.err == nil {
					wantKind(t, "Store", err, tc.kind)
				}
				if n := f.count("STOR"); n > 1 {
					t.Errorf("STOR was sent %d times", n)
				}
				if content, _ := f.get("/f"); tc.name == "REST refused" && content != "abc" {
					t.Errorf("the file holds %q", content)
				}
			})
		})
	}
}

// REST is the command right before RETR.
func TestRestPrecedesRetr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		_, err := readAll(t.Context(), f.client(nil), "/f", 1)
		noError(t, "read", err)
		synctest.Wait() // for the EPSV behind
		if got, want := f.commands(), []string{"EPSV", "REST 1", "RETR /f", "EPSV"}; !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}

// A cancelled context ends a download, and its connection.
func TestDownloadCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "RETR" {
				nc := s.accept()
				defer nc.Close()
				s.say("150 a")
				s.in.Peek(1)
			}
			return verb == "RETR"
		}
		c := f.client(nil)
		ctx, cancel := contextWithCancel(t)
		d, err := c.Retrieve(ctx, "/f", RetrieveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, cancel)
		_, err = d.Read(make([]byte, 1))
		wantKind(t, "Read", err, KindCanceled)
		noError(t, "Close", d.Close())
		_, err = c.Connect(t.Context())
		noError(t, "Connect", err)
		if f.sessions != 2 {
			t.Errorf("%d sessions, want 2", f.sessions)
		}
	})
}
