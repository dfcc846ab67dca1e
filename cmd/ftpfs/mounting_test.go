package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"

	"golang.org/x/sys/unix"
)

// needFUSE skips a test where nothing can be mounted, but not in CI.
func needFUSE(t *testing.T) {
	t.Helper()
	if err := mountpoints.CheckFUSE(mountpoints.FUSEDevice, mountpoints.FUSEConf, os.Geteuid() == 0, false); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func mountedAt(t *testing.T, dir string) (mountpoints.Entry, bool) {
	t.Helper()
	table, err := mountpoints.Read()
	if err != nil {
		t.Fatal(err)
	}
	real, err := mountpoints.Absolute(dir)
	if err != nil {
		t.Fatal(err)
	}
	return mountpoints.At(table, real)
}

func assertNotMounted(t *testing.T, dir string) {
	t.Helper()
	if m, ok := mountedAt(t, dir); ok {
		t.Errorf("%s is mounted: %+v", dir, m)
	}
	if pids := processesWith(t, dir); len(pids) != 0 {
		t.Errorf("processes %v are left", pids)
	}
}

// processesWith returns the processes that have text in their arguments.
func processesWith(t *testing.T, text string) (pids []int) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		line, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(line, []byte(text)) {
			continue // it has ended meanwhile
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// testServer serves a tree in memory with one file, for user me with password
// sesame, and returns host:port.
func testServer(t *testing.T) (*ftpserver.MemFS, string) {
	t.Helper()
	tree, addr, _ := testServerToStop(t)
	return tree, addr
}

// testServerToStop is testServer with the function that stops it early.
func testServerToStop(t *testing.T) (tree *ftpserver.MemFS, addr string, stop func()) {
	t.Helper()
	return testServerWith(t, ftpserver.Options{})
}

// testServerWith is testServerToStop with options of its own; tree, user and password
// are the usual ones.
func testServerWith(t *testing.T, o ftpserver.Options) (tree *ftpserver.MemFS, addr string, stop func()) {
	t.Helper()
	tree = ftpserver.NewMemFS(0)
	for _, dir := range []string{"sub", "sub/deep"} {
		if err := tree.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeTree(tree, "sub/file", "content\n"); err != nil {
		t.Fatal(err)
	}
	o.FS, o.LoginDelay = tree, -1
	o.Users = map[string]ftpserver.User{"me": {Check: ftpserver.Password("sesame")}}
	server, err := ftpserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	addr = ftptest.Serve(t, server).String()
	return tree, addr, func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

// mountTest mounts in the background and takes care of the end.
func mountTest(t *testing.T, args ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Cleanup(func() { cleanMount(t, dir) })
	r := runProgram(t, command(t, append(append([]string{"mount"}, args...), dir)...))
	if r.code != exit.OK {
		t.Fatalf("mount: %+v", r)
	}
	if m, ok := mountedAt(t, dir); !ok || m.Type != mountpoints.FSType {
		t.Fatalf("not mounted: %+v", m)
	}
	return dir
}

// cleanMount ends whatever is left of a mount.
func cleanMount(t *testing.T, dir string) {
	if _, ok := mountedAt(t, dir); ok {
		if err := mountpoints.Detach(dir, true); err != nil {
			t.Errorf("detach: %v", err)
		}
	}
	for _, pid := range processesWith(t, dir) {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Error(err)
		}
	}
	eventually(t, "end of all processes", func() bool { return len(processesWith(t, dir)) == 0 })
}

func umount(t *testing.T, want exit.Code, args ...string) result {
	t.Helper()
	r := runProgram(t, command(t, append([]string{"umount"}, args...)...))
	if r.code != want {
		t.Errorf("umount: %+v, want code %d", r, want)
	}
	return r
}

func treeText(t *testing.T, tree ftpserver.FS, name string) string {
	t.Helper()
	f, err := tree.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		t.Error(err)
	}
	return b.String()
}

func writeTree(tree ftpserver.FS, name, text string) error {
	f, err := tree.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	return errors.Join(err, f.Close())
}
