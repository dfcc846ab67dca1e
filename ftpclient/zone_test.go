package ftpclient

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// zoneFake is a server that lists rows and answers MDTM by path.
func zoneFake(t *testing.T, dirs map[string][]string, mdtm map[string]string) *fake {
	f := newFake(t, nil)
	for dir := range dirs {
		f.put(strings.TrimSuffix(dir, "/")+"/", "")
	}
	f.hook = hooks(
		on("LIST", func(s *fakeSession, arg string) { s.send(strings.Join(dirs[s.cwd], "\r\n") + "\r\n") }),
		on("MDTM", func(s *fakeSession, arg string) {
			if answer, ok := mdtm[arg]; ok {
				s.say("213 " + answer)
			} else if stamp, path, two := strings.Cut(arg, " "); two && mdtm[path] != "" {
				s.say("213 " + stamp)
			} else {
				s.say("550 no")
			}
		}))
	return f
}

func row(mode, date, name string) string { return mode + " 1 0 0 1 " + date + " " + name }

const (
	fileMode = "-rw-r--r--"
	dirMode  = "drwxr-xr-x"
)

// timesOf lists a directory and prints names and times.
func timesOf(t *testing.T, c *Client, dir string) string {
	t.Helper()
	l, err := c.List(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range l.Entries {
		fmt.Fprintf(&b, "%s %s; ", e.Name, e.ModTime.Format("2006-01-02 15:04"))
	}
	return b.String()
}

func wantTimes(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s\nwant %s", what, got, want)
	}
}

// The time in synctest begins at 2000-01-01.

// quirkLocalList: what one directory teaches holds in others, by month, until
// it is contradicted.
func TestZoneIsSharedAndLearnedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dirs := map[string][]string{
			"/files": {row(fileMode, "Dec 20 12:00", "w"), row(fileMode, "Aug 20 12:00", "s")},
			"/dirs":  {row(dirMode, "Dec 1 10:00", "w"), row(dirMode, "Aug 2 10:00", "s"), row(dirMode, "Jan 2 1998", "d")},
			"/later": {row(fileMode, "Dec 21 12:00", "w")},
		}
		mdtm := map[string]string{"/files/w": "19991220110017", "/files/s": "19990820100042", "/later/w": "19991221172000"}
		c := zoneFake(t, dirs, mdtm).client(nil)
		wantTimes(t, "nothing known", timesOf(t, c, "/dirs"), "w 1999-12-01 10:00; s 1999-08-02 10:00; d 1998-01-02 00:00; ")
		wantTimes(t, "files", timesOf(t, c, "/files"), "w 1999-12-20 11:00; s 1999-08-20 10:00; ")
		wantTimes(t, "learned", timesOf(t, c, "/dirs"), "w 1999-12-01 09:00; s 1999-08-02 08:00; d 1998-01-01 22:00; ")
		e, err := c.Stat(t.Context(), "/dirs/s")
		if noError(t, "Stat", err); e.ModTime.Hour() != 8 {
			t.Errorf("Stat: %v", e.ModTime)
		}
		timesOf(t, c, "/later") // changed in between: 5:20 is no zone
		wantTimes(t, "no zone", timesOf(t, c, "/dirs"), "w 1999-12-01 09:00; s 1999-08-02 08:00; d 1998-01-01 22:00; ")
		mdtm["/later/w"] = "19991221170000"
		timesOf(t, c, "/later")
		wantTimes(t, "contradicted", timesOf(t, c, "/dirs"), "w 1999-12-01 15:00; s 1999-08-02 15:00; d 1998-01-02 05:00; ")
	})
}

// With MLSD, the LIST that shows broken links is compared with it.
func TestZoneOfLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "x"})
		f.greeting, f.feat = "220 ProFTPD", []string{"MLST modify*;"}
		f.hook = on("LIST", func(s *fakeSession, arg string) {
			s.send(row(fileMode, "Nov 21 05:35", "f") + "\r\n" + "lrwxrwxrwx 1 0 0 4 Nov 21 06:00 l -> none\r\n")
		})
		// MLSD of the fake says 02:35:17.
		wantTimes(t, "link", timesOf(t, f.client(nil), "/"), "f 1999-11-21 02:35; l 1999-11-21 03:00; ")
	})
}

func newYork(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A zone that was told moves every time of LIST as it was at that date, MDTM
// not where it is in UTC.
func TestZoneToldWithUTC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dirs := map[string][]string{"/": {row(fileMode, "Dec 20 12:00", "f"), row(dirMode, "Aug 2 10:00", "s"),
			row(dirMode, "Dec 2 10:00", "w"), row(dirMode, "Jul 2 1998", "d")}}
		c := zoneFake(t, dirs, map[string]string{"/f": "19991220170017"}).client(func(o *Options) { o.Zone = newYork(t) })
		wantTimes(t, "zone", timesOf(t, c, "/"), "f 1999-12-20 17:00; s 1999-08-02 14:00; w 1999-12-02 15:00; d 1998-07-02 04:00; ")
		if got := c.srv.mdtmAsList(); got != No {
			t.Errorf("MDTM as LIST: %v", got)
		}
	})
}

// quirkLocalMDTM: MDTM that says what LIST says is in its zone, as it is today,
// to read and to set; before that is seen it is taken as the RFC has it.
func TestZoneToldWithLocalMDTM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dirs := map[string][]string{
			"/":    {row(fileMode, "Dec 20 12:00", "f"), row(fileMode, "Jul 2 1998", "old"), row(dirMode, "Aug 2 10:00", "s")},
			"/old": {row(fileMode, "Jul 2 1998", "g")},
		}
		f := zoneFake(t, dirs, map[string]string{"/f": "19991220120017", "/old": "19980702100000", "/old/g": "19980702100000"})
		c := f.client(func(o *Options) { o.Zone = newYork(t) })
		wantTimes(t, "not seen", timesOf(t, c, "/old"), "g 1998-07-02 10:00; ")
		wantTimes(t, "seen", timesOf(t, c, "/"), "f 1999-12-20 17:00; old 1998-07-02 15:00; s 1999-08-02 15:00; ")
		wantTimes(t, "remembered", timesOf(t, c, "/old"), "g 1998-07-02 15:00; ")
		e, err := c.Verify(t.Context(), "/f")
		if noError(t, "Verify", err); e.ModTime.Hour() != 17 {
			t.Errorf("Verify: %v", e.ModTime)
		}
		set := time.Date(1999, 8, 1, 12, 0, 0, 0, time.UTC)
		noError(t, "SetModTime", c.SetModTime(t.Context(), "/f", set, false))
		if cmds := f.commands(); cmds[len(cmds)-1] != "MDTM 19990801070000 /f" {
			t.Errorf("set by %q", cmds[len(cmds)-1])
		}
	})
}

// Files that contradict each other teach nothing.
func TestZoneOfContradictions(t *testing.T) {
	dirs := map[string][]string{"/": {row(fileMode, "Dec 20 12:00", "f"), row(fileMode, "Nov 20 12:00", "g"), row(dirMode, "Dec 2 10:00", "d")}}
	synctest.Test(t, func(t *testing.T) {
		c := zoneFake(t, dirs, map[string]string{"/f": "19991220120000", "/g": "19991120170000"}).client(func(o *Options) { o.Zone = newYork(t) })
		wantTimes(t, "told", timesOf(t, c, "/"), "f 1999-12-20 12:00; g 1999-11-20 17:00; d 1999-12-02 15:00; ")
		if got := c.srv.mdtmAsList(); got != Untried {
			t.Errorf("MDTM as LIST: %v", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := zoneFake(t, dirs, map[string]string{"/f": "19991220110000", "/g": "19991120070000"}).client(nil)
		wantTimes(t, "found", timesOf(t, c, "/"), "f 1999-12-20 11:00; g 1999-11-20 07:00; d 1999-12-02 10:00; ")
	})
}

// Seconds do not make a time of LIST exact; its own zone does.
func TestSecondsWithoutZone(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for row, want := range map[string]string{
		"Jan 29 03:26:11 1997":                "1997-01-29T03:26:11Z 1m0s",
		"2005-06-07 21:22:33.000000000 +0200": "2005-06-07T19:22:33Z 1s",
		"2005-06-07 21:22:33":                 "2005-06-07T21:22:33Z 1m0s",
	} {
		e, ok := parseUnixRow("-rw-r--r-- 1 u g 1 "+row+" f", now)
		if got := fmt.Sprint(e.ModTime.Format(time.RFC3339), " ", e.Precision); !ok || got != want {
			t.Errorf("%s: %s, %v; want %s", row, got, ok, want)
		}
	}
}

// Of two months as far away, the earlier counts.
func TestZoneOfTheNearestMonth(t *testing.T) {
	var k clocks
	k.learn(map[int]time.Duration{10: time.Hour, 14: 2 * time.Hour}, time.Hour, 2*time.Hour)
	for month, want := range map[int]time.Duration{0: time.Hour, 10: time.Hour, 12: time.Hour, 13: 2 * time.Hour, 99: 2 * time.Hour} {
		if got := k.aheadAt(time.Date(0, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("month %d: %v, want %v", month, got, want)
		}
	}
}

// What STAT lists is LIST's, in the server's zone and encoding, and is moved
// once.
func TestZoneAndEncodingOfStat(t *testing.T) {
	for _, tc := range []struct {
		mdtm string
		zone *time.Location
	}{{"19991121073517", nil}, {"19991121073517", newYork(t)}, {"19991121023517", newYork(t)}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "x", "/" + koiSmall + "/": "", "/" + koiSmall + "/" + koiHello: "x", "/" + koiSmall + "/sub/": ""})
			f.hook = hooks(lists, says("MDTM", "213 "+tc.mdtm))
			c := f.client(func(o *Options) { o.Encoding, o.Zone = "koi8-r", tc.zone })
			if _, err := c.List(t.Context(), "/"); err != nil || c.Features().StatList == No {
				t.Fatalf("List: %v, by STAT %v", err, c.Features().StatList)
			}
			if _, err := c.List(t.Context(), "/привет"); err != nil || c.Features().StatList != Yes {
				t.Fatalf("List: %v, by STAT %v", err, c.Features().StatList)
			}
			before := f.count("LIST")
			l, err := c.List(t.Context(), "/привет")
			if err != nil || len(l.Entries) != 2 || f.count("LIST") > before {
				t.Fatalf("List: %+v, %v; %d LIST", l, err, f.count("LIST")-before)
			}
			for _, e := range l.Entries {
				if e.Name != "Привет" && e.Name != "sub" || e.ModTime.Format("15:04") != "07:35" {
					t.Errorf("%s: %v", e.Name, e.ModTime)
				}
			}
			e, err := c.Stat(t.Context(), "/привет/sub")
			if noError(t, "Stat", err); e.ModTime.Format("15:04") != "07:35" {
				t.Errorf("Stat: %v", e.ModTime)
			}
		})
	}
}
