package ftpclient

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// PRET names the command to come, where FEAT lists it, and nowhere else.
func TestPRET(t *testing.T) {
	for _, tc := range []struct {
		name       string
		feat, want []string
	}{
		{"listed", []string{"PRET"}, []string{
			"PRET RETR /f", "EPSV", "RETR /f", "PRET RETR /f", "EPSV", "REST 1", "RETR /f",
			"PRET STOR /g", "EPSV", "STOR /g", "PRET APPE /g", "EPSV", "APPE /g"}},
		{"not listed", []string{"UTF8"}, []string{
			"EPSV", "RETR /f", "EPSV", "REST 1", "RETR /f", "EPSV", "STOR /g", "EPSV", "APPE /g", "EPSV"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				f.feat, f.hook = tc.feat, says("PRET", "200 ready")
				c := f.client(nil)
				for offset, want := range []string{"abc", "bc"} {
					got, err := readAll(t.Context(), c, "/f", int64(offset))
					if noError(t, "read", err); got != want {
						t.Errorf("read %q", got)
					}
				}
				for _, o := range []StoreOptions{{}, {Append: true}} {
					_, err := c.Store(t.Context(), "/g", strings.NewReader("x"), o)
					noError(t, "Store", err)
				}
				synctest.Wait() // for the EPSV behind
				if got := f.commands(); !slices.Equal(got, tc.want) {
					t.Errorf("sent %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// Listings are told of as they are asked for.
func TestPRETOfListings(t *testing.T) {
	for feat, want := range map[string][]string{
		"PRET":      {"CWD /", "PRET LIST", "EPSV", "LIST", "PRET LIST -a", "EPSV", "LIST -a"},
		"PRET MLST": {"PRET MLSD /", "EPSV", "MLSD /"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.feat, f.hook = strings.Fields(feat), says("PRET", "200 ready")
			_, err := f.client(nil).List(t.Context(), "/")
			noError(t, "List", err)
			if got := f.commands(); !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

// quirkIdlePRET: Pure-FTPd lists PRET and needs none.
func TestPRETNotNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.greeting, f.feat = "220 Welcome to Pure-FTPd", []string{"PRET"}
		f.hook = says("PRET", "200 ready")
		got, err := readAll(t.Context(), f.client(nil), "/f", 0)
		if noError(t, "read", err); got != "abc" || f.count("PRET") > 0 {
			t.Errorf("read %q, %d times PRET", got, f.count("PRET"))
		}
	})
}

// A server that lists PRET and does not know it is taken at its word once.
func TestPRETRefused(t *testing.T) {
	for _, answer := range []string{"500 what?", "501 not so", "502 no", "504 not that"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc"})
			f.feat, f.hook = []string{"PRET"}, says("PRET", answer)
			c := f.client(nil)
			for range 2 {
				got, err := readAll(t.Context(), c, "/f", 0)
				if noError(t, "read", err); got != "abc" {
					t.Errorf("read %q", got)
				}
			}
			if n := f.count("PRET"); n != 1 || c.Features().PRET != No {
				t.Errorf("%s: PRET sent %d times, %v", answer, n, c.Features().PRET)
			}
		})
	}
}

// What the server says to PRET of the transfer is its answer to the transfer:
// nothing else is sent, and nothing is learned of PRET. With pipelining PRET
// does not cost a round trip of its own.
func TestPRETAnswersTransfer(t *testing.T) {
	for _, pipelining := range []Support{Untried, Yes, No} {
		t.Run(pipelining.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				together := 0
				f.feat = []string{"PRET"}
				f.hook = on("PRET", func(s *fakeSession, arg string) {
					if strings.HasPrefix(arg, "RETR") && s.in.Buffered() > 0 {
						together++
					}
					if arg == "RETR /missing" {
						s.say("550 Sorry, but that file doesn't exist") // Pure-FTPd 1.0.50
						return
					}
					s.say("200 ready")
				})
				c := f.client(nil)
				c.srv.learn(factPipelining, pipelining, "the test")
				_, err := c.Connect(t.Context())
				noError(t, "Connect", err)
				c.srv.learn(factPipelining, pipelining, "the test")
				for range 2 {
					_, err := readAll(t.Context(), c, "/missing", 0)
					wantKind(t, "read", err, KindNotExist)
					got, err := readAll(t.Context(), c, "/f", 0)
					if noError(t, "read", err); got != "abc" {
						t.Errorf("read %q", got)
					}
				}
				if f.count("RETR") != 2 || c.Features().PRET != Yes || f.sessions != 1 {
					t.Errorf("%d sessions sent %q", f.sessions, f.commands())
				}
				if want := map[Support]int{Yes: 4}[pipelining]; together != want {
					t.Errorf("%d times in one write with EPSV, want %d", together, want)
				}
			})
		})
	}
}
