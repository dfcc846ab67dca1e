// Package spools has the folders in which mounts keep what is written, and what mounts
// that have died have left in theirs.
package spools

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

	"ftpfs/cache"
	"ftpfs/cmd/ftpfs/internal/say"
)

// Spool is the folder for one mount's unsent data. Below the base there is one
// folder per mount, with a lock file whose lock the mount's process holds and
// a folder "files" for the volume. The base has a lock of its own, held while
// folders are made or swept.
type Spool struct {
	Dir     string
	Lock    *os.File
	Adopted int // dead mounts of which there is something to finish
}

// spoolLockTimeout bounds the wait for others who make or sweep folders.
const spoolLockTimeout = 5 * time.Second

// Files is where the volume keeps its data.
func (s *Spool) Files() string { return filepath.Join(s.Dir, "files") }

// Open makes the folder for a mount of source and sweeps up after dead
// mounts. What it keeps of them, it says by warn.
func Open(base, source string, warn func(string)) (*Spool, error) {
	unlock, err := lockSpoolBase(base)
	if err != nil {
		return nil, err
	}
	defer unlock.Close()
	sweepSpool(base, source, warn)
	dir, err := os.MkdirTemp(base, "mount-*")
	if err != nil {
		return nil, err
	}
	s := &Spool{Dir: dir}
	if err := os.Mkdir(s.Files(), 0o700); err != nil {
		return nil, err
	}
	if s.Lock, err = LockFile(filepath.Join(dir, "lock"), 0); err != nil {
		return nil, err
	}
	// Tells a person, and the next sweep, whose data this is.
	if _, err = s.Lock.WriteString(source + "\n"); err == nil {
		s.Adopted = s.adopt(base, source, warn)
	}
	return s, err
}

// Close gives up the folder and removes it, unless it holds data; then it
// returns the folder's name. The last one leaves nothing at all.
func (s *Spool) Close() (kept string, err error) {
	defer s.Lock.Close()
	if kept, err = removeSpool(s.Dir); kept == "" && err == nil {
		err = leaveSpoolBase(filepath.Dir(s.Dir))
	}
	return kept, err
}

// lockSpoolBase makes the base if it is not there and returns its lock.
func lockSpoolBase(base string) (*os.File, error) {
	for deadline := time.Now().Add(spoolLockTimeout); ; {
		err := os.MkdirAll(base, 0o700)
		if err == nil {
			var f *os.File
			if f, err = lockThere(filepath.Join(base, ".lock"), spoolLockTimeout); err == nil {
				return f, nil
			}
		}
		// Who leaves may have removed it meanwhile.
		if !errors.Is(err, fs.ErrNotExist) || time.Now().After(deadline) {
			return nil, err
		}
	}
}

// lockThere is LockFile of a file that others may remove: that of one which is not
// there any more is fs.ErrNotExist.
func lockThere(name string, wait time.Duration) (*os.File, error) {
	f, err := LockFile(name, wait)
	if err != nil {
		return nil, err
	}
	held, err := f.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Lstat(name); err == nil && !os.SameFile(held, there) {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// leaveSpoolBase removes the base's lock if there is nothing else below the base, and
// the base itself and what is above it in the user's cache if that was made for it.
func leaveSpoolBase(base string) error {
	f, err := lockThere(filepath.Join(base, ".lock"), 0)
	if err != nil {
		return nil // somebody else is here, and leaves later
	}
	defer f.Close()
	if left, err := os.ReadDir(base); err != nil || len(left) > 1 {
		return err
	}
	gone := []string{f.Name()}
	if base == DefaultBase() {
		gone = append(gone, base, filepath.Dir(base))
	}
	for _, name := range gone {
		if err := os.Remove(name); errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, fs.ErrNotExist) {
			return nil // somebody has come
		} else if err != nil {
			return err
		}
	}
	return nil
}

// removeSpool removes a mount's folder if there is no data in it.
func removeSpool(dir string) (kept string, err error) {
	files := filepath.Join(dir, "files")
	if err := cache.DropCopies(files); err != nil {
		return "", err
	}
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
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // swept up meanwhile
		return "", err
	}
	return "", nil
}

// sweepSpool removes empty folders of dead mounts and names the others in one
// warning, except those that a mount of source will adopt.
func sweepSpool(base, source string, warn func(string)) {
	// The pattern is well formed.
	dirs, _ := filepath.Glob(filepath.Join(base, "mount-*"))
	var left []string
	for _, dir := range dirs {
		was, dead := Dead(dir)
		if !dead || was == source && hasRecords(filepath.Join(dir, "files")) {
			continue
		}
		kept, err := removeSpool(dir)
		if err != nil {
			warn(fmt.Sprintf("spool directory of a dead mount: %v", err))
		}
		if kept != "" {
			left = append(left, fmt.Sprintf("%s (of %s)", kept, say.Printable(was)))
		}
	}
	if len(left) > 0 {
		warn("data that was never uploaded is left of mounts that died: " + strings.Join(left, ", ") + ": save or remove it")
	}
}

// Dead reports whether nobody holds the lock of a folder, and whose it was.
func Dead(dir string) (source string, dead bool) {
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

// LockFile opens or makes a file and locks it, waiting at most wait for others;
// closing it gives up the lock.
func LockFile(name string, wait time.Duration) (*os.File, error) {
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

// DefaultBase is where spool folders go unless --spool-dir says otherwise.
func DefaultBase() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "/var/cache"
	}
	return filepath.Join(cache, "ftpfs", "spool")
}
