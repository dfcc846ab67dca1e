package spools

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSpoolOfACleanMount(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a", "spool")
	s, err := Open(base, "ftp://h/", func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(s.Files()); err != nil || !info.IsDir() {
		t.Errorf("no place for files: %v", err)
	}
	if kept, err := s.Close(); kept != "" || err != nil {
		t.Errorf("close: %q, %v", kept, err)
	}
	if left, err := os.ReadDir(base); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestSpoolLeavesNothing: where nobody has chosen the place, the last mount removes
// what was made for it, while others come and go.
func TestSpoolLeavesNothing(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				s, err := Open(DefaultBase(), "ftp://h/", func(text string) { t.Error(text) })
				if err != nil {
					t.Error(err)
					return
				}
				if kept, err := s.Close(); kept != "" || err != nil {
					t.Errorf("close: %q, %v", kept, err)
				}
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestSpoolSweep: of dead mounts empty folders go and data stays, living
// mounts are left alone.
func TestSpoolSweep(t *testing.T) {
	base := t.TempDir()
	none := func(text string) { t.Error(text) }
	living, err := Open(base, "ftp://living/", none)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := Open(base, "ftp://empty/", none)
	if err != nil {
		t.Fatal(err)
	}
	full, err := Open(base, "ftp://full/", none)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full.Files()+"/data", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	// As if their processes had died.
	empty.Lock.Close()
	full.Lock.Close()

	var warnings []string
	next, err := Open(base, "ftp://next/", func(text string) { warnings = append(warnings, text) })
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], full.Files()) || !strings.Contains(warnings[0], "ftp://full/") {
		t.Errorf("warnings: %q", warnings)
	}
	for dir, want := range map[string]bool{living.Dir: true, empty.Dir: false, full.Files() + "/data": true, next.Dir: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v, want it: %v", dir, err, want)
		}
	}
	for _, s := range []*Spool{living, next} {
		if kept, err := s.Close(); kept != "" || err != nil {
			t.Errorf("close: %q, %v", kept, err)
		}
	}
}

func TestSpoolKeepsData(t *testing.T) {
	s, err := Open(t.TempDir(), "ftp://h/", func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Files()+"/data", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Close(); kept != s.Files() || err != nil {
		t.Errorf("close: %q, %v; want %q", kept, err, s.Files())
	}
}

func TestSpoolWhereNoneCanBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "spool"), "ftp://h/", nil); err == nil {
		t.Error("a spool below a file")
	}
}

func TestLockIsNotWaitedForForEver(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	f, err := LockFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := LockFile(name, 0); err == nil {
		again.Close()
		t.Error("locked twice")
	}
	f.Close()
	again, err := LockFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
