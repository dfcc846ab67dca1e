package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// spool is the folder for one mount's unsent data. Below the base there is one
// folder per mount, with a lock file whose lock the mount's process holds and
// a folder "files" for the volume. The base has a lock of its own, held while
// folders are made or swept.
type spool struct {
	dir  string
	lock *os.File
}

// spoolLockTimeout bounds the wait for others who make or sweep folders.
const spoolLockTimeout = 5 * time.Second

// files is where the volume keeps its data.
func (s *spool) files() string { return filepath.Join(s.dir, "files") }

// openSpool makes the folder for a mount of source and sweeps up after dead
// mounts. What it keeps of them, it says by warn.
func openSpool(base, source string, warn func(string)) (*spool, error) {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(base, ".lock"), spoolLockTimeout)
	if err != nil {
		return nil, err
	}
	defer unlock.Close()
	sweepSpool(base, warn)
	dir, err := os.MkdirTemp(base, "mount-*")
	if err != nil {
		return nil, err
	}
	s := &spool{dir: dir}
	if err := os.Mkdir(s.files(), 0o700); err != nil {
		return nil, err
	}
	if s.lock, err = lockFile(filepath.Join(dir, "lock"), 0); err != nil {
		return nil, err
	}
	// Tells a person, and the next sweep, whose data this is.
	_, err = s.lock.WriteString(source + "\n")
	return s, err
}

// close gives up the folder and removes it, unless it holds data; then it
// returns the folder's name.
func (s *spool) close() (kept string, err error) {
	defer s.lock.Close()
	return removeSpool(s.dir)
}

// removeSpool removes a mount's folder if there is no data in it.
func removeSpool(dir string) (kept string, err error) {
	files := filepath.Join(dir, "files")
	err = os.Remove(files)
	if errors.Is(err, unix.ENOTEMPTY) {
		return files, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return "", os.Remove(dir)
}

// sweepSpool removes empty folders of dead mounts and names the others in one
// warning.
func sweepSpool(base string, warn func(string)) {
	// The pattern is well formed.
	dirs, _ := filepath.Glob(filepath.Join(base, "mount-*"))
	var left []string
	for _, dir := range dirs {
		source, dead := deadSpool(dir)
		if !dead {
			continue
		}
		kept, err := removeSpool(dir)
		if err != nil {
			warn(fmt.Sprintf("spool directory of a dead mount: %v", err))
		}
		if kept != "" {
			left = append(left, fmt.Sprintf("%s (of %s)", kept, printable(source)))
		}
	}
	if len(left) > 0 {
		warn("data that was never uploaded is left of mounts that died: " + strings.Join(left, ", ") + ": save or remove it")
	}
}

// deadSpool reports whether nobody holds the lock of a folder, and whose it was.
func deadSpool(dir string) (source string, dead bool) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDONLY, 0)
	if err != nil {
		return "an unknown server", errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return "", false
	}
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return "an unknown server", true
	}
	return strings.TrimSpace(string(text)), true
}

// lockFile opens or makes a file and locks it, waiting at most wait for others;
// closing it gives up the lock.
func lockFile(name string, wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(wait)
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		select {
		case <-deadline:
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		case <-tick.C:
		}
	}
}

// defaultSpoolBase is where spool folders go unless --spool-dir says otherwise.
func defaultSpoolBase() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "/var/cache"
	}
	return filepath.Join(cache, "ftpfs", "spool")
}
