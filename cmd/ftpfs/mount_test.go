package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"ftpfs/ftpserver"

	"golang.org/x/sys/unix"
)

// needFUSE skips a test where nothing can be mounted, but not in CI.
func needFUSE(t *testing.T) {
	t.Helper()
	if err := checkFUSE(fuseDevice, fuseConf, os.Geteuid() == 0, false); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func mountedAt(t *testing.T, dir string) (mountEntry, bool) {
	t.Helper()
	mounts, err := readMounts()
	if err != nil {
		t.Fatal(err)
	}
	real, err := absoluteMountpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	return mountAt(mounts, real)
}

func assertNotMounted(t *testing.T, dir string) {
	t.Helper()
	if m, ok := mountedAt(t, dir); ok {
		t.Errorf("%s is mounted: %+v", dir, m)
	}
	if pids := processesWith(t, dir); len(pids) != 0 {
		t.Errorf("processes %v are left", pids)
	}
}

// processesWith returns the processes that have text in their arguments.
func processesWith(t *testing.T, text string) (pids []int) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		line, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(line, []byte(text)) {
			continue // it has ended meanwhile
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// testServer serves a tree in memory with one file, for user me with password
// sesame, and returns host:port.
func testServer(t *testing.T) (*ftpserver.MemFS, string) {
	t.Helper()
	tree := ftpserver.NewMemFS(0)
	for _, dir := range []string{"sub", "sub/deep"} {
		if err := tree.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeTree(tree, "sub/file", "content\n"); err != nil {
		t.Fatal(err)
	}
	server, err := ftpserver.New(ftpserver.Options{FS: tree, LoginDelay: -1,
		Users: map[string]ftpserver.User{"me": {Check: ftpserver.Password("sesame")}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), notClosed(<-served)); err != nil {
			t.Error(err)
		}
	})
	return tree, l.Addr().String()
}

// mountTest mounts in the background and takes care of the end.
func mountTest(t *testing.T, args ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Cleanup(func() { cleanMount(t, dir) })
	r := runProgram(t, command(t, append(append([]string{"mount"}, args...), dir)...))
	if r.code != exitOK {
		t.Fatalf("mount: %+v", r)
	}
	if m, ok := mountedAt(t, dir); !ok || m.Type != fsType {
		t.Fatalf("not mounted: %+v", m)
	}
	return dir
}

// cleanMount ends whatever is left of a mount.
func cleanMount(t *testing.T, dir string) {
	if _, ok := mountedAt(t, dir); ok {
		if err := detach(dir, true); err != nil {
			t.Errorf("detach: %v", err)
		}
	}
	for _, pid := range processesWith(t, dir) {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Error(err)
		}
	}
	eventually(t, "end of all processes", func() bool { return len(processesWith(t, dir)) == 0 })
}

func umount(t *testing.T, want exitCode, args ...string) result {
	t.Helper()
	r := runProgram(t, command(t, append([]string{"umount"}, args...)...))
	if r.code != want {
		t.Errorf("umount: %+v, want code %d", r, want)
	}
	return r
}

func treeText(t *testing.T, tree ftpserver.FS, name string) string {
	t.Helper()
	f, err := tree.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		t.Error(err)
	}
	return b.String()
}

func TestMountReadWriteUmount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	tree, addr := testServer(t)
	dir := mountTest(t, "ftp://me:sesame@"+addr+"/sub")
	if m, _ := mountedAt(t, dir); m.Source != "ftp://me@"+addr+"/sub" {
		t.Errorf("source %q", m.Source)
	}
	if text, err := os.ReadFile(dir + "/file"); err != nil || string(text) != "content\n" {
		t.Errorf("%q, %v", text, err)
	}
	if err := os.WriteFile(dir+"/new", []byte("written"), 0o644); err != nil {
		t.Error(err)
	}
	if got := treeText(t, tree, "sub/new"); got != "written" {
		t.Errorf("on the server: %q", got)
	}
	again := runProgram(t, command(t, "mount", "ftp://me:sesame@"+addr+"/", dir))
	if text := again.oneLine(t); again.code != exitMountpoint || !strings.Contains(text, "mounted already") {
		t.Errorf("mounted twice: %+v", again)
	}
	umount(t, exitOK, dir)
	assertNotMounted(t, dir)
	for _, pattern := range []string{os.Getenv("XDG_RUNTIME_DIR") + "/ftpfs/*", os.Getenv("XDG_CACHE_HOME") + "/ftpfs/spool/mount-*"} {
		if left, _ := filepath.Glob(pattern); len(left) != 0 {
			t.Errorf("left: %q", left)
		}
	}
	umount(t, exitNotMounted, dir)
}

func TestMountOfWhatIsNoDirectory(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	dir := t.TempDir()
	for path, says := range map[string]string{"/sub/file": "not a directory", "/none": "no directory", "/sub/none/deep": "no directory"} {
		r := runProgram(t, command(t, "mount", "ftp://me:sesame@"+addr+path, dir))
		if text := r.oneLine(t); r.code != exitRemoteDir || !strings.Contains(text, says) {
			t.Errorf("%s: %+v", path, r)
		}
	}
	assertNotMounted(t, dir)
}

// TestNoPasswordIsSeen looks into every process of a mount, in the background
// and in the foreground, whose password came by URL and by environment.
func TestNoPasswordIsSeen(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	dir := mountTest(t, "--log-file", t.TempDir()+"/log", "--trace", "ftp://me:sesame@"+addr+"/")
	assertSecret(t, dir)

	foreground := t.TempDir()
	t.Cleanup(func() { cleanMount(t, foreground) })
	cmd := command(t, "mount", "-f", "--trace", "ftp://me@"+addr+"/", foreground)
	cmd.Env = append(cmd.Env, "FTPFS_PASSWORD=sesame")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "mount in the foreground", func() bool { _, ok := mountedAt(t, foreground); return ok })
	eventually(t, "an answer of it", func() bool { _, err := os.ReadDir(foreground + "/sub"); return err == nil })
	assertSecret(t, foreground)
	umount(t, exitOK, foreground)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "> PASS ***") || strings.Contains(log.String(), "sesame") {
		t.Errorf("trace:\n%s", &log)
	}
}

func assertSecret(t *testing.T, dir string) {
	t.Helper()
	pids := processesWith(t, dir)
	if len(pids) == 0 {
		t.Error("no process to look into")
	}
	for _, pid := range pids {
		for _, name := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
			if err != nil || bytes.Contains(text, []byte("sesame")) {
				t.Errorf("%s of %d: %q, %v", name, pid, text, err)
			}
		}
	}
	if m, _ := mountedAt(t, dir); strings.Contains(m.Source, "sesame") {
		t.Errorf("mount table: %q", m.Source)
	}
}

// TestWaitingParentHidesPassword looks at the processes while the server lets
// them wait, and interrupts them then.
func TestWaitingParentHidesPassword(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	asked := make(chan struct{}, 8)
	addr := badServer(t, func(c net.Conn) {
		asked <- struct{}{}
		buf := make([]byte, 1)
		_, _ = c.Read(buf)
	})
	dir := t.TempDir()
	cmd := command(t, "mount", "ftp://me:sesame@"+addr+"/", dir)
	cmd.Env = append(cmd.Env, "FTPFS_PASSWORD=sesame")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if n := len(processesWith(t, dir)); n != 2 {
		t.Errorf("%d processes, want parent and daemon", n)
	}
	assertSecret(t, dir)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != int(exitFailure) {
		t.Errorf("interrupted mount: %v", err)
	}
	assertNotMounted(t, dir)
}

func TestSignalEndsTheMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
		for _, pid := range processesWith(t, dir) {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Error(err)
			}
		}
		eventually(t, "end by "+sig.String(), func() bool { return len(processesWith(t, dir)) == 0 })
		assertNotMounted(t, dir)
	}
}

// TestBusyMount: in use it stays; --force detaches it and uploads what a
// program has written but not closed.
func TestBusyMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	tree, addr := testServer(t)
	dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
	f, err := os.Create(dir + "/open")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("unsaved"); err != nil {
		t.Error(err)
	}
	if r := umount(t, exitBusy, dir); !strings.Contains(r.oneLine(t), "--force") {
		t.Errorf("busy: %+v", r)
	}
	if _, ok := mountedAt(t, dir); !ok {
		t.Fatal("a busy mount is gone")
	}
	umount(t, exitOK, "--force", dir)
	assertNotMounted(t, dir)
	if got := treeText(t, tree, "open"); got != "unsaved" {
		t.Errorf("on the server: %q", got)
	}
}

// TestKilledMount: a mount whose process was killed is cleaned by umount, and
// by the next mount.
func TestKilledMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	kill := func(dir string) {
		for _, pid := range processesWith(t, dir) {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		eventually(t, "death", func() bool {
			_, err := os.Stat(dir)
			return errors.Is(err, unix.ENOTCONN) && len(processesWith(t, dir)) == 0
		})
	}
	dir := mountTest(t, "ftp://me:sesame@"+addr+"/")
	kill(dir)
	r := runProgram(t, command(t, "mount", "ftp://me:sesame@"+addr+"/", dir))
	if text := r.oneLine(t); r.code != exitOK || !strings.Contains(text, "removed the dead mount") {
		t.Errorf("mount on a dead one: %+v", r)
	}
	if text, err := os.ReadFile(dir + "/sub/file"); err != nil || string(text) != "content\n" {
		t.Errorf("%q, %v", text, err)
	}
	kill(dir)
	if r := umount(t, exitOK, dir); !strings.Contains(r.oneLine(t), "dead") {
		t.Errorf("umount of a dead mount: %+v", r)
	}
	assertNotMounted(t, dir)
	if left, _ := filepath.Glob(os.Getenv("XDG_RUNTIME_DIR") + "/ftpfs/*"); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

func TestMountDemo(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	dir := mountTest(t, "--demo")
	text, err := os.ReadFile(dir + "/README.txt")
	if err != nil || !strings.Contains(string(text), "demonstration") {
		t.Errorf("%q, %v", text, err)
	}
	out, err := exec.CommandContext(t.Context(), "sh", dir+"/projects/hello.sh").Output()
	if err != nil || !strings.Contains(string(out), "hello") {
		t.Errorf("hello.sh: %q, %v", out, err)
	}
	if err := os.WriteFile(dir+"/upload/hello.txt", []byte("hello\n"), 0o644); err != nil {
		t.Error(err)
	}
	umount(t, exitOK, dir)
	assertNotMounted(t, dir)
}
