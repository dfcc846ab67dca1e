package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
)

func TestSignalEndsTheMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
		for _, pid := range processesWith(t, dir) {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Error(err)
			}
		}
		eventually(t, "end by "+sig.String(), func() bool { return len(processesWith(t, dir)) == 0 })
		assertNotMounted(t, dir)
	}
}

// TestBusyMount: in use it stays; --force detaches it and uploads what a
// program has written but not closed.
func TestBusyMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	tree, addr := testServer(t)
	dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
	f, err := os.Create(dir + "/open")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("unsaved"); err != nil {
		t.Error(err)
	}
	if r := umount(t, exit.Busy, dir); !strings.Contains(r.oneLine(t), "--force") {
		t.Errorf("busy: %+v", r)
	}
	if _, ok := mountedAt(t, dir); !ok {
		t.Fatal("a busy mount is gone")
	}
	umount(t, exit.OK, "--force", dir)
	assertNotMounted(t, dir)
	if got := treeText(t, tree, "open"); got != "unsaved" {
		t.Errorf("on the server: %q", got)
	}
}

// TestKilledMount: a mount whose process was killed is cleaned by umount, and
// by the next mount.
func TestKilledMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	kill := func(dir string) {
		for _, pid := range processesWith(t, dir) {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		eventually(t, "death", func() bool {
			return mountpoints.IsDead(dir, mounts.Dirs()) && len(processesWith(t, dir)) == 0
		})
	}
	dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
	kill(dir)
	r := runProgram(t, command(t, "mount", "ftp://me:sesame@"+addr+"/", dir))
	if text := r.oneLine(t); r.code != exit.OK || !strings.Contains(text, "removed the dead mount") {
		t.Errorf("mount on a dead one: %+v", r)
	}
	if text, err := os.ReadFile(dir + "/sub/file"); err != nil || string(text) != "content\n" {
		t.Errorf("%q, %v", text, err)
	}
	kill(dir)
	if r := umount(t, exit.OK, dir); !strings.Contains(r.oneLine(t), "dead") {
		t.Errorf("umount of a dead mount: %+v", r)
	}
	assertNotMounted(t, dir)
	if left, _ := filepath.Glob(os.Getenv("XDG_RUNTIME_DIR") + "/ftpfs/*"); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// TestLostUploadIsTold: what cannot be uploaded when the mount ends is kept,
// and umount says where.
func TestLostUploadIsTold(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr, stop := testServerToStop(t)
	dir := mountTest(t, "--timeout", "2s", "ftp://me:sesame@"+addr+"/")
	f, err := os.Create(dir + "/open")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("precious"); err != nil {
		t.Error(err)
	}
	stop()
	text := umount(t, exit.Uploads, "--force", dir).oneLine(t)
	assertNotMounted(t, dir)
	kept, _ := filepath.Glob(os.Getenv("XDG_CACHE_HOME") + "/ftpfs/spool/mount-*/files/spool-*")
	if len(kept) != 1 || !strings.Contains(text, filepath.Dir(kept[0])) || !strings.Contains(text, "/open") {
		t.Fatalf("kept %q, told %q", kept, text)
	}
	if data, err := os.ReadFile(kept[0]); err != nil || string(data) != "precious" {
		t.Errorf("kept %q, %v", data, err)
	}
	if r := runProgram(t, command(t, "uploads")); !strings.Contains(r.stdout, "left ") || !strings.Contains(r.stdout, "/open of ftp://me@") || !strings.Contains(r.stdout, kept[0]) {
		t.Errorf("uploads: %+v", r)
	}
	_, addr = testServer(t)
	next := t.TempDir()
	t.Cleanup(func() { cleanMount(t, next) })
	r := runProgram(t, command(t, "mount", "ftp://me:sesame@"+addr+"/", next))
	if !strings.Contains(r.oneLine(t), filepath.Dir(kept[0])) {
		t.Errorf("the next mount says %q", r.stderr)
	}
	umount(t, exit.OK, next)
}
