// Package packaging tests the package that packaging/build makes.
package packaging

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit bounds each program that a test runs.
const limit = 5 * time.Minute

// long has the package built as it is for users: two times all is compiled and
// compressed. Without it the program is as tests have it.
var long = os.Getenv("FTPFS_TEST_PACKAGE") != ""

// run runs a program in dir and returns what it prints.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	compression := "none"
	if long {
		compression = "xz"
	}
	cmd.Env = append(os.Environ(), "COMPRESSION="+compression, "SOURCE_DATE_EPOCH=", "GOARCH=", "MAINTAINER=", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_COMMITTER_DATE=2026-01-02T03:04:05Z", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// checkout makes a repository of its own of the project as it is here, so that what
// is not committed, and where it lies, play no part.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"LICENSE", "README.md", "go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cache", "cmd", "docs", "ftpclient", "ftpserver", "fusefs", "packaging"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("../..", name))); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "git", "init", "-q")
	run(t, dir, "git", "add", "-A")
	run(t, dir, "git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "test")
	return dir
}

// TestDebianPackage: from two checkouts the package is the same octet by octet, and
// has in it what it is to have.
func TestDebianPackage(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("dpkg-deb is not installed")
	}
	var program []string
	if !long {
		program = []string{filepath.Join(t.TempDir(), "ftpfs")}
		run(t, "../..", "go", "build", "-ldflags=-s -w", "-o", program[0], "./cmd/ftpfs")
	}
	var debs [2]string
	var texts [2][]byte
	for i := range debs {
		dir := checkout(t)
		debs[i] = strings.TrimSpace(run(t, dir, "packaging/build", append([]string{filepath.Join(dir, "dist")}, program...)...))
		var err error
		if texts[i], err = os.ReadFile(debs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if filepath.Base(debs[0]) != filepath.Base(debs[1]) || !bytes.Equal(texts[0], texts[1]) {
		t.Errorf("%s, %d octets, and %s, %d octets, are not the same", debs[0], len(texts[0]), debs[1], len(texts[1]))
	}
	if version := run(t, ".", "dpkg-deb", "-f", debs[0], "Version"); !strings.HasPrefix(version, "0+git20260102030405.") {
		t.Errorf("version %q", version)
	}
	checkContents(t, debs[0])
}

// checkContents compares the package's files, of the manual only some, with those
// that it is to have, with modes and the targets of links.
func checkContents(t *testing.T, deb string) {
	t.Helper()
	got := make(map[string]bool)
	for line := range strings.Lines(run(t, ".", "dpkg-deb", "-c", deb)) {
		f := strings.Fields(line) // mode, owner, size, day, time, name, ->, target
		if len(f) < 6 || f[1] != "root/root" || f[3] != "2026-01-02" {
			t.Errorf("owner or time: %s", line)
			continue
		}
		if strings.HasPrefix(f[0], "d") && f[5] != "./etc/ftpfs/" || strings.Contains(f[5], "/man1/ftpfs-") || strings.Contains(f[5], "/doc/ftpfs/docs/") {
			continue
		}
		got[f[0]+" "+strings.Join(f[5:], " ")] = true
	}
	for _, line := range contents {
		if !got[line] {
			t.Errorf("missing: %s", line)
		}
		delete(got, line)
	}
	for _, line := range slices.Sorted(maps.Keys(got)) {
		t.Errorf("not expected: %s", line)
	}
}

var contents = []string{
	"drwxr-xr-x ./etc/ftpfs/",
	"-rwxr-xr-x ./usr/bin/ftpfs",
	"lrwxrwxrwx ./usr/sbin/mount.ftpfs -> ../bin/ftpfs",
	"lrwxrwxrwx ./usr/sbin/mount.fuse.ftpfs -> ../bin/ftpfs",
	"lrwxrwxrwx ./usr/sbin/umount.ftpfs -> ../bin/ftpfs",
	"lrwxrwxrwx ./usr/sbin/umount.fuse.ftpfs -> ../bin/ftpfs",
	"-rw-r--r-- ./usr/lib/systemd/system/ftpfs@.service",
	"-rw-r--r-- ./usr/lib/systemd/user/ftpfs@.service",
	"-rw-r--r-- ./usr/share/bash-completion/completions/ftpfs",
	"-rw-r--r-- ./usr/share/fish/vendor_completions.d/ftpfs.fish",
	"-rw-r--r-- ./usr/share/zsh/vendor-completions/_ftpfs",
	"-rw-r--r-- ./usr/share/man/man1/ftpfs.1.gz",
	"-rw-r--r-- ./usr/share/man/man8/mount.ftpfs.8.gz",
	"-rw-r--r-- ./usr/share/man/man8/umount.ftpfs.8.gz",
	"lrwxrwxrwx ./usr/share/man/man8/mount.fuse.ftpfs.8.gz -> mount.ftpfs.8.gz",
	"lrwxrwxrwx ./usr/share/man/man8/umount.fuse.ftpfs.8.gz -> umount.ftpfs.8.gz",
	"-rw-r--r-- ./usr/share/doc/ftpfs/README.md",
	"-rw-r--r-- ./usr/share/doc/ftpfs/changelog.gz",
	"-rw-r--r-- ./usr/share/doc/ftpfs/copyright",
	"-rw-r--r-- ./usr/share/doc/ftpfs/examples/config.toml",
}
