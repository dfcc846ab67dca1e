package interop

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

const awayZone = "America/New_York" // never UTC, and with summer time

// datedTree makes files and directories of the last months, one on each side
// of a change to or from summer time, and one so old that LIST has no clock for
// it. It returns their times.
func datedTree(t *testing.T, s *ftptest.Server) map[string]time.Time {
	t.Helper()
	now := time.Now().Truncate(time.Minute)
	times := make(map[string]time.Time)
	for name, ago := range map[string]int{"now": 0, "week": 7, "months": 80, "far": 150, "old": 900} {
		s.WriteFile(name, []byte(name))
		s.Mkdir("d" + name)
		for _, entry := range []string{name, "d" + name} {
			times[entry] = now.AddDate(0, 0, -ago).Add(-time.Hour)
			if err := os.Chtimes(filepath.Join(s.Dir, entry), times[entry], times[entry]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return times
}

// zoned returns a client that was told a zone, or none.
func zoned(t *testing.T, s *ftptest.Server, zone *time.Location) (context.Context, *ftpclient.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c, err := ftpclient.New(ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return ctx, c
}

func mustLoad(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// wantTimes compares what is listed with the disk: files to the second, of
// others what LIST tells, to the minute or the day.
func wantTimes(t *testing.T, ctx context.Context, c *ftpclient.Client, s *ftptest.Server, want map[string]time.Time) {
	t.Helper()
	l, err := c.List(ctx, s.Root)
	if err != nil || len(l.Entries) < len(want) {
		t.Fatalf("List: %+v, %v", l, err)
	}
	for _, e := range l.Entries {
		off := want[e.Name].Sub(e.ModTime)
		if off < 0 || off >= e.Precision && off != 0 {
			t.Errorf("%s: %v, off by %v", e.Name, e.ModTime, off)
		}
	}
}

// TestZoneOfLocalMDTM: vsftpd as Debian sets it up tells local times by LIST and
// by MDTM. With the zone told, all times are right, those that are set as well.
func TestZoneOfLocalMDTM(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Vsftpd, ftptest.TimeZone(awayZone), ftptest.Extra("use_localtime=YES"))
	want := datedTree(t, s)
	ctx, c := zoned(t, s, mustLoad(t, awayZone))
	wantTimes(t, ctx, c, s, want)
	set := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	if err := c.SetModTime(ctx, s.Path("now"), set, false); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(s.Dir, "now"))
	if err != nil || !info.ModTime().Equal(set) {
		t.Errorf("set %v, on the disk %v, %v", set, info.ModTime(), err)
	}
	if e, err := c.Verify(ctx, s.Path("now")); err != nil || !e.ModTime.Equal(set) {
		t.Errorf("Verify: %+v, %v; want %v", e, err, set)
	}
}

// TestZoneOfLocalLIST: ProFTPD without MLSD, in a zone where only LIST is
// local, is found out without being told, and believed when it is.
func TestZoneOfLocalLIST(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.ProFTPD, ftptest.TimeZone(awayZone), ftptest.Extra("TimesGMT off", "FactsAdvertise off"))
	want := datedTree(t, s)
	for name, zone := range map[string]*time.Location{"found": nil, "told": mustLoad(t, awayZone)} {
		t.Run(name, func(t *testing.T) {
			ctx, c := zoned(t, s, zone)
			if c.Features().MLST {
				t.Error("there is MLSD, nothing is tested")
			}
			wantTimes(t, ctx, c, s, want)
		})
	}
}

// TestZoneOfBrokenLinks: what only LIST shows beside MLSD has the right time.
func TestZoneOfBrokenLinks(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.ProFTPD, ftptest.TimeZone(awayZone), ftptest.Extra("TimesGMT off"))
	want := datedTree(t, s)
	if err := os.Symlink("nowhere", filepath.Join(s.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(s.Dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	want["link"] = info.ModTime().Truncate(time.Minute)
	ctx, c := zoned(t, s, nil)
	wantTimes(t, ctx, c, s, want)
}

// TestLocalTimesAreToldInTheLog: where no zone was told, the first file that is
// written shows that all times are off, and the log says what to mount with. A
// mount with that has them right, and nothing to say.
func TestLocalTimesAreToldInTheLog(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Vsftpd, ftptest.TimeZone(awayZone), ftptest.Extra("use_localtime=YES"))
	offset := time.Now().In(mustLoad(t, awayZone)).Format("-07:00")
	for _, flags := range [][]string{nil, {"--timezone", offset}} {
		m := mounted(t, s, flags...)
		if err := os.WriteFile(m.path("new"), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(m.log)
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(string(log), "--timezone "+offset); told != (flags == nil) {
			t.Errorf("with %q the log tells of local times: %v", flags, told)
		}
		info, err := os.Stat(m.path("new"))
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(info.ModTime()).Abs(); flags != nil && age > time.Hour {
			t.Errorf("with %q a new file is %v old", flags, age)
		}
		m.umount()
	}
}
