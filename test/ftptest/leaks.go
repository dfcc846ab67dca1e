package ftptest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// tempPrefix begins the names of all temporary files of the tests.
const tempPrefix = "ftpfs-test-"

// marker is the environment variable that the descendants of a test binary
// carry, with the test's temporary directory as its value.
const marker = "FTPFS_TEST_RUN"

// Main runs the tests of a package and exits. It gives them a temporary
// directory of their own (TMPDIR), and calls after when they have run; when they have passed and a FUSE mount, a
// process or a file of theirs is left, it names what is left, removes it, and
// exits with a failure.
func Main(m *testing.M, after ...func() error) {
	dir, err := os.MkdirTemp("", tempPrefix)
	if err == nil {
		err = errors.Join(os.Setenv("TMPDIR", dir), os.Setenv(marker, dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ftptest:", err)
		os.Exit(2)
	}
	code := m.Run()
	for _, end := range after {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, "ftptest:", err)
			code = max(code, 1)
		}
	}
	left := append(endProcesses(dir), unmountAll(dir)...)
	left = append(left, removeFiles(dir)...)
	for _, what := range left {
		fmt.Fprintln(os.Stderr, "ftptest: left behind:", what)
	}
	if len(left) > 0 && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// endProcesses kills the processes that the tests started and describes them.
func endProcesses(dir string) (left []string) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() || !descends(pid, dir) {
			continue
		}
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // empty if it just ended
		left = append(left, fmt.Sprintf("process %d %q", pid, bytes.Split(bytes.TrimRight(cmdline, "\x00"), []byte{0})))
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			left = append(left, fmt.Sprintf("process %d: %v", pid, err))
		}
	}
	return left
}

// descends reports whether a living process carries the marker of this run, or
// is a child that does not.
func descends(pid int, dir string) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err == nil && slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool {
		return string(v) == marker+"="+dir
	}) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// The command, in parentheses, may hold anything: what counts follows it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 1 && string(fields[0]) != "Z" && string(fields[1]) == strconv.Itoa(os.Getpid())
}

// unmountAll unmounts what is mounted below dir and describes it.
func unmountAll(dir string) (left []string) {
	mounts, err := MountsBelow(dir)
	if err != nil {
		return []string{err.Error()}
	}
	for _, m := range slices.Backward(mounts) {
		left = append(left, "mount "+m)
		if err := syscall.Unmount(m, syscall.MNT_DETACH); err != nil {
			left = append(left, fmt.Sprintf("mount %s: %v", m, err))
		}
	}
	return left
}

// MountsBelow returns the mount points at or below dir in the order of their
// mounting.
func MountsBelow(dir string) ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var found []string
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 4 {
			if m := unescape.Replace(f[4]); m == dir || strings.HasPrefix(m, dir+"/") {
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// removeFiles removes dir and describes what was in it. What is below a mount
// is not ours to remove: dir stays while one is there.
func removeFiles(dir string) (left []string) {
	if mounts, err := MountsBelow(dir); err != nil || len(mounts) > 0 {
		return nil // unmountAll has told
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		left = append(left, "file "+filepath.Join(dir, e.Name()))
	}
	if err := os.RemoveAll(dir); err != nil {
		left = append(left, err.Error())
	}
	return left
}
