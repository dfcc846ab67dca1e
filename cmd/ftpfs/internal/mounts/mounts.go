package mounts

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

// Known is the state file of some mount, opened for reading. Close it.
type Known struct {
	State
	f    *os.File
	Path string
}

// Close lets go of the state file.
func (m *Known) Close() error { return m.f.Close() }

// Alive reports whether the mount's process still runs: it holds the lock.
func (m *Known) Alive() (bool, error) {
	err := unix.Flock(int(m.f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, unix.Flock(int(m.f.Fd()), unix.LOCK_UN)
}

// WaitEnd blocks until the process has ended and returns what it left to say
// (Failed), or ctx's error.
func (m *Known) WaitEnd(ctx context.Context) (State, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		alive, err := m.Alive()
		if err != nil {
			return m.State, err
		}
		if !alive {
			return readState(m.f)
		}
		select {
		case <-ctx.Done():
			return m.State, ctx.Err()
		case <-tick.C:
		}
	}
}

// Signal sends sig to the mount's process, if it is that of the file's owner:
// root must not be led to signal processes of others by a forged file.
func (m *Known) Signal(sig syscall.Signal) error {
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

// Forget removes the state file of a mount that has ended, and the socket that
// it left if it was killed.
func (m *Known) Forget() error {
	err := os.Remove(ControlPath(m.Path))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(os.Remove(m.Path), err)
}

// Find returns the newest state file for mountpoint in dirs, one of a
// living process before all others, or nil. Files that cannot be read are
// passed over: they are not ours, or not state files.
func Find(dirs []string, mountpoint string) *Known {
	var best *Known
	bestAlive := false
	for _, dir := range dirs {
		// The pattern is well formed.
		names, _ := filepath.Glob(filepath.Join(dir, "mount-*.json"))
		for _, name := range names {
			m, err := Open(name)
			if err != nil {
				continue
			}
			alive, err := m.Alive()
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

// Open opens a state file, that may lie in a directory of somebody else.
func Open(name string) (*Known, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	st, err := readState(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Known{State: st, f: f, Path: name}, nil
}

// readState reads a state file, and refuses what is none.
func readState(r io.ReaderAt) (State, error) {
	var st State
	err := json.NewDecoder(io.NewSectionReader(r, 0, 1<<20)).Decode(&st)
	if err == nil && (st.PID <= 1 || st.Mountpoint == "") {
		err = errors.New("not a state file")
	}
	return st, err
}
