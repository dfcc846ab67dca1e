package ftpclient

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// A server that answers what is behind a transfer before it has ended is not
// believed, and nothing is sent behind one again.
func TestAnswersBeforeTheTransfer(t *testing.T) {
	for _, op := range []string{"STOR", "RETR"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, fTree())
			c := ready(t, f, nil)
			end := ""
			f.hook = func(s *fakeSession, verb, arg string) bool {
				switch {
				case verb == op && s.inside:
					nc := s.accept()
					s.say("150 go")
					if op == "RETR" {
						io.WriteString(nc, "abcdef")
					} else {
						b, _ := io.ReadAll(nc)
						s.put(arg, string(b))
					}
					nc.Close()
					end = "226 done"
					return true
				case end != "" && verb == "SIZE":
					s.say("213 0") // as it was when the command came
				case end != "":
					s.handle(verb, arg)
				default:
					return false
				}
				s.say(end)
				end = ""
				return true
			}
			for range 2 {
				if op == "RETR" {
					got, err := readAll(t.Context(), c, "/f", 0)
					if noError(t, "read", err); got != "abcdef" {
						t.Errorf("read %q", got)
					}
					continue
				}
				s, err := c.Store(t.Context(), "/g", strings.NewReader("xyz"), StoreOptions{Verify: true})
				if noError(t, "Store", err); s.Entry.Size != 3 || s.VerifyErr != nil {
					t.Errorf("%+v", s)
				}
			}
			if fact := factOf(t, c.Features().Facts(), factDataAhead.name); fact.Value != "no" || f.sessions != 1 {
				t.Errorf("%+v, %d sessions", fact, f.sessions)
			}
		})
	}
}

// What came behind a transfer a moment later, for the network has cut the write in
// two, ProFTPD refuses or answers at once, and Pure-FTPd refuses as a whole: the
// transfer has done what it has done, and the connection goes on.
func TestAnswersWithinTheTransfer(t *testing.T) {
	within := map[string]map[string]string{
		"proftpd":  {"EPSV": "450 EPSV: data transfer in progress", "SIZE": "213 0", "MDTM": "213 20260101000000"},
		"pureftpd": {"EPSV": "", "SIZE": "500 Unknown command", "MDTM": "", "only EPSV": "500 Unknown command"},
	}
	for server, says := range within {
		for _, op := range []string{"STOR", "RETR", "LIST"} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, fTree())
				c := ready(t, f, nil)
				f.hook = answersWithin(op, says)
				for range 3 {
					doOnce(t, c, op)
				}
				fact := factOf(t, c.Features().Facts(), factDataAhead.name)
				if fact.Value != "no" || f.sessions != 1 || f.count("NOOP") != 2 {
					t.Errorf("%s %s: %+v, %d sessions, %q", server, op, fact, f.sessions, f.commands())
				}
			})
		}
	}
}

// answersWithin has the replies to what is behind a transfer come before its own.
func answersWithin(op string, says map[string]string) func(*fakeSession, string, string) bool {
	end, first := "", false
	return func(s *fakeSession, verb, arg string) bool {
		switch {
		case verb == op && s.inside:
			nc := s.accept()
			s.say("150 go")
			switch op {
			case "RETR":
				io.WriteString(nc, "abcdef")
			case "LIST":
				io.WriteString(nc, "drwxr-xr-x 1 u g 6 Jan  1 2026 d\r\n-rw-r--r-- 1 u g 6 Jan  1 2026 f\r\n")
			default:
				b, _ := io.ReadAll(nc)
				s.put(arg, string(b))
			}
			nc.Close()
			end, first = "226 done", true
			return true
		case end == "":
			return false
		}
		line := says[verb]
		if verb == "EPSV" && first && says["only EPSV"] != "" {
			line = says["only EPSV"]
		}
		if first = false; line != "" {
			s.say(line)
		}
		if verb == "EPSV" {
			s.say(end)
			end = ""
		}
		return true
	}
}

// doOnce does what op is for, and looks whether it was done.
func doOnce(t *testing.T, c *Client, op string) {
	t.Helper()
	switch op {
	case "RETR":
		got, err := readAll(t.Context(), c, "/f", 0)
		if noError(t, "read", err); got != "abcdef" {
			t.Errorf("read %q", got)
		}
	case "LIST":
		l, err := c.List(t.Context(), "/")
		if noError(t, "List", err); err == nil && (len(l.Entries) != 2 || l.Entries[1].Name != "f") {
			t.Errorf("listed %+v", l.Entries)
		}
	default:
		s, err := c.Store(t.Context(), "/g", strings.NewReader("xyz"), StoreOptions{Verify: true})
		if noError(t, "Store", err); s.Entry.Size != 3 || s.VerifyErr != nil {
			t.Errorf("%+v", s)
		}
	}
}
