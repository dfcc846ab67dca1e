package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// knownMount is the state file of some mount, opened for reading. Close it.
type knownMount struct {
	mountState
	f    *os.File
	path string
}

func (m *knownMount) Close() error { return m.f.Close() }

// alive reports whether the mount's process still runs: it holds the lock.
func (m *knownMount) alive() (bool, error) {
	err := unix.Flock(int(m.f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, unix.Flock(int(m.f.Fd()), unix.LOCK_UN)
}

// waitEnd blocks until the process has ended and returns what it left to say
// (Failed), or ctx's error.
func (m *knownMount) waitEnd(ctx context.Context) (mountState, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		alive, err := m.alive()
		if err != nil {
			return m.mountState, err
		}
		if !alive {
			return readState(m.f)
		}
		select {
		case <-ctx.Done():
			return m.mountState, ctx.Err()
		case <-tick.C:
		}
	}
}

// signal sends sig to the mount's process, if it is that of the file's owner:
// root must not be led to signal processes of others by a forged file.
func (m *knownMount) signal(sig syscall.Signal) error {
	info, err := m.f.Stat()
	if err != nil {
		return err
	}
	proc, err := os.Stat(fmt.Sprintf("/proc/%d", m.PID))
	if err != nil {
		return err
	}
	if info.Sys().(*syscall.Stat_t).Uid != proc.Sys().(*syscall.Stat_t).Uid {
		return fmt.Errorf("process %d is not that of the mount", m.PID)
	}
	return syscall.Kill(m.PID, sig)
}

// forget removes the state file of a mount that has ended, and the socket that
// it left if it was killed.
func (m *knownMount) forget() error {
	err := os.Remove(controlPath(m.path))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(os.Remove(m.path), err)
}

// findMount returns the newest state file for mountpoint in dirs, one of a
// living process before all others, or nil. Files that cannot be read are
// passed over: they are not ours, or not state files.
func findMount(dirs []string, mountpoint string) *knownMount {
	var best *knownMount
	bestAlive := false
	for _, dir := range dirs {
		// The pattern is well formed.
		names, _ := filepath.Glob(filepath.Join(dir, "mount-*.json"))
		for _, name := range names {
			m, err := openKnown(name)
			if err != nil {
				continue
			}
			alive, err := m.alive()
			if err != nil || string(m.Mountpoint) != mountpoint ||
				best != nil && (bestAlive && !alive || bestAlive == alive && !m.Started.After(best.Started)) {
				m.Close()
				continue
			}
			if best != nil {
				best.Close()
			}
			best, bestAlive = m, alive
		}
	}
	return best
}

// openKnown opens a state file, that may lie in a directory of somebody else.
func openKnown(name string) (*knownMount, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	st, err := readState(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &knownMount{mountState: st, f: f, path: name}, nil
}

// readState reads a state file, and refuses what is none.
func readState(r io.ReaderAt) (mountState, error) {
	var st mountState
	err := json.NewDecoder(io.NewSectionReader(r, 0, 1<<20)).Decode(&st)
	if err == nil && (st.PID <= 1 || st.Mountpoint == "") {
		err = errors.New("not a state file")
	}
	return st, err
}
