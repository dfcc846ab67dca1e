package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// asNobody runs a shell command as a user who owns nothing here.
func asNobody(t *testing.T, script string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// TestMountForOthers: what is shown of owner and mode binds other users only with
// --default-permissions, and who relies on it without is told. Programs are not
// started with --noexec.
func TestMountForOthers(t *testing.T) {
	needFUSE(t)
	if os.Getuid() != 0 {
		t.Skip("another user is needed")
	}
	outside := t.TempDir() // others may pass through it, other than through the sandbox
	if err := os.Chmod(filepath.Dir(outside), 0o755); err != nil {
		t.Fatal(err)
	}
	sandbox(t)
	tree, addr := testServer(t)
	if err := writeTree(tree, "hello", "#!/bin/sh\necho hello\n"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		options         string
		warns, may, run bool
	}{
		{"allow_other,umask=077,file_mode=700", true, true, true},
		{"allow_other,umask=077,file_mode=700,default_permissions,noexec", false, false, false},
	} {
		dir := filepath.Join(outside, "mnt")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cleanMount(t, dir) })
		r := runProgram(t, command(t, "mount", "-o", tt.options, "ftp://me:sesame@"+addr+"/", dir))
		if r.code != exit.OK || strings.Contains(r.stderr, "default_permissions") != tt.warns {
			t.Errorf("%s: %+v", tt.options, r)
		}
		if text, err := asNobody(t, "cat "+dir+"/sub/file"); (err == nil) != tt.may || !tt.may && !strings.Contains(text, "denied") {
			t.Errorf("%s: another user reads %q, %v", tt.options, text, err)
		}
		// Not by exec from here: until that is done, this process may not be able to
		// collect garbage, and the server is in it.
		if text, err := exec.CommandContext(t.Context(), "sh", "-c", dir+"/hello").CombinedOutput(); (err == nil) != tt.run {
			t.Errorf("%s: a program says %q, %v", tt.options, text, err)
		}
		umount(t, exit.OK, dir)
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
}
