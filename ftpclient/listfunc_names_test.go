package ftpclient

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What is handed over has the names that it has here, is asked for by those of
// the server, and has no name that no program could use.
func TestListFuncNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const first, here = "\xc6000000", "\u0444000000"
		long := strings.Repeat("x", maxName+1)
		f := newFake(t, nil)
		rows := strings.ReplaceAll(numbered(2*flowBatch, unixRow), " f0", " \xc60")
		rows = row(fileMode, fakeTime, long) + "\r\n" + rows
		asked := ""
		f.hook = hooks(listing("LIST", rows, 0, nil, "226 ok"), on("MDTM", func(s *fakeSession, arg string) {
			if asked == "" {
				asked = arg
			}
			s.say("213 19991121023517")
		}))
		c := f.client(func(o *Options) { o.Encoding = "koi8-r" })
		c.srv.learn(factListAll, No, "this test")
		got := newCollector()
		l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
		noError(t, "ListFunc", err)
		got.end(l)
		if _, there := got.entries[here]; !there || got.batches == 0 || len(got.order) != 2*flowBatch || asked != "/"+first {
			t.Errorf("%d entries in %d batches, the first %q; asked for %q", len(got.order), got.batches, got.order[0], asked)
		}
		if len(l.Skipped) != 1 || l.Complete() {
			t.Errorf("skipped: %q", l.Skipped)
		}
	})
}

// Times that were handed over are moved by their own dates: in a zone with
// summer time not all by the same, and days too.
func TestListFuncZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	noError(t, "LoadLocation", err)
	synctest.Test(t, func(t *testing.T) { // in January 2000
		f := newFake(t, nil)
		rows := row(dirMode, "Dec 15 12:00", "winter") + "\r\n" + row(dirMode, "Jul 15 12:00", "summer") + "\r\n" +
			row(dirMode, "Jul 15  1997", "day") + "\r\n" + numbered(2*flowBatch, unixRow)
		f.hook = hooks(says("MDTM", "502 no"), listing("LIST", rows, 0, nil, "226 ok"))
		c := f.client(func(o *Options) { o.Zone = zone })
		c.srv.learn(factListAll, No, "this test")
		got := newCollector()
		l, err := c.ListFunc(t.Context(), "/", Arriving{Take: got.take})
		noError(t, "ListFunc", err)
		for _, e := range l.Entries {
			if e.Type == TypeDir {
				t.Fatalf("%s was not handed over", e.Name)
			}
		}
		got.end(l)
		for name, want := range map[string]string{
			"winter": "1999-12-15 11:00", "summer": "1999-07-15 10:00", "day": "1997-07-14 22:00", "f000000": "1999-11-21 01:35",
		} {
			if at := got.entries[name].ModTime.Format("2006-01-02 15:04"); at != want {
				t.Errorf("%s is from %s, want %s", name, at, want)
			}
		}
	})
}

// A listing whose data connection is lost is taken once more, as long as nothing
// of it was handed over.
func TestListFuncLostData(t *testing.T) {
	for rows, want := range map[int]int{10: 2, 3 * flowBatch: 1} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.feat = []string{"MLST type*;size*;modify*;"}
			lists := 0
			f.hook = on("MLSD", func(s *fakeSession, arg string) {
				final := "226 ok"
				if lists++; lists == 1 {
					final = "426 cut"
				}
				listing("MLSD", numbered(rows, factRow), 0, nil, final)(s, "MLSD", arg)
			})
			got := newCollector()
			l, err := f.client(nil).ListFunc(t.Context(), "/", Arriving{Take: got.take})
			if lists != want || want == 2 && (err != nil || len(l.Entries) != rows) || want == 1 && KindOf(err) != KindTruncated {
				t.Errorf("%d rows: listed %d times, %v", rows, lists, err)
			}
		})
	}
}
