package ftpclient

import (
	"testing"
	"testing/synctest"
)

// A large directory that is the first to be listed is listed without -a and with it,
// and handed over all the same: what is kept of the first listing is small. Where -a
// shows less, or nothing, the listing without it counts.
func TestListFuncLearnsOfDashA(t *testing.T) {
	const dots = "drwxr-xr-x 2 0 0 6 Nov 21 02:35 .\r\ndrwxr-xr-x 2 0 0 6 Nov 21 02:35 ..\r\n"
	plain := numbered(3*flowBatch, unixRow)
	hidden := "-rw-r--r-- 1 0 0 6 Nov 21 02:35 .hidden\r\n"
	for name, tc := range map[string]struct {
		all   string // what LIST -a shows
		want  int
		again bool // the first listing fails
		fact  Support
	}{
		"shows what is hidden": {dots + plain + hidden, 3*flowBatch + 1, false, Yes},
		"shows the same":       {dots + plain, 3 * flowBatch, false, Yes},
		"is taken for a name":  {"", 3 * flowBatch, false, No},
		"is another file":      {"-rw-r--r-- 1 0 0 6 Nov 21 02:35 -a\r\n", 3 * flowBatch, false, No},
		"shows the half":       {dots + numbered(3*flowBatch/2, unixRow), 3 * flowBatch, true, No},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, nil)
				f.hook = hooks(says("MDTM", "500 what?"), on("LIST", func(s *fakeSession, arg string) {
					if arg == "-a" {
						s.send(tc.all)
					} else {
						s.send(plain)
					}
				}))
				c := f.client(nil)
				got := newCollector()
				l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
				if tc.again {
					wantKind(t, "the first", err, KindProtocol)
					got = newCollector()
					l, err = c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
				}
				noError(t, "ListFunc", err)
				got.end(l)
				if len(got.order) != tc.want || got.batches < 2 {
					t.Errorf("%d entries in %d batches, want %d", len(got.order), got.batches, tc.want)
				}
				if s := c.srv.support(factListAll); s != tc.fact {
					t.Errorf("%v is known of LIST -a, want %v", s, tc.fact)
				}
			})
		})
	}
}
