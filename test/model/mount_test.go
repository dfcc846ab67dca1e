package model

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

// mountable skips the test where nothing can be mounted.
func mountable(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		ftptest.Skip(t, "mounting is tested as root")
	}
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		ftptest.Skip(t, "no FUSE here: %v", err)
	}
	f.Close()
}

// built is where the program is, once it was built.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ftpfs")
	if out, err := exec.Command("go", "build", "-o", path, "ftpfs/cmd/ftpfs").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// mounted mounts url until the test ends and returns the mount point.
func mounted(f *findings, program, url string, ttl time.Duration, options ...string) string {
	t := f.t
	t.Helper()
	base := t.TempDir()
	dir, logFile := filepath.Join(base, "mnt"), filepath.Join(base, "log")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+base, "HOME="+base)
		cmd.WaitDelay = 5 * time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("ftpfs %s: %w: %s", args[0], err, out)
		}
		return nil
	}
	t.Cleanup(func() {
		if err := unmounted(run, dir); err != nil {
			t.Error(err)
		}
		if log, err := os.ReadFile(logFile); t.Failed() && err == nil {
			t.Logf("what ftpfs logged:\n%s", log[max(0, len(log)-8<<10):])
			f.noteLog(string(log))
		}
	})
	args := append([]string{"mount", "--log-file", logFile, "--spool-dir", filepath.Join(base, "spool"), "--attr-timeout", ttl.String()}, options...)
	if err := run(append(args, url, dir)...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unmounted unmounts what is mounted.
func unmounted(run func(...string) error, dir string) error {
	mounts, err := ftptest.MountsBelow(dir)
	if err != nil || !slices.Contains(mounts, dir) {
		return err
	}
	return errors.Join(run("umount", "--timeout", "60s", dir))
}

// noteLog notes the last troubles that a mount has logged.
func (f *findings) noteLog(log string) {
	var last []string
	for line := range strings.Lines(log) {
		if _, said, ok := strings.Cut(line, " WARN "); ok {
			last = append(last, said)
		} else if _, said, ok := strings.Cut(line, " ERROR "); ok {
			last = append(last, said)
		}
	}
	for _, said := range last[max(0, len(last)-3):] {
		f.note("logged: " + said)
	}
}
