package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// patience bounds every wait for something that must happen. It is far above
// the program's own deadlines.
const patience = 90 * time.Second

// A mount is a server mounted by the program, in the background as users do.
type mount struct {
	t       *testing.T
	program string
	url     string
	flags   []string
	dir     string // the mount point
	log     string // the program's log file
	env     []string
}

// mounted mounts a server until the test ends.
func mounted(t *testing.T, s *ftptest.Server, flags ...string) *mount {
	t.Helper()
	if s.CAFile != "" {
		flags = append(flags, "--ca-file", s.CAFile)
	}
	m := newMount(t, s.URL(), flags...)
	m.mount()
	return m
}

// newMount prepares a mount. It skips the test where nothing can be mounted.
func newMount(t *testing.T, url string, flags ...string) *mount {
	t.Helper()
	if os.Geteuid() != 0 {
		ftptest.Skip(t, "mounting is tested as root")
	}
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		ftptest.Skip(t, "no FUSE here: %v", err)
	} else {
		f.Close()
	}
	base := t.TempDir()
	m := &mount{t: t, program: program(t), url: url, dir: filepath.Join(base, "mnt"), log: filepath.Join(base, "log")}
	m.flags = append([]string{"--log-file", m.log, "--spool-dir", filepath.Join(base, "spool")}, flags...)
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.end)
	return m
}

// mount runs ftpfs mount, which must succeed.
func (m *mount) mount() {
	m.t.Helper()
	if out, code := m.tryMount(m.url, m.dir); code != 0 {
		m.t.Fatalf("ftpfs mount exited with %d: %s", code, out)
	}
}

// tryMount runs ftpfs mount and returns its output and exit code.
func (m *mount) tryMount(url, dir string) (string, int) {
	m.t.Helper()
	return m.run(append(append([]string{"mount"}, m.flags...), url, dir)...)
}

// run runs the program and returns its output and exit code.
func (m *mount) run(args ...string) (string, int) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.program, args...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+filepath.Dir(m.dir), "HOME="+filepath.Dir(m.dir))
	cmd.Env = append(cmd.Env, m.env...)
	// A background process that kept the output open would be waited for.
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) || ctx.Err() != nil {
		m.t.Fatalf("ftpfs %q: %v: %s", args, err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// exitBusy is the exit code of ftpfs umount of a mount that is in use.
const exitBusy = 12

// umount runs ftpfs umount, which must succeed and end the mount's process. What
// keeps the mount in use may be this process for a while: files that nobody has closed
// and the garbage collector will, and children that have not come to their exec.
func (m *mount) umount() {
	m.t.Helper()
	out, code := m.run("umount", "--timeout", "60s", m.dir)
	for deadline := time.Now().Add(patience / 2); code == exitBusy && time.Now().Before(deadline); {
		runtime.GC()
		<-time.After(100 * time.Millisecond)
		out, code = m.run("umount", "--timeout", "60s", m.dir)
	}
	if code != 0 {
		m.t.Errorf("ftpfs umount exited with %d: %s, in use by %q", code, out, m.users())
		m.askWhere()
	}
	if left := m.mounts(); len(left) > 0 {
		m.t.Errorf("still mounted after ftpfs umount: %q", left)
	}
	await(m.t, "the end of the mount's process", func() bool { return len(m.pids()) == 0 })
}

// users are the processes that have something in the mount open, or are in it.
func (m *mount) users() (found []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the patterns are well formed
	where, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range append(links, where...) {
		if to, err := os.Readlink(link); err == nil && (to == m.dir || strings.HasPrefix(to, m.dir+"/")) {
			name, _ := os.ReadFile(filepath.Join("/proc", strings.Split(link, "/")[2], "comm")) // it may be gone
			found = append(found, fmt.Sprintf("%s (%s): %s", link, bytes.TrimSpace(name), to))
		}
	}
	return found
}

// askWhere has the mount's processes write their goroutines to the log, and end.
func (m *mount) askWhere() {
	m.t.Helper()
	for _, pid := range m.pids() {
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil && !errors.Is(err, syscall.ESRCH) {
			m.t.Error(err)
		}
	}
	await(m.t, "the end of the mount's process", func() bool { return len(m.pids()) == 0 })
}

// end unmounts what the test has not, and prints the log if it failed.
func (m *mount) end() {
	defer m.showLog()
	if len(m.mounts()) > 0 {
		m.umount()
	}
	for _, left := range slices.Backward(m.mounts()) {
		if err := syscall.Unmount(left, syscall.MNT_DETACH); err != nil {
			m.t.Error(err)
		}
	}
	m.kill()
}

// showLog prints the log of a mount whose test has failed.
func (m *mount) showLog() {
	if log, err := os.ReadFile(m.log); m.t.Failed() && err == nil {
		m.t.Logf("what ftpfs logged:\n%s", log[max(0, len(log)-16<<10):])
	}
}

// mounts returns what is mounted below the test's directory.
func (m *mount) mounts() []string {
	left, err := ftptest.MountsBelow(filepath.Dir(m.dir))
	if err != nil {
		m.t.Fatal(err)
	}
	return left
}

// pids returns the processes of the program that serve this mount: each such
// process has the log file, which only this test names, in its arguments or
// open.
func (m *mount) pids() (found []int) {
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		m.t.Fatal(err)
	}
	for _, p := range procs {
		exe, err := os.Readlink(p + "/exe")
		if err != nil || exe != m.program || !m.serves(p) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(p)); err == nil {
			found = append(found, pid)
		}
	}
	return found
}

func (m *mount) serves(proc string) bool {
	if cmdline, err := os.ReadFile(proc + "/cmdline"); err == nil && bytes.Contains(cmdline, []byte(m.log)) {
		return true
	}
	fds, err := filepath.Glob(proc + "/fd/*")
	return err == nil && slices.ContainsFunc(fds, func(fd string) bool {
		to, err := os.Readlink(fd)
		return err == nil && to == m.log
	})
}

// kill ends the mount's processes as a crash would and returns how many there
// were.
func (m *mount) kill() int {
	pids := m.pids()
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			m.t.Error(err)
		}
	}
	await(m.t, "the end of the killed process", func() bool { return len(m.pids()) == 0 })
	return len(pids)
}

// path returns the path of a file in the mount.
func (m *mount) path(rel string) string { return filepath.Join(m.dir, rel) }

// await waits until a condition holds, and fails the test if it never does.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
