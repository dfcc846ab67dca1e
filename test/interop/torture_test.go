package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// tortureFiles are names that listings, commands and clients get wrong.
var tortureFiles = append([]string{"  lead2", " lead", "#hash", "%41", "--help", "-a", "...", "..dots", ".hid",
	".pureftpd-upload.6b010304.84e.3527.112367b7", "226 done", "?q", "C:", "Jan 01 12:00 x", strings.Repeat("N", 255), "STOU.1",
	"[x]", "a  b", "a b", "a&b$(c)`d`", "a;b", "a=b; c", "a|b", `bs\b`, "cr\rx", "del\x7f", "e\u0301-nfd", "esc\x1b[31m", "ftpd.1iorbmuv",
	"lnk -> odd", "nl\nx", "nul", `q"q`, "s'q", "tab\tx", "total 5", "trail ", "trail2  ", "type=dir; x", "x -> y",
	"plain.txt", "{a,b}", "~tilde", "é-utf8", "日本語", "\xe9-latin1", "\xff\xfe-iac", "*"}, tortureDates...)

// tortureDates are names of files whose times listings tell in different ways.
var tortureDates = []string{"age-30d", "age-100d", "age-181d", "age-190d", "age-364d", "age-366d", "age1d", "age2d", "age200d", "old-1971", "future-2037"}

// tortureLinks are links and their targets; tortureDirs are directories.
var (
	tortureLinks = map[string]string{"broken": "/nowhere", "lnk": "plain.txt", "lnkdir": "dir", "loop": "loop"}
	tortureDirs  = []string{"-dir", "dir", "dir with space", "sticky"}
)

// untold are the names that a server does not tell as they are, so that they are
// not shown or are shown as something that is not there.
var untold = map[string][]string{
	ftptest.PureFTPd: {"del\x7f", "esc\x1b[31m", "tab\tx", "\xff\xfe-iac", "iac", "fifo"},
}

// unusable are the names that a server tells and does not take: vsftpd renames no
// links that lead nowhere, Pure-FTPd takes no backslash and makes _ of a space at
// the end.
var unusable = map[string][]string{
	ftptest.Vsftpd:   {"broken", "loop"},
	ftptest.PureFTPd: {`bs\b`, "trail ", "trail2  ", "iac"},
}

// torture makes the directory on the server's disk.
func torture(t *testing.T, s *ftptest.Server) {
	t.Helper()
	now := time.Now()
	for i, name := range tortureFiles {
		s.WriteFile("torture/"+name, []byte("is "+name))
		when := now.Add(-time.Duration(i) * 17 * 24 * time.Hour)
		if err := os.Chtimes(filepath.Join(s.Dir, "torture", name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range tortureDirs {
		s.WriteFile("torture/"+dir+"/in", []byte("in "+dir))
	}
	for name, target := range tortureLinks {
		if err := os.Symlink(target, filepath.Join(s.Dir, "torture", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(s.Dir, "torture", "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTorture: every name that the server tells is listed, looked at, read,
// written, renamed and removed through the mount; of the others the log tells how
// many there are.
func TestTorture(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		torture(t, s)
		m := mounted(t, s)
		disk, shown := namesIn(t, filepath.Join(s.Dir, "torture")), namesIn(t, m.path("torture"))
		left := tortureShown(t, s, disk, shown)
		for _, name := range shown {
			switch {
			case slices.Contains(unusable[s.Name], name):
			case slices.Contains(tortureDirs, name) || slices.Contains(tortureFiles, name):
			default:
				tortureOther(t, s, m, name)
			}
		}
		for _, name := range shown {
			switch {
			case slices.Contains(unusable[s.Name], name):
			case slices.Contains(tortureFiles, name):
				tortureFile(t, s, m, name)
			case slices.Contains(tortureDirs, name):
				tortureDir(t, s, m, name)
			}
		}
		if got := namesIn(t, filepath.Join(s.Dir, "torture")); !slices.Equal(got, left) {
			t.Errorf("left on the server are %q, want %q", got, left)
		}
	})
}

// tortureShown compares what is shown with what is there, and returns the names
// that will be left.
func tortureShown(t *testing.T, s *ftptest.Server, disk, shown []string) (left []string) {
	t.Helper()
	for _, name := range shown {
		if !slices.Contains(disk, name) && !slices.Contains(untold[s.Name], name) {
			t.Errorf("%q is shown and is not there", name)
		}
	}
	for _, name := range disk {
		switch {
		case !slices.Contains(shown, name):
			left = append(left, name)
			if !slices.Contains(untold[s.Name], name) && !strings.ContainsAny(name, "\r\n") {
				t.Errorf("%q is not shown", name)
			}
		case slices.Contains(unusable[s.Name], name):
			left = append(left, name)
		}
	}
	t.Logf("%d names of %d are shown; left are %q", len(shown), len(disk), left)
	return left
}

// tortureFile does everything with a file.
func tortureFile(t *testing.T, s *ftptest.Server, m *mount, name string) {
	t.Helper()
	path, disk := m.path("torture/"+name), filepath.Join(s.Dir, "torture", name)
	was, err := os.Lstat(disk)
	if err != nil {
		t.Errorf("%q: %v", name, err)
		return
	}
	if info, err := os.Lstat(path); err != nil || info.Size() != was.Size() || !info.Mode().IsRegular() {
		t.Errorf("%q: stat: %v, %v, want %d octets", name, info, err, was.Size())
	} else if d := info.ModTime().Sub(was.ModTime()); d > 0 || d < -24*time.Hour {
		t.Errorf("%q: its time is %v, want %v or less exact", name, info.ModTime(), was.ModTime())
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "is "+name {
		t.Errorf("%q: read %q, %v", name, got, err)
	}
	if err := os.WriteFile(path, []byte("new "+name), 0o644); err != nil {
		t.Errorf("%q: write: %v", name, err)
	}
	if got, err := os.ReadFile(disk); err != nil || string(got) != "new "+name {
		t.Errorf("%q: the server has %q, %v", name, got, err)
	}
	moved(t, s, m, name)
	if err := os.Remove(path); err != nil {
		t.Errorf("%q: remove: %v", name, err)
	}
}

// moved renames something and back.
func moved(t *testing.T, s *ftptest.Server, m *mount, name string) {
	t.Helper()
	path, disk := m.path("torture/"+name), filepath.Join(s.Dir, "torture", name)
	if err := os.Rename(path, m.path("torture/moved")); err != nil {
		t.Errorf("%q: rename: %v", name, err)
		return
	}
	if _, err := os.Lstat(disk); !os.IsNotExist(err) {
		t.Errorf("%q: it was renamed, and the server has it: %v", name, err)
	}
	if err := os.Rename(m.path("torture/moved"), path); err != nil {
		t.Errorf("%q: rename back: %v", name, err)
	}
	if _, err := os.Lstat(disk); err != nil {
		t.Errorf("%q: it was renamed back: %v", name, err)
	}
}

// tortureDir does everything with a directory that has a file "in".
func tortureDir(t *testing.T, s *ftptest.Server, m *mount, name string) {
	t.Helper()
	path := m.path("torture/" + name)
	if got := namesIn(t, path); !slices.Equal(got, []string{"in"}) {
		t.Errorf("%q: in it are %q", name, got)
	}
	if got, err := os.ReadFile(filepath.Join(path, "in")); err != nil || string(got) != "in "+name {
		t.Errorf("%q: in it %q, %v", name, got, err)
	}
	moved(t, s, m, name)
	if err := os.RemoveAll(path); err != nil {
		t.Errorf("%q: remove: %v", name, err)
	}
}

// tortureOther does what can be done with a link or a pipe, which is not opened.
func tortureOther(t *testing.T, s *ftptest.Server, m *mount, name string) {
	t.Helper()
	path := m.path("torture/" + name)
	target, link := tortureLinks[name]
	info, err := os.Lstat(path)
	if err != nil || link != (info.Mode()&os.ModeSymlink != 0) {
		t.Errorf("%q: stat: %v, %v", name, info, err)
	}
	if got, err := os.Readlink(path); link && (err != nil || got != target && filepath.Base(got) != filepath.Base(target)) {
		t.Errorf("%q: it leads to %q, %v", name, got, err)
	}
	moved(t, s, m, name)
	if err := os.Remove(path); err != nil {
		t.Errorf("%q: remove: %v", name, err)
	}
}
