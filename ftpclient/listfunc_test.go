package ftpclient

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// collector gathers what ListFunc tells, as its comment says that it is to be
// taken.
type collector struct {
	entries map[string]Entry
	order   []string
	batches int
}

func newCollector() *collector { return &collector{entries: map[string]Entry{}} }

func (c *collector) take(entries []Entry) {
	c.batches++
	c.add(entries)
}

func (c *collector) add(entries []Entry) {
	for _, e := range entries {
		if _, again := c.entries[e.Name]; !again {
			c.order = append(c.order, e.Name)
		}
		c.entries[e.Name] = e
	}
	clear(entries) // which the caller must not need any more
}

// end takes the listing that ListFunc returned.
func (c *collector) end(l *Listing) {
	for name, e := range c.entries {
		if e.Precision > time.Second && l.Retime != nil {
			l.Retime(&e)
			c.entries[name] = e
		}
	}
	c.add(l.Entries)
}

// numbered has n lines made of format, which gets 0 to n-1.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\r\n", i)
	}
	return b.String()
}

// listing answers verb with lines; after the first cut octets of them it waits
// for more.
func listing(verb, lines string, cut int, more <-chan struct{}, final string) func(*fakeSession, string, string) bool {
	return on(verb, func(s *fakeSession, _ string) {
		nc := s.accept()
		s.say("150 a")
		io.WriteString(nc, lines[:cut])
		if more != nil {
			<-more
		}
		io.WriteString(nc, lines[cut:])
		nc.Close()
		s.say(final)
	})
}

const (
	factRow = "type=file;size=1;modify=19991121023517; f%06d"
	unixRow = "-rw-r--r--    1 0        0        %[1]d Nov 21 02:35 f%06[1]d"
)

// The first entries come before the server has sent the last, in order, and all
// of them once.
func TestListFuncFlows(t *testing.T) {
	const n = 4000
	for verb, row := range map[string]string{"MLSD": factRow, "LIST": unixRow} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			if verb == "MLSD" {
				f.feat = []string{"MLST type*;size*;modify*;"}
			}
			more := make(chan struct{})
			rows := numbered(n, row)
			f.hook = hooks(says("MDTM", "502 no"), listing(verb, rows, len(rows)/2, more, "226 ok"))
			c := f.client(nil)
			c.srv.learn(factListAll, No, "this test")
			got := newCollector()
			l, err := c.ListFunc(t.Context(), "/", Arriving{Take: func(entries []Entry) {
				if got.batches == 0 {
					close(more)
				}
				got.take(entries)
			}})
			noError(t, "ListFunc", err)
			if verb == "MLSD" && len(l.Entries) > flowBatch { // of a LIST files come again, with their times
				t.Errorf("%d of %d entries came at the end", len(l.Entries), n)
			}
			got.end(l)
			if !slices.IsSorted(got.order) || len(got.order) != n || !l.Complete() {
				t.Errorf("%s: %d entries, want %d in order", verb, len(got.order), n)
			}
		})
	}
}

// quirkNewlineInName: what a later line takes back is not handed over, wherever
// it stands.
func TestListFuncTakesNothingBack(t *testing.T) {
	for at := flowBatch - 2; at <= flowBatch+2; at++ {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.feat = []string{"MLST type*;size*;modify*;"}
			rows := strings.Replace(numbered(2*flowBatch, factRow), fmt.Sprintf("f%06d", at), "first\nsecond", 1)
			rows = strings.ReplaceAll(rows, "\r\n", "\n")
			f.hook = listing("MLSD", rows, 0, nil, "226 ok")
			got := newCollector()
			l, err := f.client(nil).ListFunc(t.Context(), "/", Arriving{Take: got.take})
			noError(t, "ListFunc", err)
			got.end(l)
			if _, there := got.entries["first"]; there || got.batches == 0 || len(got.order) != 2*flowBatch-1 || len(l.Skipped) != 2 {
				t.Errorf("row %d: half a name: %v; %d batches, %d entries, skipped %q", at, there, got.batches, len(got.order), l.Skipped)
			}
		})
	}
}

// What only the end of a listing decides is decided: names in a wider column
// (quirkWideColumn), and the versions of VMS.
func TestListFuncWaitsForTheEnd(t *testing.T) {
	for what, tc := range map[string]struct {
		row  string
		want string
	}{
		"wide": {"-rw-r--r--    1 0        0        %[1]d Nov 21 02:35  f%06[1]d", "f000000"},
		"VMS":  {"F%06d.TXT;1            2/8         2-JUN-1998 07:32:04  [GROUP,OWNER]    (RWED,RWED,RE,)", "F000000.TXT"},
	} {
		synctest.Test(t, func(t *testing.T) {
			const n = 2 * flowBatch
			f := newFake(t, nil)
			f.hook = hooks(says("MDTM", "502 no"), listing("LIST", numbered(n, tc.row), 0, nil, "226 ok"))
			c := f.client(nil)
			c.srv.learn(factListAll, No, "this test")
			got := newCollector()
			l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
			noError(t, what, err)
			got.end(l)
			if len(got.order) != n || got.order[0] != tc.want {
				t.Errorf("%s: %d entries, the first %q", what, len(got.order), got.order[0])
			}
		})
	}
}

// The times of what was handed over are known at the end: those of files by
// MDTM, those of directories by the zone that this shows (quirkLocalList).
func TestListFuncTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		rows := numbered(flowBatch, "drwxr-xr-x    2 0        0            4096 "+fakeTime+" d%04d") + numbered(flowBatch, unixRow)
		f.hook = hooks(says("MDTM", "213 19991121073517"), listing("LIST", rows, 0, nil, "226 ok"))
		c := f.client(nil)
		c.srv.learn(factListAll, No, "this test")
		got := newCollector()
		l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
		noError(t, "ListFunc", err)
		got.end(l)
		if got.batches == 0 || len(got.order) != 2*flowBatch {
			t.Fatalf("%d batches, %d entries", got.batches, len(got.order))
		}
		for name, want := range map[string]string{"d0000": "07:35:00", "f000000": "07:35:17", "f000511": "07:35:17"} {
			if at := got.entries[name].ModTime.Format(time.TimeOnly); at != want {
				t.Errorf("%s is from %s, want %s", name, at, want)
			}
		}
	})
}

// A listing that breaks off is an error and is not begun again: what was handed
// over cannot be taken back. One of which nothing was is, where List would.
func TestListFuncBreaksOff(t *testing.T) {
	for rows, wantLists := range map[int]int{3 * flowBatch: 1, 10: 2} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.feat = []string{"MLST type*;size*;modify*;"}
			lists := 0
			f.hook = on("MLSD", func(s *fakeSession, _ string) {
				nc := s.accept()
				s.say("150 a")
				io.WriteString(nc, numbered(rows, factRow))
				if lists++; lists == 1 {
					nc.Close()
					s.hangUp()
					return
				}
				nc.Close()
				s.say("226 ok")
			})
			c := f.client(nil)
			_, err := c.Connect(t.Context()) // so that the connection is not new
			noError(t, "Connect", err)
			got := newCollector()
			l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
			if wantLists == 1 && (err == nil || got.batches == 0) || wantLists == 2 && (err != nil || len(l.Entries) != rows) {
				t.Errorf("%d rows: %d batches, %v", rows, got.batches, err)
			}
			if lists != wantLists {
				t.Errorf("%d rows: listed %d times, want %d", rows, lists, wantLists)
			}
		})
	}
}

// A directory that is known to be large is waited for while the server sorts
// it; but not for ever, and no longer than other transfers once it has begun.
func TestListFuncWaitsForSorting(t *testing.T) {
	for _, tc := range []struct {
		large                bool
		reply, before, after time.Duration // silence before the reply, the first line, and the second
		want                 Kind          // KindUnknown: none
	}{
		{true, 4 * time.Minute, 4 * time.Minute, 0, KindUnknown},
		{true, 6 * time.Minute, 0, 0, KindTimeout},
		{true, 0, 6 * time.Minute, 0, KindTimeout},
		{true, 0, 0, time.Minute, KindTimeout},
		{false, time.Minute, 0, 0, KindTimeout},
		{false, 0, time.Minute, 0, KindTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.feat = []string{"MLST type*;size*;modify*;"}
			f.hook = on("MLSD", func(s *fakeSession, _ string) {
				nc := s.accept()
				<-time.After(tc.reply)
				s.say("150 a")
				<-time.After(tc.before)
				io.WriteString(nc, "type=file; a\r\n")
				<-time.After(tc.after)
				io.WriteString(nc, "type=file; b\r\n")
				nc.Close()
				s.say("226 ok")
			})
			c := f.client(nil)
			if tc.large {
				c.srv.avoidStat("/")
			}
			l, err := c.ListFunc(t.Context(), "/", Arriving{Take: func([]Entry) {}})
			if tc.want != KindUnknown && KindOf(err) != tc.want || tc.want == KindUnknown && (err != nil || len(l.Entries) != 2) {
				t.Errorf("%+v: %v", tc, err)
			}
		})
	}
}

// quirkHidesBrokenLinks: links of a large directory are completed, too.
func TestListFuncLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.greeting = "220 ProFTPD Server"
		f.feat = []string{"MLST type*;size*;modify*;"}
		facts := "type=OS.unix=symlink;modify=19991121023517; good\r\n" + numbered(2*flowBatch, factRow)
		rows := "lrwxrwxrwx    1 0        0               6 Nov 21 02:35 good -> target\r\n" + numbered(2*flowBatch, unixRow) +
			"lrwxrwxrwx    1 0        0               7 Nov 21 02:35 broken -> nothing\r\n"
		f.hook = hooks(listing("MLSD", facts, 0, nil, "226 ok"), listing("LIST", rows, 0, nil, "226 ok"))
		c := f.client(nil)
		c.srv.learn(factListAll, No, "this test")
		got := newCollector()
		l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
		noError(t, "ListFunc", err)
		got.end(l)
		good, broken := got.entries["good"], got.entries["broken"]
		if len(got.order) != 2*flowBatch+2 || got.batches == 0 {
			t.Errorf("%d entries in %d batches", len(got.order), got.batches)
		}
		if good.Target != "target" || good.Precision != time.Second || broken.Target != "nothing" || broken.Type != TypeSymlink {
			t.Errorf("%+v, %+v", good, broken)
		}
	})
}

// A directory that its parent shows to be large is not listed by STAT.
func TestLargeDirectoryIsNotListedByStat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.put("/large/", "")
		f.put("/large/f", "")
		row := "drwxr-xr-x    2 0        0        36000000 Nov 21 02:35 large\r\n"
		f.hook = on("LIST", func(s *fakeSession, _ string) {
			if s.cwd == "/" {
				s.send(row)
				return
			}
			s.send(s.row("f", ""))
		})
		c := f.client(nil)
		c.srv.learn(factListAll, No, "this test")
		_, err := c.ListFunc(t.Context(), "/", Arriving{Take: func([]Entry) {}})
		noError(t, "ListFunc", err)
		c.srv.learn(factStatList, Yes, "this test")
		c.srv.learn(factPipelining, Yes, "this test")
		before := f.count("STAT")
		l, err := c.ListFunc(t.Context(), "/large", Arriving{Take: func([]Entry) {}})
		if err != nil || len(l.Entries) != 1 || f.count("STAT") != before {
			t.Errorf("%d STAT, %v", f.count("STAT")-before, err)
		}
	})
}
