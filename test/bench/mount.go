package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ftpfs/test/ftptest"
)

// mountTime bounds how long a mount may take to appear, and to disappear.
const mountTime = 30 * time.Second

// A mounted is a tool's mount.
type mounted struct {
	dir  string
	cmd  *exec.Cmd
	said bytes.Buffer  // by its process
	done chan struct{} // closed when that has ended
	most int64         // what peak returned before it was killed
}

// startMount starts a tool and returns when the mount is there.
func startMount(ctx context.Context, cmd *exec.Cmd, dir string) (*mounted, error) {
	m := &mounted{dir: dir, cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &m.said, &m.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		cmd.Wait() // its status says nothing that it has not said
		close(m.done)
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(mountTime)
	defer deadline.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-deadline.C:
			err = errors.New("no mount")
		case <-m.done:
			err = fmt.Errorf("it ended: %s", firstLine(m.said.Bytes()))
		case <-tick.C:
			mounts, readErr := ftptest.MountsBelow(dir)
			if slices.Contains(mounts, dir) {
				return m, nil
			}
			err = readErr
		}
		if err != nil {
			m.kill()
			return nil, err
		}
	}
}

// peak returns the most memory that the process ever had, in KiB; 0 if it has
// ended by itself.
func (m *mounted) peak() int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	if err != nil {
		return m.most
	}
	for line := range strings.Lines(string(data)) { // a zombie has no such line
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil {
				return n
			}
		}
	}
	return m.most
}

// tickTime is the unit of times in /proc (USER_HZ, the same on all machines).
const tickTime = 10 * time.Millisecond

// processor returns the time on a processor that the process has used; 0 if it
// has ended.
func (m *mounted) processor() time.Duration {
	if m == nil {
		return 0
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // from the third on
	if len(fields) < 13 {
		return 0
	}
	user, userErr := strconv.Atoi(fields[11])
	system, systemErr := strconv.Atoi(fields[12])
	if userErr != nil || systemErr != nil {
		return 0
	}
	return time.Duration(user+system) * tickTime
}

// unmount unmounts as a user does and waits for the process to end. What does
// not end is killed, which is an error.
func (m *mounted) unmount() error {
	out, err := exec.Command("umount", m.dir).CombinedOutput()
	if err != nil {
		m.kill()
		return fmt.Errorf("umount: %w: %s", err, bytes.TrimSpace(out))
	}
	deadline := time.NewTimer(mountTime)
	defer deadline.Stop()
	select {
	case <-m.done:
		return nil
	case <-deadline.C:
		m.kill()
		return fmt.Errorf("it had not ended %v after its unmounting", mountTime)
	}
}

// kill ends the process, which fails all that waits for its mount, and removes
// the mount. A process that waits for its own mount, as a starting one does for a
// moment, dies only when the kernel gives the mount up: that is MNT_FORCE.
func (m *mounted) kill() {
	m.most = m.peak()
	syscall.Kill(-m.cmd.Process.Pid, syscall.SIGKILL)            // ESRCH: it has ended
	syscall.Unmount(m.dir, syscall.MNT_FORCE|syscall.MNT_DETACH) // EINVAL: it is not mounted any more
	<-m.done
}
