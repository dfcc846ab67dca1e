package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// tenYears makes files of the last ten years, one for each month, at odd seconds.
func tenYears(t *testing.T) (dir string, times map[string]time.Time) {
	t.Helper()
	dir, times = t.TempDir(), map[string]time.Time{}
	now := time.Now().Truncate(time.Second)
	for month := range 120 {
		name := fmt.Sprintf("f%03d", month)
		times[name] = now.AddDate(0, -month, 0).Add(-time.Duration(month*3607+61) * time.Second)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, times[name], times[name]); err != nil {
			t.Fatal(err)
		}
	}
	return dir, times
}

// wantDates compares the times of files with what they are to be, as exactly as
// they are told.
func wantDates(t *testing.T, dir string, times map[string]time.Time, off func(time.Time) time.Duration) {
	t.Helper()
	wrong := 0
	for name, want := range times {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if d := want.Sub(info.ModTime()); d < 0 || d > off(want) {
			if wrong++; wrong < 5 {
				t.Errorf("%s is of %v, want %v", name, info.ModTime().UTC(), want.UTC())
			}
		}
	}
}

func exactly(time.Time) time.Duration { return 0 }

// TestDates: times of ten years survive cp -p and rsync to the second, into a mount
// and out of another one.
func TestDates(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		src, times := tenYears(t)
		m := mounted(t, s)
		if r := shell(t, m.dir, `mkdir cp rsync && cp -p "$SRC"/* cp/ && rsync -rtO "$SRC"/ rsync/`, "SRC="+src); r.code != 0 {
			t.Fatal(r)
		}
		for _, dir := range []string{"cp", "rsync"} {
			wantDates(t, filepath.Join(s.Dir, dir), times, exactly)
		}
		m.umount()
		m.mount()
		for _, dir := range []string{"cp", "rsync"} {
			wantDates(t, m.path(dir), times, exactly)
		}
		out := t.TempDir()
		r := shell(t, m.dir, `cp -p cp/* "$OUT"; rsync -rtiO "$SRC"/ rsync/; rsync -rtinO rsync/ "$SRC"/ | grep -v '^\.d'; true`, "SRC="+src, "OUT="+out)
		if r.out != "" || r.err != "" {
			t.Errorf("rsync has something to do: %v", r)
		}
		wantDates(t, out, times, exactly)
	})
}

// TestDatesOfList: a server that only tells times by LIST, and sets none, is told
// of in the log, and rsync --modify-window allows for what is lost.
func TestDatesOfList(t *testing.T) {
	t.Parallel()
	disk, times := tenYears(t)
	tree, err := ftpserver.OpenDirFS(disk)
	if err != nil {
		t.Fatal(err)
	}
	url := serveTree(t, ftpserver.Options{FS: tree, Profile: "embedded", LoginDelay: -1, Anonymous: true, AnonymousWrite: true})
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	m := newMount(t, url)
	m.mount()
	wantDates(t, m.dir, times, func(want time.Time) time.Duration {
		if time.Since(want) > 170*24*time.Hour { // about the half year before which LIST has no clock
			return 24 * time.Hour
		}
		return time.Minute
	})
	sync := func(flags string) string {
		return shell(t, m.dir, "rsync -rtinO "+flags+` "$SRC"/ ./ | grep -c '^[<>]f'`, "SRC="+disk).out
	}
	if n := sync(""); n == "0\n" {
		t.Error("rsync finds all times exact")
	}
	if n := sync("--modify-window=86400"); n != "0\n" {
		t.Errorf("with --modify-window=86400 rsync would send %s", n)
	}
	out := t.TempDir()
	if r := shell(t, m.dir, `rsync -rtO ./ "$OUT"/; rsync -rtiO ./ "$OUT"/; mkdir new; touch -d @1000000000 "$OUT"/x; cp -p "$OUT"/x new/`, "OUT="+out); r.out+r.err != "" || r.code != 0 {
		t.Errorf("rsync and cp -p: %v", r)
	}
	log, err := os.ReadFile(m.log)
	for _, line := range []string{"cannot set the times of files", "tells the times of files to the minute only"} {
		if n := strings.Count(string(log), line); n != 1 || err != nil {
			t.Errorf("the log has %q %d times, %v", line, n, err)
		}
	}
}
