package remote

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
)

func TestHabitFlags(t *testing.T) {
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for zone, east := range map[string]time.Duration{
		"Europe/Berlin": 2 * time.Hour, "America/New_York": -4 * time.Hour, "UTC": 0,
		"+05:30": 5*time.Hour + 30*time.Minute, "-0500": -5 * time.Hour, "+02": 2 * time.Hour, "+00:00": 0,
	} {
		j, err := checked(t, "ftp://h/", "--timezone", zone, "-o", "encoding=KOI8-R")
		if err != nil {
			t.Errorf("%s: %v", zone, err)
			continue
		}
		var o ftpclient.Options
		j.Habits.apply(&o)
		if _, seconds := summer.In(o.Zone).Zone(); time.Duration(seconds)*time.Second != east || o.Encoding != "KOI8-R" {
			t.Errorf("%s: %d seconds east, encoding %s", zone, seconds, o.Encoding)
		}
	}
	j, err := checked(t, "ftp://h/")
	var o ftpclient.Options
	if j.Habits.apply(&o); err != nil || o.Zone != nil || o.Encoding != "" {
		t.Errorf("without flags: %+v, %v", o, err)
	}
	t.Setenv("FTPFS_TIMEZONE", "Asia/Tokyo")
	t.Setenv("FTPFS_ENCODING", "shift_jis")
	if j, err = checked(t, "ftp://h/"); err != nil || j.Habits != (Habits{"shift_jis", "Asia/Tokyo"}) {
		t.Errorf("by the environment: %+v, %v", j.Habits, err)
	}
}

// TestHabitFlagsRefused: a message says what, why, and what to write instead.
func TestHabitFlagsRefused(t *testing.T) {
	for args, says := range map[string][]string{
		"--timezone Middle/Earth": {"--timezone Middle/Earth", "no such time zone", "Europe/Berlin"},
		"--timezone +2:00":        {"--timezone +2:00", "not an offset", "+02:00"},
		"--timezone +99:00":       {"not an offset"},
		"--timezone ../../passwd": {"no such time zone"},
		"--encoding klingon":      {"--encoding klingon", "no such encoding", "windows-1251"},
		"--encoding UTF-16":       {"--encoding UTF-16", "ASCII"},
		"-o encoding=ISO-2022-JP": {"--encoding ISO-2022-JP", "ASCII"},
	} {
		_, err := checked(t, "ftp://h/", strings.Fields(args)...)
		if exit.CodeOf(err) != exit.Usage {
			t.Errorf("%s: %v", args, err)
			continue
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", args, err, part)
			}
		}
	}
}

func TestHiddenNamesAreToldOnce(t *testing.T) {
	log, got := lines(slog.LevelInfo)
	tr := newTrace(log, false)
	skipped := []ftpclient.Skipped{{Line: "x\x1b/y", Reason: "slash in a name"}, {Line: "b", Reason: "name listed twice"}, {Line: "c", Reason: "slash in a name"}}
	for range 3 {
		tr.Skipped("/d", skipped)
		tr.Skipped("/e", skipped[1:2])
	}
	want := []string{
		`WARN the server has names here that cannot be shown dir=/d names=3 reasons="name listed twice (1), slash in a name (2)" first=x\x1b/y`,
		`WARN the server has names here that cannot be shown dir=/e names=1 reasons="name listed twice (1)" first=b`,
	}
	if strings.Join(*got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(*got, "\n"), strings.Join(want, "\n"))
	}
	for i := range 2 * mostHidden {
		tr.Skipped(fmt.Sprint("/many/", i), skipped)
	}
	if n := len(*got); n != mostHidden+1 || !strings.Contains((*got)[n-1], "further directories") {
		t.Errorf("%d lines, the last is %s", n, (*got)[n-1])
	}
	log, got = lines(slog.LevelDebug)
	newTrace(log, false).Skipped("/d", skipped)
	if len(*got) != 4 {
		t.Errorf("with --verbose: %q", *got)
	}
}

// TestLocalTimesAreTold: the log says what to mount with.
func TestLocalTimesAreTold(t *testing.T) {
	log, got := lines(slog.LevelInfo)
	tr := newTrace(log, false)
	tr.LocalTimes(-5 * time.Hour)
	tr.LocalTimes(5*time.Hour + 45*time.Minute)
	if len(*got) != 2 || !strings.Contains((*got)[0], "--timezone -05:00") || !strings.Contains((*got)[1], "--timezone +05:45") {
		t.Errorf("%q", *got)
	}
	for _, line := range *got {
		offset := line[strings.LastIndexByte(line, ' ')+1:]
		if _, err := (Habits{Timezone: offset}).zone(); err != nil {
			t.Errorf("%s: what the log says is refused: %v", offset, err)
		}
	}
}
