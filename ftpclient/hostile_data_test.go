package ftpclient

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// Whatever address a server puts into its reply, data connections go to the
// host of the control connection and to nobody else.
func TestNoBounce(t *testing.T) {
	for _, tc := range []struct{ verb, form string }{
		{"PASV", "227 Entering Passive Mode (10,9,8,7,%d,%d)"},
		{"PASV", "227 10,9,8,7,%d,%d"},
		{"PASV", "227 at 127,0,0,1,%d,%d"},
		{"PASV", "227 (0,0,0,0,%d,%d)"},
		{"PASV", "227 (255,255,255,255,%d,%d)"},
		{"EPSV", "229 ok (|1|10.9.8.7|%d|)"},
		{"EPSV", "229 ok (|2|::1|%d|)"},
		{"EPSV", "229 ok (|||%d|) (|1|10.9.8.7|80|)"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc"})
			f.hook = func(s *fakeSession, verb, _ string) bool {
				switch {
				case verb == "EPSV" && tc.verb == "PASV":
					s.say("500 what?")
				case verb == tc.verb && verb == "PASV":
					port := s.listen()
					s.say(fmt.Sprintf(tc.form, port>>8, port&255))
				case verb == tc.verb:
					s.say(fmt.Sprintf(tc.form, s.listen()))
				default:
					return false
				}
				return true
			}
			got, err := readAll(t.Context(), f.client(nil), "/f", 0)
			noError(t, tc.form, err)
			if got != "abc" {
				t.Errorf("%s: read %q", tc.form, got)
			}
			synctest.Wait() // for the EPSV behind
			for _, addr := range f.dials {
				if !strings.HasPrefix(addr, "server.test:") {
					t.Errorf("%s: dialed %s", tc.form, addr)
				}
			}
		})
	}
}

// The ports of other services are not dialed, though they are the server's own.
func TestNoLowPorts(t *testing.T) {
	for _, port := range []int{1, 20, 22, 25, 80, 1023} {
		for _, epsv := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				f.hook = func(s *fakeSession, verb, _ string) bool {
					switch {
					case verb == "EPSV" && epsv:
						s.say(fmt.Sprintf("229 ok (|||%d|)", port))
					case verb == "EPSV":
						s.say("500 what?")
					case verb == "PASV":
						s.say(fmt.Sprintf("227 (10,9,8,7,%d,%d)", port>>8, port&255))
					default:
						return false
					}
					return true
				}
				_, err := readAll(t.Context(), f.client(nil), "/f", 0)
				wantKind(t, fmt.Sprint("port ", port), err, KindProtocol)
				if len(f.dials) != 1 {
					t.Errorf("dialed %q", f.dials)
				}
			})
		}
	}
}

// Replies to PASV and EPSV that name no port are no port.
func TestNoPort(t *testing.T) {
	for _, text := range []string{"227 (1,2,3,4,256,1)", "227 (1,2,3,4,0,0)", "227 (1,2,3,4,5)", "227 none", "227 (1,2,3,4,5,-6)",
		"227 (1,2,3,4,4294967297,1)", "200 (1,2,3,4,5,6)"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc"})
			f.hook = hooks(says("EPSV", "229 (|||99999|)"), says("PASV", text))
			_, err := readAll(t.Context(), f.client(nil), "/f", 0)
			wantKind(t, text, err, KindProtocol)
			if len(f.dials) != 1 {
				t.Errorf("%s: dialed %q", text, f.dials)
			}
		})
	}
}

// Two clients of one server, as two users, share no connection, whatever they
// do in turns and at the same time.
func TestClientsShareNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		users := map[int]string{}
		f.hook = func(s *fakeSession, verb, arg string) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			if verb == "USER" {
				users[s.n] = arg
			}
			if verb == "MKD" && !strings.HasPrefix(arg, "/"+users[s.n]) {
				t.Errorf("%s makes %s", users[s.n], arg)
			}
			return false
		}
		joe := f.client(func(o *Options) { o.User = "joe" })
		ann := f.client(func(o *Options) { o.User = "ann" })
		for i := range 3 {
			noError(t, "joe", joe.Mkdir(t.Context(), fmt.Sprint("/joe", i)))
			noError(t, "ann", ann.Mkdir(t.Context(), fmt.Sprint("/ann", i)))
		}
		if f.sessions != 2 {
			t.Errorf("%d sessions, want 2", f.sessions)
		}
	})
}

// What a server says cannot write to a terminal or begin a line of a log: not
// in its replies, not in names, not in what it sent instead of a reply.
func TestErrorTextIsHarmless(t *testing.T) {
	const evil = "\x1b]0;x\x07\x9b2J\u202e\u2028 \x1b[31m"
	clean := func(what string, err error) {
		if err == nil {
			t.Errorf("%s: no error", what)
		} else if s := err.Error(); strings.ContainsAny(s, "\x1b\x07\r\n\x00\u202e\u2028") || strings.Contains(s, "\x9b") {
			t.Errorf("%s: %q", what, s)
		}
	}
	for name, greeting := range map[string]string{"greeting": "220 hi", "refusal": "530 no " + evil, "garbage": evil,
		"SSH": "SSH-" + evil, "HTTP": "HTTP/" + evil, "many lines": "421-a" + evil + "\r\n" + evil + "\r\n421 z"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc"})
			f.greeting = greeting
			f.hook = hooks(says("DELE", "550 "+evil), says("MKD", evil), says("EPSV", "500 no"), says("PASV", "227 "+evil),
				on("STOR", func(s *fakeSession, _ string) { s.say("426 " + evil) }))
			c := f.client(nil)
			if name != "greeting" {
				_, err := c.Connect(t.Context())
				clean(name, err)
				return
			}
			clean("refused", c.Delete(t.Context(), "/f"+evil))
			_, err := readAll(t.Context(), c, "/f", 0)
			clean("no port", err)
			clean("no reply", c.Mkdir(t.Context(), "/d"))
		})
	}
	clean("cause", &Error{Op: "AUTH", Kind: KindTLS, Err: fmt.Errorf("valid for %s\xff, not h: %w", evil, io.EOF)})
}
