package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSpoolOfACleanMount(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a", "spool")
	s, err := openSpool(base, "ftp://h/", func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(s.files()); err != nil || !info.IsDir() {
		t.Errorf("no place for files: %v", err)
	}
	if kept, err := s.close(); kept != "" || err != nil {
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
				s, err := openSpool(defaultSpoolBase(), "ftp://h/", func(text string) { t.Error(text) })
				if err != nil {
					t.Error(err)
					return
				}
				if kept, err := s.close(); kept != "" || err != nil {
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
	living, err := openSpool(base, "ftp://living/", none)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := openSpool(base, "ftp://empty/", none)
	if err != nil {
		t.Fatal(err)
	}
	full, err := openSpool(base, "ftp://full/", none)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full.files()+"/data", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	// As if their processes had died.
	empty.lock.Close()
	full.lock.Close()

	var warnings []string
	next, err := openSpool(base, "ftp://next/", func(text string) { warnings = append(warnings, text) })
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], full.files()) || !strings.Contains(warnings[0], "ftp://full/") {
		t.Errorf("warnings: %q", warnings)
	}
	for dir, want := range map[string]bool{living.dir: true, empty.dir: false, full.files() + "/data": true, next.dir: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v, want it: %v", dir, err, want)
		}
	}
	for _, s := range []*spool{living, next} {
		if kept, err := s.close(); kept != "" || err != nil {
			t.Errorf("close: %q, %v", kept, err)
		}
	}
}

func TestSpoolKeepsData(t *testing.T) {
	s, err := openSpool(t.TempDir(), "ftp://h/", func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.files()+"/data", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.close(); kept != s.files() || err != nil {
		t.Errorf("close: %q, %v; want %q", kept, err, s.files())
	}
}

func TestSpoolWhereNoneCanBe(t *testing.T) {
	file := writeFile(t, "", 0o600)
	if _, err := openSpool(filepath.Join(file, "spool"), "ftp://h/", nil); err == nil {
		t.Error("a spool below a file")
	}
}

func TestLockIsNotWaitedForForEver(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	f, err := lockFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := lockFile(name, 0); err == nil {
		again.Close()
		t.Error("locked twice")
	}
	f.Close()
	again, err := lockFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
