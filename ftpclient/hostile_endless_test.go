package ftpclient

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pour writes piece for ever: until the client hangs up. It returns how many
// octets the client took.
func pour(w io.Writer, piece string) (n int) {
	for {
		k, err := io.WriteString(w, piece)
		if n += k; err != nil {
			return n
		}
	}
}

// heldBytes is how much memory is in use that nothing can free.
func heldBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A reply without end, in one line or in many, as a greeting or later, is given
// up after a bounded number of octets, and the connection with it.
func TestEndlessReply(t *testing.T) {
	long := strings.Repeat("x", 4<<10)
	for name, tc := range map[string]struct {
		verb, start, piece string
		most               int
	}{
		"line as greeting":       {"", "220 ", long, maxReplyLine},
		"lines as greeting":      {"", "220-", "230 not yet\r\n", maxReplyBytes},
		"line":                   {"MKD", "257 ", long, maxReplyLine},
		"lines":                  {"MKD", "257-", "x\r\n", maxReplyBytes},
		"long lines":             {"MKD", "257-", long + "\r\n", maxReplyBytes},
		"after a download":       {"RETR", "226-a\r\n", long, maxReplyLine},
		"Telnet commands":        {"MKD", "257 ", strings.Repeat("\xff\xf1", 2<<10), maxReplyLine},
		"after a transfer":       {"STOR", "150 a\r\n", long, maxReplyLine},
		"features":               {"FEAT", "211-F\r\n", " " + long[:100] + "\r\n", maxReplyBytes},
		"what is no reply":       {"MKD", "", long, maxReplyLine},
		"nothing but line feeds": {"MKD", "257-", "\n", maxReplyBytes},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				taken := 0
				if tc.verb == "" {
					f.start = func(s *fakeSession) {
						io.WriteString(s.nc, tc.start)
						taken = pour(s.nc, tc.piece)
					}
				}
				f.hook = on(tc.verb, func(s *fakeSession, _ string) {
					if tc.verb == "RETR" || tc.verb == "STOR" {
						s.accept().Close()
					}
					io.WriteString(s.nc, tc.start)
					taken = pour(s.nc, tc.piece)
				})
				c := f.client(nil)
				var err error
				switch tc.verb {
				case "RETR":
					_, err = readAll(t.Context(), c, "/f", 0)
				case "STOR":
					_, err = c.Store(t.Context(), "/g", strings.NewReader(""), StoreOptions{})
				default:
					err = c.Mkdir(t.Context(), "/d")
				}
				wantKind(t, "the operation", err, KindProtocol)
				c.Close()
				f.wg.Wait()
				if slack := 64 << 10; taken > tc.most+slack {
					t.Errorf("%d octets were taken", taken)
				}
			})
		})
	}
}

// Preliminary replies without end are no time without end.
func TestEndlessPreliminaryReplies(t *testing.T) {
	for _, pause := range []time.Duration{0, 15 * time.Second} {
		for _, verb := range []string{"", "MKD", "RETR", "USER"} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				drone := func(s *fakeSession, line string) {
					for {
						if _, err := io.WriteString(s.nc, line); err != nil {
							return
						}
						<-time.After(pause)
					}
				}
				f.hook = on(verb, func(s *fakeSession, _ string) {
					if verb == "RETR" {
						s.accept().Close()
					}
					drone(s, "150 go\r\n")
				})
				if verb == "" {
					f.start = func(s *fakeSession) { drone(s, "120 wait\r\n") }
				}
				c := f.client(nil)
				err := func() error { _, err := readAll(t.Context(), c, "/f", 0); return err }
				if verb == "MKD" {
					err = func() error { return c.Mkdir(t.Context(), "/d") }
				}
				wantKind(t, verb, err(), KindProtocol)
			})
		}
	}
}

// listingsWithoutEnd are pieces that a server repeats for ever, of what List
// gets.
var listingsWithoutEnd = map[string]string{
	"one line":       strings.Repeat("x", 64<<10),
	"rows":           "-rw-r--r-- 1 0 0 1 Nov 21 02:35 a\r\n",
	"rows of no use": "nothing that any dialect knows\r\n",
	"blank lines":    strings.Repeat("\r\n", 1<<10),
	"facts":          strings.Repeat("type=cdir; .\r\n", 1<<10),
	"NUL":            strings.Repeat("\x00", 64<<10),
	"half rows":      "A.TXT;1\r\n",
}

// A listing without end ends, with an error and not with what came so far, and
// what is held of it is bounded. The bound is a smaller one than the client's.
func TestEndlessListing(t *testing.T) {
	for name, piece := range listingsWithoutEnd {
		t.Run(name, func(t *testing.T) {
			before := heldBytes()
			endless := &repeating{piece: []byte(piece)}
			lr := listReader{}
			if name != "facts" {
				lr.rows = &rowReader{now: time.Now()}
			}
			err := readLines(&listingBound{r: endless, octets: 8 << 20, lines: 1 << 13}, lr.line)
			wantKind(t, "read", (&conn{}).ioError("LIST", err), KindProtocol)
			if endless.n > 8<<20+2*maxListLine {
				t.Errorf("%d octets were read", endless.n)
			}
			if held := heldBytes(); held > before+(32<<20) {
				t.Errorf("%d octets are held", held-before)
			}
			runtime.KeepAlive(&lr)
		})
	}
}

// Of a listing that is handed over while it arrives more lines are read than may
// be held, but not without end either, nor what is no entry.
func TestEndlessListingHandedOver(t *testing.T) {
	const held, most, ahead = 1 << 13, 1 << 15, maxListLine / 14
	for name, tc := range map[string]struct {
		piece       string
		least, most int // entries handed over
	}{
		"facts":         {"type=file; a\r\n", 2 * held, most + flowBatch + 2*ahead},
		"unknown lines": {strings.Repeat("x", 62) + "\r\n", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := 0
			out := &outflow{see: func([]Entry) {}, Arriving: Arriving{Take: func(e []Entry) { got += len(e) }}}
			lr := listReader{out: out, localNames: func(*Listing) {}}
			endless := &repeating{piece: []byte(tc.piece)}
			err := readLines(&listingBound{endless, 8 << 20, held, out, most}, lr.line)
			wantKind(t, "read", (&conn{}).ioError("MLSD", err), KindProtocol)
			if got < tc.least || got > tc.most || len(lr.Entries)+len(lr.Skipped) > held+2*maxListLine/64 {
				t.Errorf("%d entries were handed over, %d lines are held", got, len(lr.Entries)+len(lr.Skipped))
			}
		})
	}
}

// repeating is a reader without end.
type repeating struct {
	piece []byte
	at, n int
}

func (r *repeating) Read(p []byte) (n int, _ error) {
	for n < len(p) {
		k := copy(p[n:], r.piece[r.at:])
		r.at = (r.at + k) % len(r.piece)
		n += k
	}
	r.n += n
	return n, nil
}

// The same with the client's own bound, over the wire, by both commands: a line
// of any length, and lines that are no entries.
func TestEndlessListingOverTheWire(t *testing.T) {
	for name, tc := range map[string]struct {
		verb, piece string
		most        int
	}{
		"LIST, one line": {"LIST", strings.Repeat("x", 1<<20), maxListing},
		"MLSD, lines":    {"MLSD", strings.Repeat("\r\n", 4<<10), 2 * maxListingLines},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, nil)
			if tc.verb == "MLSD" {
				f.feat = []string{"MLST type*;"}
			}
			taken := 0
			f.hook = on(tc.verb, func(s *fakeSession, _ string) {
				nc := s.accept()
				s.say("150 go")
				taken = pour(nc, tc.piece)
				nc.Close()
				s.say("426 cut")
			})
			c := f.client(nil)
			_, err := c.List(t.Context(), "/")
			wantKind(t, "List", err, KindProtocol)
			c.Close()
			f.wg.Wait()
			if taken < 1<<20 || taken > tc.most+(2<<20) {
				t.Errorf("%d octets were taken", taken)
			}
		})
	}
}

// trickle sends an octet in every step of time, for ever.
func trickle(w io.Writer, step time.Duration) {
	for {
		<-time.After(step)
		if _, err := io.WriteString(w, "x"); err != nil {
			return
		}
	}
}

// A server that sends an octet now and then gets no more than the deadlines:
// ReplyTimeout for a whole reply, some DataTimeouts for data.
func TestSlowLoris(t *testing.T) {
	read := func(t *testing.T, c *Client) error { _, err := readAll(t.Context(), c, "/f", 0); return err }
	list := func(t *testing.T, c *Client) error { _, err := c.List(t.Context(), "/"); return err }
	mkdir := func(t *testing.T, c *Client) error { return c.Mkdir(t.Context(), "/d") }
	data := func(s *fakeSession) io.Writer { nc := s.accept(); s.say("150 go"); return nc }
	control := func(s *fakeSession) io.Writer { return s.nc }
	lines := func(s *fakeSession) io.Writer { io.WriteString(s.nc, "257-a\r\n"); return newLines{s.nc} }
	for _, tc := range []struct {
		name, verb string
		op         func(*testing.T, *Client) error
		where      func(*fakeSession) io.Writer
	}{
		{"greeting", "", mkdir, control},
		{"reply", "MKD", mkdir, control},
		{"reply of many lines", "MKD", mkdir, lines},
		{"FEAT", "FEAT", mkdir, control},
		{"download", "RETR", read, data},
		{"listing", "LIST", list, data},
		{"facts", "MLSD", list, data},
		{"reply to PASV", "EPSV", read, control},
	} {
		for _, step := range []time.Duration{200 * time.Millisecond, time.Second, 15 * time.Second} {
			t.Run(tc.name+" "+step.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, map[string]string{"/f": "abc"})
					if tc.verb == "MLSD" {
						f.feat = []string{"MLST type*;"}
					}
					f.hook = on(tc.verb, func(s *fakeSession, _ string) { trickle(tc.where(s), step); s.hangUp() })
					if tc.verb == "" {
						f.start = func(s *fakeSession) { trickle(tc.where(s), step) }
					}
					start := time.Now()
					wantKind(t, tc.name, tc.op(t, f.client(nil)), KindTimeout)
					if took := time.Since(start); took > 2*time.Minute {
						t.Errorf("after %v of the bubble's time", took)
					}
				})
			})
		}
	}
}

// newLines makes a line of all that is written.
type newLines struct{ w io.Writer }

func (l newLines) Write(p []byte) (int, error) {
	if _, err := l.w.Write(append(bytes.Clone(p), '\r', '\n')); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Only waiting counts as slowness: a reader that takes its time is not punished
// for it, nor is a slow line that is not as slow as that.
func TestPace(t *testing.T) {
	const span = 30 * time.Second
	var slow, fair pace
	var slowErr, fairErr error
	for range 200 {
		slowErr = errors.Join(slowErr, slow.took(slowest-1, time.Second, span))
		fairErr = errors.Join(fairErr, fair.took(slowest, time.Second, span))
	}
	if !errors.Is(slowErr, os.ErrDeadlineExceeded) || fairErr != nil {
		t.Errorf("%v, %v", slowErr, fairErr)
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		d := hold(t, f.client(nil), "/f")
		for range 3 {
			<-time.After(5 * time.Minute)
			_, err := io.ReadFull(d, make([]byte, 1))
			noError(t, "a late read", err)
		}
		noError(t, "Close", d.Close())
	})
}
