package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// TestNoPasswordIsSeen looks into every process of a mount, in the background
// and in the foreground, whose password came by URL and by environment.
func TestNoPasswordIsSeen(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	logFile := t.TempDir() + "/log"
	dir := mountTest(t, "--log-file", logFile, "--trace", "ftp://me:sesame@"+addr+"/")
	assertSecret(t, dir)
	text, err := os.ReadFile(logFile)
	if err != nil || !bytes.Contains(text, []byte("> PASS ***")) || bytes.Contains(text, []byte("sesame")) {
		t.Errorf("log: %v\n%s", err, text)
	}

	foreground := t.TempDir()
	t.Cleanup(func() { cleanMount(t, foreground) })
	cmd := command(t, "mount", "-f", "--trace", "ftp://me@"+addr+"/", foreground)
	cmd.Env = append(cmd.Env, "FTPFS_PASSWORD=sesame")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "mount in the foreground", func() bool { _, ok := mountedAt(t, foreground); return ok })
	eventually(t, "an answer of it", func() bool { _, err := os.ReadDir(foreground + "/sub"); return err == nil })
	assertSecret(t, foreground)
	umount(t, exit.OK, foreground)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "> PASS ***") || strings.Contains(log.String(), "sesame") {
		t.Errorf("trace:\n%s", &log)
	}
}

func assertSecret(t *testing.T, dir string) {
	t.Helper()
	pids := processesWith(t, dir)
	if len(pids) == 0 {
		t.Error("no process to look into")
	}
	for _, pid := range pids {
		for _, name := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
			if err != nil || bytes.Contains(text, []byte("sesame")) {
				t.Errorf("%s of %d: %q, %v", name, pid, text, err)
			}
		}
	}
	if m, _ := mountedAt(t, dir); strings.Contains(m.Source, "sesame") {
		t.Errorf("mount table: %q", m.Source)
	}
}

// TestWaitingParentHidesPassword looks at the processes while the server lets
// them wait, and interrupts them then.
func TestWaitingParentHidesPassword(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	asked := make(chan struct{}, 8)
	addr := badServer(t, scriptedSilence(asked))
	dir := t.TempDir()
	cmd := command(t, "mount", "ftp://me:sesame@"+addr+"/", dir)
	cmd.Env = append(cmd.Env, "FTPFS_PASSWORD=sesame")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if n := len(processesWith(t, dir)); n != 2 {
		t.Errorf("%d processes, want parent and daemon", n)
	}
	assertSecret(t, dir)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	err := cmd.Wait()
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != int(exit.Failure) {
		t.Errorf("interrupted mount: %v", err)
	}
	assertNotMounted(t, dir)
}
