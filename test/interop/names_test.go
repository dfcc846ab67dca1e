package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpfs/test/ftptest"
)

// TestEncodingOfNames: names that are windows-1251 on the server are UTF-8 in
// the mount, those that are not keep their octets, and all of them work.
func TestEncodingOfNames(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		// The first is octet 255 (я), the last is no windows-1251.
		names := map[string]string{"\xff.txt": "я.txt", "\xcf\xf0\xe8\xe2\xe5\xf2 5": "Привет 5", "plain": "plain", "\x98raw": "\x98raw"}
		for disk := range names {
			s.WriteFile(disk, []byte(disk))
		}
		s.WriteFile("\xe4\xe8\xf0/\xf4", []byte("in a directory"))
		if err := os.Symlink("\xe4\xe8\xf0/\xf4", filepath.Join(s.Dir, "link")); err != nil {
			t.Fatal(err)
		}
		m := mounted(t, s, "--encoding", "windows-1251")
		want := []string{"дир", "link"}
		for disk, local := range names {
			want = append(want, local)
			if got, err := os.ReadFile(m.path(local)); err != nil || string(got) != disk {
				t.Errorf("%q: %q, %v", local, got, err)
			}
		}
		slices.Sort(want)
		if got := namesIn(t, m.dir); !slices.Equal(got, want) {
			t.Errorf("names %q, want %q", got, want)
		}
		if target, err := os.Readlink(m.path("link")); err != nil || target != "дир/ф" {
			t.Errorf("link: %q, %v", target, err)
		}
		if got, err := os.ReadFile(m.path("link")); err != nil || string(got) != "in a directory" {
			t.Errorf("through the link: %q, %v", got, err)
		}
		changeEncoded(t, s, m)
	})
}

// changeEncoded makes, renames and removes names, and looks at the disk.
func changeEncoded(t *testing.T, s *ftptest.Server, m *mount) {
	t.Helper()
	steps := []error{
		os.Mkdir(m.path("новый"), 0o755),
		os.WriteFile(m.path("новый/файл"), []byte("1"), 0o644),
		os.WriteFile(m.path("новый/файл"), []byte("22"), 0o644), // by a temporary name
		os.Rename(m.path("новый/файл"), m.path("новый/я")),
		os.Chmod(m.path("новый/я"), 0o600),
		os.Remove(m.path("я.txt")),
		os.Rename(m.path("\x98raw"), m.path("\x98moved")),
	}
	for i, err := range steps {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(s.Dir, "\xed\xee\xe2\xfb\xe9/\xff")); err != nil || string(got) != "22" {
		t.Errorf("on the disk: %q, %v; there are %q", got, err, namesIn(t, s.Dir))
	}
	if got := namesIn(t, s.Dir); !slices.Contains(got, "\x98moved") || slices.Contains(got, "\xff.txt") {
		t.Errorf("on the disk: %q", got)
	}
	before := namesIn(t, s.Dir)
	if err := os.Mkdir(m.path("日本"), 0o755); err == nil || !strings.Contains(err.Error(), "invalid argument") {
		t.Errorf("mkdir of what windows-1251 cannot write: %v", err)
	}
	if err := os.WriteFile(m.path("日本"), []byte("x"), 0o644); err == nil || !strings.Contains(err.Error(), "invalid argument") {
		t.Errorf("writing what windows-1251 cannot write: %v", err)
	}
	if after := namesIn(t, s.Dir); !slices.Equal(after, before) {
		t.Errorf("on the disk: %q, before %q", after, before)
	}
}

// TestHiddenNamesAreLogged: what is on the server and no program could ask for
// is told in the mount's log, once for a directory that is listed twice.
func TestHiddenNamesAreLogged(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		long := strings.Repeat("\xe9", 200) // 400 octets in UTF-8
		s.WriteFile("d/"+long, []byte("x"))
		s.WriteFile("d/shown", []byte("x"))
		m := mounted(t, s, "--encoding", "latin1", "--attr-timeout", "0")
		for range 2 {
			if got := namesIn(t, m.path("d")); !slices.Equal(got, []string{"shown"}) {
				t.Errorf("names %q", got)
			}
		}
		log, err := os.ReadFile(m.log)
		if err != nil || strings.Count(string(log), "name longer than 255 bytes (1)") != 1 {
			t.Errorf("the log has it %d times, %v", strings.Count(string(log), "name longer than 255 bytes (1)"), err)
		}
		if err := os.Remove(m.path("d/shown")); err != nil {
			t.Error(err)
		}
		if err := os.Remove(m.path("d")); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("rmdir of a directory with a hidden name: %v", err)
		}
	})
}
