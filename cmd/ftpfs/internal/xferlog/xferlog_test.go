package xferlog

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

func TestLine(t *testing.T) {
	old := time.Local
	t.Cleanup(func() { time.Local = old })
	time.Local = time.FixedZone("", 3600)
	transfer := ftpserver.Transfer{Peer: netip.MustParseAddr("192.0.2.7"), User: "anna", Verb: "RETR", Path: "/music/a song.ogg", Bytes: 12345,
		Began: time.Date(2026, 3, 4, 9, 59, 50, 0, time.UTC), Took: 10 * time.Second, Code: 226}
	for _, tt := range []struct {
		change func(t *ftpserver.Transfer)
		want   string
	}{
		{func(*ftpserver.Transfer) {}, "Wed Mar  4 11:00:00 2026 10 192.0.2.7 12345 /music/a_song.ogg b _ o r anna ftp 0 * c\n"},
		{func(t *ftpserver.Transfer) { t.Verb, t.ASCII, t.Code, t.Took = "STOR", true, 552, time.Millisecond },
			"Wed Mar  4 10:59:50 2026 1 192.0.2.7 12345 /music/a_song.ogg a _ i r anna ftp 0 * i\n"},
		{func(t *ftpserver.Transfer) { t.User, t.Anonymous, t.ID, t.Verb = "ftp", true, "me@ here\n", "APPE" },
			"Wed Mar  4 11:00:00 2026 10 192.0.2.7 12345 /music/a_song.ogg b _ i a me@_here_ ftp 0 * c\n"},
		{func(t *ftpserver.Transfer) { t.User, t.Anonymous, t.Path = "ftp", true, "/x\u2028\xff" },
			"Wed Mar  4 11:00:00 2026 10 192.0.2.7 12345 /x__ b _ o a ftp ftp 0 * c\n"},
	} {
		tr := transfer
		tt.change(&tr)
		if got := Line(tr); got != strings.ReplaceAll(tt.want, "/x__", "/x_\uFFFD") {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestRotation rotates the log each day of a week, while others write: each
// line is in one of the files, once and whole.
func TestRotation(t *testing.T) {
	const days, writers, lines = 7, 4, 300
	name := filepath.Join(t.TempDir(), "xferlog")
	log, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range lines {
				if err := log.Add(ftpserver.Transfer{User: "u", Path: "/f", Bytes: int64(w*lines + i), Code: 226}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for day := range days {
		if err := os.Rename(name, name+"."+string(rune('1'+day))); err != nil {
			t.Fatal(err)
		}
		if err := log.Reopen(); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(name + "*")
	if err != nil || len(files) != days+1 {
		t.Fatal(files, err)
	}
	seen := make(map[string]int)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 18 && strings.HasSuffix(line, " c\n") {
				seen[f[7]]++
			} else {
				t.Errorf("%q", line)
			}
		}
	}
	for bytes, times := range seen {
		if times != 1 {
			t.Errorf("%s is there %d times", bytes, times)
		}
	}
	if len(seen) != writers*lines {
		t.Errorf("%d lines of %d", len(seen), writers*lines)
	}
}

// TestReopenFails: where there can be no new file, the old one goes on.
func TestReopenFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	log, err := Open(filepath.Join(dir, "xferlog"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := log.Reopen(); err == nil {
		t.Error("it opened a file in a directory that is gone")
	}
	if err := log.Add(ftpserver.Transfer{User: "u", Path: "/f"}); err != nil {
		t.Error(err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir+".old", "xferlog")); err != nil || len(text) == 0 {
		t.Errorf("%q, %v", text, err)
	}
}
