package model

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

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
func mounted(t *testing.T, program, url string, ttl time.Duration) string {
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
		}
	})
	err := run("mount", "--log-file", logFile, "--spool-dir", filepath.Join(base, "spool"), "--attr-timeout", ttl.String(), url, dir)
	if err != nil {
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
