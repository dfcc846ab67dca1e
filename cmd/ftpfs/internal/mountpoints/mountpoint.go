// Package mountpoints looks at places where something may be mounted, and at what is.
package mountpoints

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

// lookTimeout bounds a look at a mount point: below a dead network filesystem
// it may never return.
const lookTimeout = 3 * time.Second

// autofsType is the type of mounts that only wait for the one to be made on them,
// as x-systemd.automount has it.
const autofsType = "autofs"

// Check decides whether a directory can be mounted on. Its errors
// are failures with exitMountpoint.
type Check struct {
	Dir      string // absolute
	NonEmpty bool   // content, or another mount, may be hidden
	Dirs     []string
	Warn     func(text string)
}

// Run checks, and removes a stale mount of ours.
func (c Check) Run() error {
	if err := c.checkMounts(); err != nil {
		return err
	}
	info, err := statWithin(c.Dir, lookTimeout)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return exit.Errorf(exit.Mountpoint, "mount point %s does not exist: mkdir -p %s", c.Dir, c.Dir)
	case errors.Is(err, unix.ENOTDIR):
		return exit.Errorf(exit.Mountpoint, "mount point %s: a part of the path is a file, not a directory", c.Dir)
	case errors.Is(err, fs.ErrPermission):
		return exit.Errorf(exit.Mountpoint, "mount point %s: no permission to reach it: choose a directory of your own", c.Dir)
	case err != nil:
		return exit.Errorf(exit.Mountpoint, "mount point %s: %w", c.Dir, say.Reason(err))
	case !info.IsDir():
		return exit.Errorf(exit.Mountpoint, "mount point %s is a file: give an empty directory", c.Dir)
	}
	// fusermount3 demands that the user could write there.
	if os.Geteuid() != 0 && unix.Access(c.Dir, unix.W_OK) != nil {
		return exit.Errorf(exit.Mountpoint, "mount point %s: no permission to write: choose a directory of your own", c.Dir)
	}
	return c.checkEmpty()
}

// checkMounts looks at what is mounted there already.
func (c Check) checkMounts() error {
	table, err := Read()
	if err != nil {
		return exit.Errorf(exit.Mountpoint, "mount point %s: %w", c.Dir, err)
	}
	m, ok := At(table, c.Dir)
	if !ok || m.Type == autofsType {
		return nil
	}
	stale := IsDead(c.Dir, c.Dirs)
	switch {
	case stale && m.Type == FSType:
		return c.clean(m)
	case stale:
		return exit.Errorf(exit.Mountpoint, "mount point %s holds a dead mount of another program (%s): %s", c.Dir, m.Type, DetachCommand(c.Dir))
	case m.Type == FSType:
		return exit.Errorf(exit.Mountpoint, "mount point %s is mounted already (%s): ftpfs umount %s", c.Dir, say.Printable(m.Source), c.Dir)
	case !c.NonEmpty:
		return exit.Errorf(exit.Mountpoint, "mount point %s is in use by another mount (%s, type %s): unmount it, or cover it with --nonempty", c.Dir, say.Printable(m.Source), m.Type)
	}
	return nil
}

// clean detaches what a dead ftpfs left, once for each layer.
func (c Check) clean(m Entry) error {
	if err := Detach(c.Dir, true); err != nil {
		return exit.Errorf(exit.Mountpoint, "mount point %s holds a dead ftpfs mount that cannot be removed (%w): %s", c.Dir, err, DetachCommand(c.Dir))
	}
	c.forget()
	c.Warn(fmt.Sprintf("removed the dead mount of %s from %s", say.Printable(m.Source), c.Dir))
	return c.checkMounts()
}

// forget removes the state file of the dead mount, when its process has let go of it:
// the kernel lets go of the mount first.
func (c Check) forget() {
	known := mounts.Find(c.Dirs, c.Dir)
	if known == nil {
		return
	}
	defer known.Close()
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	if _, err := known.WaitEnd(ctx); err != nil {
		return
	}
	if err := known.Forget(); err != nil {
		c.Warn(fmt.Sprintf("%s: %v", known.Path, err))
	}
}

func (c Check) checkEmpty() error {
	if c.NonEmpty {
		return nil
	}
	f, err := os.Open(c.Dir)
	if err != nil {
		return exit.Errorf(exit.Mountpoint, "mount point %s: %w", c.Dir, say.Reason(err))
	}
	defer f.Close()
	names, err := f.Readdirnames(1)
	if len(names) > 0 {
		return exit.Errorf(exit.Mountpoint, "mount point %s is not empty (%q is in it): choose an empty directory, or hide the content with --nonempty", c.Dir, names[0])
	}
	if err != nil && err != io.EOF {
		return exit.Errorf(exit.Mountpoint, "mount point %s: %w", c.Dir, say.Reason(err))
	}
	return nil
}

// DetachCommand is what a person should type to get rid of a dead mount.
func DetachCommand(dir string) string {
	if os.Geteuid() == 0 {
		return "umount -l " + dir
	}
	return "fusermount3 -uz " + dir
}

// IsDead reports whether the FUSE mount at dir has no process any more. dirs
// are where state files may be.
func IsDead(dir string, dirs []string) bool {
	// Unlike stat(2), this is never answered from the kernel's cache.
	_, err := Within(lookTimeout, func() (st unix.Statfs_t, err error) {
		err = unix.Statfs(dir, &st)
		return st, err
	})
	if errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ECONNABORTED) {
		return true
	}
	if _, err := statWithin(dir, lookTimeout); !errors.Is(err, fs.ErrPermission) {
		return false
	}
	// Another user's mount answers root neither way.
	known := mounts.Find(dirs, dir)
	if known == nil {
		return false
	}
	defer known.Close()
	alive, err := known.Alive()
	return err == nil && !alive
}

// statWithin is os.Stat with a deadline.
func statWithin(name string, d time.Duration) (fs.FileInfo, error) {
	return Within(d, func() (fs.FileInfo, error) { return os.Stat(name) })
}

// Within calls look with a deadline; past it the error is
// os.ErrDeadlineExceeded and the call is left behind.
func Within[T any](d time.Duration, look func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := look()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(d):
		var none T
		return none, fmt.Errorf("does not answer: %w", os.ErrDeadlineExceeded)
	}
}

// maxLinks is how many symbolic links a mount point may go through.
const maxLinks = 40

// Absolute returns the path as the mount table has it: absolute and
// without symbolic links. The last element is never looked into, since it may
// be a dead mount.
func Absolute(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
		if err != nil {
			// The check will say what is wrong, by this name.
			return abs, nil
		}
		abs = filepath.Join(dir, filepath.Base(abs))
		target, err := os.Readlink(abs)
		if err != nil {
			return abs, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		abs = target
	}
	return "", exit.Errorf(exit.Mountpoint, "mount point %s: too many symbolic links", name)
}
