package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// The calls of autofs, as linux/auto_fs.h has them, by which who mounts on demand
// answers who waits.
const (
	autofsReady     = 0x9360
	autofsCatatonic = 0x9362
)

// TestAutomount: a mount is made on demand, as with x-systemd.automount: this process
// is in the place of systemd, and another one that looks waits at the mount point.
func TestAutomount(t *testing.T) {
	needFUSE(t)
	if os.Geteuid() != 0 {
		t.Skip("only root mounts autofs")
	}
	sandbox(t)
	dir := t.TempDir()
	t.Cleanup(func() { cleanMount(t, dir) })
	requests, root := autofs(t, dir)
	look := exec.CommandContext(t.Context(), "cat", dir+"/README.txt")
	look.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // else the kernel takes it for us
	var seen strings.Builder
	look.Stdout, look.Stderr = &seen, &seen
	if err := look.Start(); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 512) // struct autofs_v5_packet
	if _, err := requests.Read(packet); err != nil {
		t.Fatal(err)
	}
	mount := command(t, "mount", "--demo", dir)
	mount.WaitDelay = time.Second // a process that hangs in the background holds its pipes
	if r := runProgram(t, mount); r.code != exit.OK {
		t.Errorf("mount: %+v", r)
	}
	token := binary.NativeEndian.Uint32(packet[8:])
	if err := unix.IoctlSetInt(int(root.Fd()), autofsReady, int(token)); err != nil {
		t.Error(err)
	}
	if err := look.Wait(); err != nil || !strings.Contains(seen.String(), "demonstration") {
		t.Errorf("who waited sees %q, %v", seen.String(), err)
	}
	if r := runProgram(t, command(t, "umount", dir)); r.code != exit.OK {
		t.Errorf("umount: %+v", r)
	}
}

// autofs has the kernel ask this process when somebody looks into dir. Whoever still
// waits at the end of the test is told that there is nothing.
func autofs(t *testing.T, dir string) (requests, root *os.File) {
	t.Helper()
	requests, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { requests.Close(); w.Close() })
	options := fmt.Sprintf("fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", w.Fd(), unix.Getpgrp())
	if err := unix.Mount("test", dir, "autofs", 0, options); err != nil {
		t.Skipf("no autofs here: %v", err)
	}
	if root, err = os.Open(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.IoctlSetInt(int(root.Fd()), autofsCatatonic, 0); err != nil {
			t.Error(err)
		}
		root.Close()
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return requests, root
}
