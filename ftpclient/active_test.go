package ftpclient

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// soon bounds what would otherwise wait for ever. No test waits that long if it
// passes.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// All transfers work with connections that the server opens, over IPv4 and
// IPv6, and no passive one is asked for.
func TestActiveTransfers(t *testing.T) {
	for host, verb := range map[string]string{"127.0.0.1": "PORT", "::1": "EPRT"} {
		t.Run(host, func(t *testing.T) {
			f := newActiveFake(t, host, map[string]string{"/f": "0123456789", "/empty": ""})
			c := f.client(nil)
			for path, want := range map[string]string{"/f": "3456789", "/empty": ""} {
				got, err := readAll(soon(t), c, path, int64(min(3, len(want))))
				if noError(t, "read", err); got != want {
					t.Errorf("%s: read %q", path, got)
				}
			}
			big := make([]byte, 1<<20)
			rand.Read(big)
			for _, content := range []string{"", "x", string(big)} {
				_, err := c.Store(soon(t), "/up", iotest.HalfReader(strings.NewReader(content)), StoreOptions{})
				noError(t, "Store", err)
				if got, _ := f.get("/up"); got != content {
					t.Errorf("stored %d octets of %d", len(got), len(content))
				}
			}
			l, err := c.List(soon(t), "/")
			if noError(t, "List", err); err == nil && len(l.Entries) != 3 {
				t.Errorf("listed %q", names(l))
			}
			if f.count("EPSV")+f.count("PASV") != 0 || f.count(verb) != f.count("PORT")+f.count("EPRT") || f.sessions != 1 {
				t.Errorf("%d sessions sent %q", f.sessions, f.commands())
			}
			if told, _, _ := net.SplitHostPort(f.lastTold()); told != host {
				t.Errorf("told the server %s", f.lastTold())
			}
		})
	}
}

// A download that rests goes on where it was.
func TestActiveParked(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abcdef"})
	d, err := f.client(nil).Retrieve(soon(t), "/f", RetrieveOptions{Offset: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	two := make([]byte, 2)
	_, err = io.ReadFull(d, two)
	noError(t, "Read", err)
	d.Park()
	if !d.Resume() {
		t.Error("Resume: false")
	}
	rest, err := io.ReadAll(d)
	noError(t, "read", err)
	if got := string(two) + string(rest); got != "bcdef" {
		t.Errorf("read %q", got)
	}
}

// The server's connection and its words come in any order.
func TestActiveOrder(t *testing.T) {
	send := func(nc net.Conn) {
		io.WriteString(nc, "abc")
		nc.Close()
	}
	for name, retr := range map[string]func(s *fakeSession, heard func()){
		"connects, then 150": func(s *fakeSession, _ func()) {
			nc := s.call()
			s.say("150 a")
			send(nc)
			s.say("226 b")
		},
		"150, then connects": func(s *fakeSession, heard func()) {
			s.say("150 a")
			heard()
			send(s.call())
			s.say("226 b")
		},
		"150 twice, then connects": func(s *fakeSession, heard func()) { // quirkRepeated150
			s.say("150 a", "150 b")
			heard()
			send(s.call())
			s.say("226 c")
		},
		"150, connects, 150": func(s *fakeSession, heard func()) {
			s.say("150 a")
			heard()
			nc := s.call()
			s.say("150 b")
			send(nc)
			s.say("226 c")
		},
		"150 and 226 at once, then connects": func(s *fakeSession, heard func()) {
			s.say("150 a", "226 b")
			heard()
			send(s.call())
		},
		"226 alone, then connects": func(s *fakeSession, heard func()) { // quirkNo150
			s.say("226 b")
			heard()
			send(s.call())
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
			heard := make(chan struct{}, 8)
			f.before = on("RETR", func(s *fakeSession, _ string) {
				retr(s, func() { <-heard })
			})
			c := f.client(func(o *Options) {
				o.Trace = &Trace{Reply: func(_, code int, _ string, _ time.Duration) {
					if code == 150 || code == 226 {
						heard <- struct{}{}
					}
				}}
			})
			for range 2 {
				got, err := readAll(soon(t), c, "/f", 0)
				if noError(t, "read", err); got != "abc" {
					t.Errorf("read %q", got)
				}
				for len(heard) > 0 {
					<-heard
				}
			}
			if f.sessions != 1 {
				t.Errorf("%d sessions, want 1: the replies are in step", f.sessions)
			}
		})
	}
}

// A server that says no is not waited for, whatever it has said before, and the
// port is closed.
func TestActiveRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		say  []string
		kind Kind
	}{
		"425":               {[]string{"425 cannot connect"}, KindNetwork},
		"550":               {[]string{"550 No such file"}, KindNotExist},
		"150, 425":          {[]string{"150 opening", "425 cannot connect"}, KindNetwork},
		"150, 150, 426":     {[]string{"150 opening", "150 opening", "426 cut"}, KindNetwork},
		"150, 451 too late": {[]string{"150 opening", "451 No space left on device"}, KindNoSpace},
	} {
		t.Run(name, func(t *testing.T) {
			f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
			f.before = func(s *fakeSession, verb, _ string) bool {
				if verb == "RETR" || verb == "STOR" {
					s.say(tc.say...)
				}
				return verb == "RETR" || verb == "STOR"
			}
			c := f.client(func(o *Options) { o.DialTimeout = time.Hour })
			_, err := readAll(soon(t), c, "/f", 0)
			wantKind(t, "read", err, tc.kind)
			_, err = c.Store(soon(t), "/f", strings.NewReader("abc"), StoreOptions{})
			wantKind(t, "Store", err, tc.kind)
			if nc, err := net.Dial("tcp", f.lastTold()); err == nil {
				nc.Close()
				t.Error("the port is still open")
			}
			_, err = c.List(soon(t), "/")
			noError(t, "List", err)
			if f.sessions != 1 {
				t.Errorf("%d sessions, want 1: the replies are in step", f.sessions)
			}
		})
	}
}

// A server that says it will connect, and does not, is given up.
func TestActiveNeverConnects(t *testing.T) {
	for _, say := range []string{"150 opening", "226 done"} {
		t.Run(say, func(t *testing.T) {
			f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
			f.before = on("RETR", func(s *fakeSession, _ string) { s.say(say) })
			c := f.client(func(o *Options) { o.DialTimeout = 200 * time.Millisecond })
			_, err := readAll(soon(t), c, "/f", 0)
			wantKind(t, "read", err, KindTimeout)
			if err != nil && !strings.Contains(err.Error(), f.lastTold()) {
				t.Errorf("%v does not name %s", err, f.lastTold())
			}
			_, err = c.List(soon(t), "/")
			noError(t, "List", err)
			if f.sessions != 2 {
				t.Errorf("%d sessions, want 2: nobody knows what the first would say", f.sessions)
			}
		})
	}
}

// That nobody connects is told as that, also where so much time has passed before
// it is noticed that the control connection has been waited for too long as well.
func TestActiveNeverConnectsBusy(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	f.before = on("RETR", func(s *fakeSession, _ string) { s.say("150 opening") })
	c := f.client(nil)
	patient := c.opts.DialTimeout
	for range 20 {
		_, err := c.Connect(soon(t))
		noError(t, "Connect", err)
		c.opts.DialTimeout = 1
		_, err = readAll(soon(t), c, "/f", 0)
		c.opts.DialTimeout = patient
		wantKind(t, "read", err, KindTimeout)
		if err != nil && !strings.Contains(err.Error(), f.lastTold()) {
			t.Fatalf("%v does not name %s", err, f.lastTold())
		}
	}
}

// A server that hangs up after its 150 ends the wait.
func TestActiveControlLost(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	f.before = on("RETR", func(s *fakeSession, _ string) {
		s.say("150 opening")
		s.hangUp()
	})
	_, err := readAll(soon(t), f.client(func(o *Options) { o.DialTimeout = time.Hour }), "/f", 0)
	wantKind(t, "read", err, KindNetwork)
}

// A cancelled context ends the wait and closes the port, whether the server may
// still say something or has said all.
func TestActiveCanceled(t *testing.T) {
	for _, say := range []string{"150 opening", "226 done"} {
		t.Run(say, func(t *testing.T) {
			f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
			ctx, cancel := contextWithCancel(t)
			f.before = on("RETR", func(s *fakeSession, _ string) {
				s.say(say)
				s.in.Peek(1) // until the client gives up
			})
			c := f.client(func(o *Options) {
				o.DialTimeout = 10 * time.Second
				o.Trace = &Trace{Reply: func(_, code int, _ string, _ time.Duration) {
					if code == 150 || code == 226 {
						time.AfterFunc(20*time.Millisecond, cancel)
					}
				}}
			})
			_, err := readAll(ctx, c, "/f", 0)
			wantKind(t, "read", err, KindCanceled)
			if nc, err := net.Dial("tcp", f.lastTold()); err == nil {
				nc.Close()
				t.Error("the port is still open")
			}
		})
	}
}

// The server's words are not waited for once it has connected: it may have
// nothing to say before all data has gone.
func TestActiveStreams(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", nil)
	content := strings.Repeat("0123456789abcdef", 1<<20) // more than sockets hold
	f.put("/f", content)
	heard := make(chan struct{}, 8)
	f.before = func(s *fakeSession, verb, arg string) bool {
		if verb != "RETR" && verb != "STOR" {
			return false
		}
		s.say("150 opening")
		<-heard
		<-time.After(20 * time.Millisecond) // so that it waits for both
		nc := s.call()
		if verb == "RETR" {
			io.WriteString(nc, content)
		} else if b, err := io.ReadAll(nc); err == nil {
			f.put(arg, string(b))
		}
		nc.Close()
		s.say("226 done")
		return true
	}
	c := f.client(func(o *Options) {
		o.DialTimeout = time.Hour
		o.Trace = &Trace{Reply: func(_, code int, _ string, _ time.Duration) {
			if code == 150 {
				heard <- struct{}{}
			}
		}}
	})
	got, err := readAll(soon(t), c, "/f", 0)
	if noError(t, "read", err); got != content {
		t.Errorf("read %d octets of %d", len(got), len(content))
	}
	_, err = c.Store(soon(t), "/g", strings.NewReader(content), StoreOptions{})
	noError(t, "Store", err)
	if got, _ := f.get("/g"); got != content {
		t.Errorf("stored %d octets of %d", len(got), len(content))
	}
}

// Somebody else who connects first is sent away and the server is waited for.
// After it nobody gets in any more.
func TestActiveStranger(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	f.before = on("RETR", func(s *fakeSession, _ string) {
		stranger := f.connect(f.lastTold(), net.ParseIP("127.0.0.2"))
		io.WriteString(stranger, "not yours")
		s.say("150 opening")
		if n, err := stranger.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("the stranger read %d octets, %v", n, err)
		}
		stranger.Close()
		nc := s.call()
		io.WriteString(nc, "abc")
		f.closes(f.lastTold())
		nc.Close()
		s.say("226 done")
	})
	got, err := readAll(soon(t), f.client(nil), "/f", 0)
	if noError(t, "read", err); got != "abc" {
		t.Errorf("read %q", got)
	}
}

// PORT is for IPv4, EPRT where it is refused, and the other way round; what is
// learned is not tried again.
func TestActivePortOrEPRT(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	refused := "PORT"
	f.before = func(s *fakeSession, verb, _ string) bool {
		if verb == refused {
			s.say("502 not here")
		}
		return verb == refused
	}
	c := f.client(nil)
	for _, refused = range []string{"PORT", "PORT", "EPRT", "EPRT"} {
		got, err := readAll(soon(t), c, "/f", 0)
		if noError(t, "read", err); got != "abc" {
			t.Errorf("read %q", got)
		}
	}
	var verbs []string
	for _, line := range f.commands() {
		verbs = append(verbs, firstWord(line))
	}
	want := []string{"PORT", "EPRT", "RETR", "EPRT", "RETR", "EPRT", "PORT", "RETR", "PORT", "RETR"}
	if !slices.Equal(verbs, want) {
		t.Errorf("sent %q, want %q", verbs, want)
	}
}

// A server that takes neither is told of in its own words.
func TestActiveForbidden(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		f := newActiveFake(t, host, map[string]string{"/f": "abc"})
		f.before = func(s *fakeSession, verb, _ string) bool {
			no := verb == "PORT" || verb == "EPRT"
			if no {
				s.say("500 Illegal " + verb + " command.")
			}
			return no
		}
		c := f.client(nil)
		_, err := readAll(soon(t), c, "/f", 0)
		wantKind(t, host, err, KindUnsupported)
		if err != nil && !strings.Contains(err.Error(), "Illegal") {
			t.Errorf("%v", err)
		}
		_, err = c.Connect(soon(t))
		noError(t, "Connect", err)
		if f.sessions != 1 {
			t.Errorf("%d sessions, want 1", f.sessions)
		}
	}
}

// Behind NAT the server is told another address than the one we have.
func TestActiveAddress(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	c := f.client(func(o *Options) { o.ActiveAddress = netip.MustParseAddr("127.0.0.5") })
	got, err := readAll(soon(t), c, "/f", 0)
	if noError(t, "read", err); got != "abc" {
		t.Errorf("read %q", got)
	}
	if !strings.HasPrefix(f.lastTold(), "127.0.0.5:") {
		t.Errorf("told %s", f.lastTold())
	}
}

// With TLS we are its client in active mode too (RFC 4217 section 7): all data
// arrives whole, in resumed sessions.
func TestActiveTLS(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abcdef", "/empty": ""})
		tf := secureFake(f.fake, version)
		tf.config.Certificates[0] = tf.ca.issue("server.test", time.Time{})
		tf.require = true
		f.hook, f.before = f.port, tf.hook
		c := f.client(func(o *Options) {
			tf.explicit(o)
			o.TLS.ServerName = "server.test"
		})
		got, err := readAll(soon(t), c, "/f", 2)
		if noError(t, "read", err); got != "cdef" {
			t.Errorf("read %q", got)
		}
		got, err = readAll(soon(t), c, "/empty", 0)
		if noError(t, "read", err); got != "" {
			t.Errorf("read %q", got)
		}
		content := make([]byte, 4<<20)
		rand.Read(content)
		for _, n := range []int{0, 1, 65537, len(content)} {
			_, err := c.Store(soon(t), "/up", bytes.NewReader(content[:n]), StoreOptions{})
			noError(t, "Store", err)
			if got, _ := f.get("/up"); got != string(content[:n]) {
				t.Errorf("%d of %d octets arrived", len(got), n)
			}
		}
		_, err = c.List(soon(t), "/")
		noError(t, "List", err)
		if tf.cut != 0 || len(tf.resumed) < 7 || slices.Contains(tf.resumed, false) {
			t.Errorf("%d cut, resumed %v", tf.cut, tf.resumed)
		}
	})
}
