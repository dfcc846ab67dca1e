package main

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
)

// manager is the end of sd_notify(3) that systemd has.
func manager(t *testing.T) (told func() []string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	words := make(chan string, 10_000)
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return // closed
			}
			words <- string(b[:n])
		}
	}()
	return func() []string {
		select {
		case w := <-words:
			return strings.Split(w, "\n")
		case <-time.After(programTimeout):
			t.Fatal("nothing is told")
		}
		return nil
	}
}

// TestNotify: a service of systemd hears when the mount is there, that it lives,
// and that it ends.
func TestNotify(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	told := manager(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	dir := t.TempDir()
	t.Cleanup(func() { cleanMount(t, dir) })
	cmd := command(t, "mount", "--foreground", "--demo", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if first := told(); first[0] != "READY=1" || !strings.HasSuffix(first[1], " on "+dir) {
		t.Errorf("first %q", first)
	}
	if m, ok := mountedAt(t, dir); !ok || m.Type != mountpoints.FSType {
		t.Errorf("not mounted when ready: %+v", m)
	}
	for range 3 {
		if s := told(); !slices.Equal(s, []string{"WATCHDOG=1"}) {
			t.Errorf("told %q", s)
		}
	}
	umount(t, exit.OK, dir)
	s := told()
	for s[0] == "WATCHDOG=1" {
		s = told()
	}
	if s[0] != "STOPPING=1" {
		t.Errorf("last %q", s)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
