package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

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
	if text := again.oneLine(t); again.code != exit.Mountpoint || !strings.Contains(text, "mounted already") {
		t.Errorf("mounted twice: %+v", again)
	}
	umount(t, exit.OK, dir)
	assertNotMounted(t, dir)
	for _, pattern := range []string{os.Getenv("XDG_RUNTIME_DIR") + "/ftpfs/*", os.Getenv("XDG_CACHE_HOME") + "/ftpfs/spool/mount-*"} {
		if left, _ := filepath.Glob(pattern); len(left) != 0 {
			t.Errorf("left: %q", left)
		}
	}
	umount(t, exit.NotMounted, dir)
}

func TestMountOfWhatIsNoDirectory(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	dir := t.TempDir()
	for path, says := range map[string]string{"/sub/file": "not a directory", "/none": "no directory", "/sub/none/deep": "no directory"} {
		r := runProgram(t, command(t, "mount", "ftp://me:sesame@"+addr+path, dir))
		if text := r.oneLine(t); r.code != exit.RemoteDir || !strings.Contains(text, says) {
			t.Errorf("%s: %+v", path, r)
		}
	}
	assertNotMounted(t, dir)
}

func TestMountDemo(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	dir := t.TempDir() + "/made"
	t.Cleanup(func() { cleanMount(t, dir) })
	if r := runProgram(t, command(t, "mount", "--demo", dir)); r.code != exit.OK || !strings.Contains(r.stdout, "umount "+dir) {
		t.Fatalf("%+v", r)
	}
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
	umount(t, exit.OK, dir)
	assertNotMounted(t, dir)
}

// TestMountHelper: mount(8) calls us as mount.ftpfs, mount.fuse3 without a
// command.
func TestMountHelper(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	for _, argv := range [][]string{
		{"mount.ftpfs", "ftp://me:sesame@" + addr + "/", "", "-s", "-o", "rw,_netdev,noauto,umask=027"},
		{"ftpfs", "ftp://me:sesame@" + addr + "/", "", "-o", "rw,nosuid,nodev,umask=027"},
	} {
		dir := t.TempDir()
		t.Cleanup(func() { cleanMount(t, dir) })
		argv[2] = dir
		cmd := command(t)
		cmd.Args = argv
		if r := runProgram(t, cmd); r.code != exit.OK || r.stderr != "" {
			t.Errorf("%s: %+v", argv[0], r)
		}
		if info, err := os.Stat(dir + "/sub/file"); err != nil || info.Mode().Perm()&0o027 != 0 {
			t.Errorf("%s: %v, %v", argv[0], info, err)
		}
		umount(t, exit.OK, dir)
	}
}
