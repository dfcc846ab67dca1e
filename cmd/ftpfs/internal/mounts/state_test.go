package mounts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/say"
)

func stateOf(t *testing.T, dir, mountpoint string, started time.Time) *StateFile {
	t.Helper()
	s, err := NewStateFile(dir, State{PID: os.Getpid(), Mountpoint: say.Raw(mountpoint), Source: "ftp://h/", Started: started})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStateOfALivingMount(t *testing.T) {
	dir := t.TempDir()
	const odd = "/mnt/\xff \"x\"\n\u00fc"
	s := stateOf(t, dir, odd, time.Now())
	if m := Find([]string{dir}, "/mnt/other"); m != nil {
		t.Errorf("found %+v for another path", m.State)
	}
	m := Find([]string{"/nonexistent", dir}, odd)
	if m == nil {
		t.Fatal("not found")
	}
	defer m.Close()
	if alive, err := m.Alive(); !alive || err != nil {
		t.Errorf("alive %v, %v", alive, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.WaitEnd(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("wait for a living mount: %v", err)
	}
	if err := s.End(nil); err != nil {
		t.Fatal(err)
	}
	if alive, err := m.Alive(); !alive || err != nil {
		t.Errorf("before the process has ended: alive %v, %v", alive, err)
	}
	s.File.Close() // as the end of the process does
	if st, err := m.WaitEnd(t.Context()); err != nil || st.Failed != "" {
		t.Errorf("after the end: %+v, %v", st, err)
	}
	if names, _ := filepath.Glob(dir + "/*"); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}

func TestStateTellsWhatFailed(t *testing.T) {
	dir := t.TempDir()
	s := stateOf(t, dir, "/mnt/x", time.Now())
	m := Find([]string{dir}, "/mnt/x")
	if m == nil {
		t.Fatal("not found")
	}
	defer m.Close()
	if err := s.End(errors.New("a.txt: no space")); err != nil {
		t.Fatal(err)
	}
	s.File.Close() // as the end of the process does
	if st, err := m.WaitEnd(t.Context()); err != nil || st.Failed != "a.txt: no space" {
		t.Errorf("%+v, %v", st, err)
	}
	if err := m.Forget(); err != nil {
		t.Error(err)
	}
}

// TestFindMountPrefersTheLiving: a dead mount's file must not hide the one
// that is mounted now.
func TestFindMountPrefersTheLiving(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	living := stateOf(t, dir, "/m", now.Add(-time.Hour))
	dead := stateOf(t, dir, "/m", now)
	dead.File.Close()
	older := stateOf(t, dir, "/m", now.Add(-2*time.Hour))
	older.File.Close()
	defer living.File.Close()
	m := Find([]string{dir}, "/m")
	if m == nil {
		t.Fatal("not found")
	}
	defer m.Close()
	if m.Path != living.Path {
		t.Errorf("found %s, want %s", m.Path, living.Path)
	}
}

func TestFindMountPassesOverGarbage(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mount-1.json": "", "mount-2.json": "{}", "mount-3.json": `{"pid":1,"mountpoint":"/m"}`, "mount-4.json": "\x00\xff",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "mount-5.json")); err != nil {
		t.Fatal(err)
	}
	if m := Find([]string{dir}, "/m"); m != nil {
		t.Errorf("found %+v", m.State)
	}
}

func TestPrivateDir(t *testing.T) {
	dir := t.TempDir()
	if err := MakePrivateDir(dir + "/new"); err != nil {
		t.Error(err)
	}
	if err := MakePrivateDir(dir + "/new"); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := os.Mkdir(dir+"/open", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/open", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir+"/new", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/open", "/link"} {
		if err := MakePrivateDir(dir + name); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestStateDirOfSomebodyElse: su leaves XDG_RUNTIME_DIR as it was.
func TestStateDirOfSomebodyElse(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	own, err := OwnDir()
	if err != nil || own != os.Getenv("XDG_RUNTIME_DIR")+"/ftpfs" {
		t.Errorf("%q, %v", own, err)
	}
	t.Setenv("XDG_RUNTIME_DIR", "/nonexistent")
	if dir, err := OwnDir(); err != nil || dir == "/nonexistent/ftpfs" {
		t.Errorf("%q, %v", dir, err)
	}
}
