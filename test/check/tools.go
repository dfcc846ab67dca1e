package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the programs that tests run, or files that they need, and the
// Debian packages they are in.
var tools = []struct{ program, pkg string }{
	{"fusermount3", "fuse3"},
	{"rsync", "rsync"},
	{"setfattr", "attr"},
	{"curl", "curl"},
	{"lftp", "lftp"},
	{"wget", "wget"},
	{"tnftp", "tnftp"},
	{"tftp", "tftp-hpa"},
	{"python3", "python3"}, // python3-minimal is without ftplib
	{"git", "git"},
	{"fio", "fio"},
	{"sqlite3", "sqlite3"},
	{"unzip", "unzip"},
	{"gcc", "gcc"},
	{"/usr/include/stdlib.h", "libc6-dev"},
}

// installTools installs what is missing, if this user may, and returns a note
// on what is still missing then.
func installTools() []string {
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	fmt.Printf("installing %s\n", strings.Join(missing, " "))
	install := append([]string{"install", "-y", "-qq", "--no-install-recommends"}, missing...)
	err := asRoot("apt-get", install...)
	if err != nil && asRoot("apt-get", "update", "-qq") == nil {
		err = asRoot("apt-get", install...)
	}
	if missing = missingPackages(); len(missing) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("not installed (%v), so tests will be skipped; run: sudo apt-get install %s",
		err, strings.Join(missing, " "))}
}

func missingPackages() (missing []string) {
	for _, t := range tools {
		_, err := exec.LookPath(t.program)
		if filepath.IsAbs(t.program) {
			_, err = os.Stat(t.program)
		}
		if err != nil {
			missing = append(missing, t.pkg)
		}
	}
	return missing
}

// asRoot runs a command as root: directly, or by sudo where that asks nothing.
func asRoot(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	if os.Geteuid() != 0 {
		cmd = exec.Command("sudo", append([]string{"-n", name}, args...)...)
	}
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		last := strings.TrimSpace(string(out))
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, last[strings.LastIndexByte(last, '\n')+1:])
	}
	return nil
}
