package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// TestRefresh: what others have changed is seen at once after ftpfs refresh of
// the directory, of the mount, or of all, and after the signal HUP; without, it is
// not.
func TestRefresh(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	tree, addr := testServer(t)
	dir := mountTest(t, "--attr-timeout=1h", "ftp://me:sesame@"+addr+"/")
	if err := os.Mkdir(filepath.Join(dir, "sub dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	sees := func(name string) bool {
		entries, err := os.ReadDir(filepath.Join(dir, "sub dir"))
		if err != nil {
			t.Error(err)
		}
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name })
	}
	hangUp := func() {
		for _, pid := range processesWith(t, dir) {
			if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
				t.Error(err)
			}
		}
	}
	refresh := func(args ...string) func() {
		return func() {
			r := runProgram(t, command(t, append([]string{"refresh"}, args...)...))
			// Without an argument root asks the mounts of other tests, too.
			if r.code != exit.OK && (len(args) > 0 || strings.Contains(r.stderr, dir)) {
				t.Errorf("refresh %q: %+v", args, r)
			}
		}
	}
	for what, forget := range map[string]func(){
		"directory": refresh(filepath.Join(dir, "sub dir")), "mount": refresh(dir), "all": refresh(), "HUP": hangUp,
	} {
		sees("anything")
		if err := writeTree(tree, "sub dir/"+what, "theirs"); err != nil {
			t.Fatal(err)
		}
		if sees(what) {
			t.Errorf("%s is seen without a refresh", what)
		}
		forget()
		eventually(t, what, func() bool { return sees(what) })
	}
	if r := runProgram(t, command(t, "refresh", t.TempDir())); r.code != exit.NotMounted || !strings.Contains(r.oneLine(t), "not in a mount") {
		t.Errorf("refresh elsewhere: %+v", r)
	}
	umount(t, exit.OK, dir)
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "ftpfs", "*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// TestLongRuntimeDirectory: the socket of a mount may lie in a directory with a longer
// name than an address of a socket has room for.
func TestLongRuntimeDirectory(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	runtimeDir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.Mkdir(runtimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", runtimeDir)
	_, addr := testServer(t)
	dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
	for _, name := range []string{"refresh", "status"} {
		if r := runProgram(t, command(t, name, dir)); r.code != exit.OK {
			t.Errorf("%s: %+v", name, r)
		}
	}
	umount(t, exit.OK, dir)
	if left, _ := filepath.Glob(filepath.Join(runtimeDir, "ftpfs", "*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
