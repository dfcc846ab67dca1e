package mountpoints

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

func TestParseMountinfo(t *testing.T) {
	const table = `22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw
36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue
80 27 0:50 / /home/me/My\040FTP\011x rw,nosuid,nodev,relatime - fuse.ftpfs ftp://me@h/a\040b rw,user_id=0
81 27 0:51 / /mnt/back\134slash\012nl rw - fuse.sshfs h:\043 rw
82 80 0:52 / /home/me/My\040FTP\011x rw - tmpfs none rw
`
	entries, err := Parse(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{"/proc", "proc", "proc"},
		{"/mnt2", "ext3", "/dev/root"},
		{"/home/me/My FTP\tx", "fuse.ftpfs", "ftp://me@h/a b"},
		{"/mnt/back\\slash\nnl", "fuse.sshfs", "h:#"},
		{"/home/me/My FTP\tx", "tmpfs", "none"},
	}
	if len(entries) != len(want) {
		t.Fatalf("%d mounts, want %d", len(entries), len(want))
	}
	for i := range want {
		if entries[i] != want[i] {
			t.Errorf("%d: %q, want %q", i, entries[i], want[i])
		}
	}
	if m, ok := At(entries, "/home/me/My FTP\tx"); !ok || m.Type != "tmpfs" {
		t.Errorf("the covering mount is %v, %v", m, ok)
	}
	if _, ok := At(entries, "/home/me"); ok {
		t.Error("/home/me is no mount")
	}
	if _, err := Parse(strings.NewReader("garbage\n")); err == nil {
		t.Error("garbage was taken")
	}
	if entries, err := Read(); err != nil || len(entries) == 0 {
		t.Errorf("this system's table: %d, %v", len(entries), err)
	}
}

func TestMountpointChecks(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"empty", "full", "full/x", "link-target"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		nonempty bool
		want     string // "" if fine
	}{
		{"empty", false, ""},
		{"full", true, ""},
		{"full", false, "--nonempty"},
		{"missing", false, "mkdir -p"},
		{"missing/deep", false, "mkdir -p"},
		{"file", false, "is a file"},
		{"file", true, "is a file"},
		{"file/x", false, "a part of the path is a file"},
	} {
		err := Check{Dir: filepath.Join(dir, tt.name), NonEmpty: tt.nonempty, Warn: func(s string) { t.Error(s) }}.Run()
		if tt.want == "" && err != nil || tt.want != "" && (exit.CodeOf(err) != exit.Mountpoint || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s (nonempty %v): %v; want %q", tt.name, tt.nonempty, err, tt.want)
		}
	}
	err := Check{Dir: "/proc"}.Run()
	if exit.CodeOf(err) != exit.Mountpoint || !strings.Contains(err.Error(), "another mount") {
		t.Errorf("/proc: %v", err)
	}
}

func TestAbsoluteMountpoint(t *testing.T) {
	dir := t.TempDir()
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"rel": "d", "abs": real + "/d", "twice": "rel", "dangling": "none", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for name, want := range map[string]string{
		"d": "/d", "./d/": "/d", "d/../d": "/d", "rel": "/d", "abs": "/d", "twice": "/d",
		"dangling": "/none", "missing/x": "/missing/x",
	} {
		if got, err := Absolute(name); err != nil || got != real+want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, real+want)
		}
	}
	if got, err := Absolute("loop"); exit.CodeOf(err) != exit.Mountpoint {
		t.Errorf("loop = %q, %v", got, err)
	}
	if got, err := Absolute("/"); err != nil || got != "/" {
		t.Errorf("/ = %q, %v", got, err)
	}
}

func TestCheckFUSE(t *testing.T) {
	dir := t.TempDir()
	device := confFile(t, "")
	conf := confFile(t, "# user_allow_other\n")
	open := confFile(t, "mount_max = 1000\n user_allow_other # yes\n")
	check := func(name string, err error, want string) {
		t.Helper()
		if want == "" && err != nil || want != "" && (exit.CodeOf(err) != exit.FUSE || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
	check("missing", CheckFUSE(dir+"/none", conf, true, false), "modprobe fuse")
	check("root", CheckFUSE(device, conf, true, true), "")
	t.Setenv("PATH", dir)
	check("no fusermount", CheckFUSE(device, conf, false, false), "install fuse3")
	if err := os.WriteFile(dir+"/fusermount3", []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	check("user", CheckFUSE(device, conf, false, false), "")
	check("allow other", CheckFUSE(device, conf, false, true), "user_allow_other")
	check("allow other, allowed", CheckFUSE(device, open, false, true), "")
	if os.Geteuid() != 0 {
		closed := confFile(t, "")
		check("no permission", CheckFUSE(closed, conf, false, false), "may not be opened")
	}
}

func confFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fuse.conf")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestOurs: what is mounted on twice is one mount point.
func TestOurs(t *testing.T) {
	table := []Entry{{"/a", FSType, "ftp://h/"}, {"/b", "ext4", "/dev/x"}, {"/c", FSType, "ftp://i/"}, {"/a", FSType, "ftp://h/"}}
	if got := Ours(table); !slices.Equal(got, []string{"/a", "/c"}) {
		t.Errorf("%q", got)
	}
}
