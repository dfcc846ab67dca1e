package interop

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTFTP: curl and tftp-hpa boot from one folder and save into another, with
// blocks of 512 octets and of more. Lost packets are in the tests of
// cmd/ftpfs/internal/tftpd.
func TestTFTP(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"curl", "tftp"} {
		needProgram(t, name)
	}
	dir := t.TempDir()
	boot, saved := filepath.Join(dir, "boot"), filepath.Join(dir, "saved")
	kernel := noise(100_001)
	local := filepath.Join(dir, "local")
	if err := errors.Join(os.Mkdir(boot, 0o755), os.Mkdir(saved, 0o755), os.WriteFile(filepath.Join(boot, "kernel"), []byte(kernel), 0o644), os.WriteFile(local, []byte(kernel[:5000]), 0o644)); err != nil {
		t.Fatal(err)
	}
	addr := startTFTP(t, dir)
	host, port, _ := strings.Cut(addr, ":")
	curl := func(args ...string) result {
		return clientRun(t, dir, append([]string{"curl", "-q", "--silent", "--show-error", "--max-time", "20"}, args...)...)
	}
	for _, block := range []string{"512", "1428", "8192"} {
		if r := curl("--tftp-blksize", block, "tftp://"+addr+"/kernel"); r.code != 0 || r.out != kernel {
			t.Errorf("curl, blocks of %s: %d octets, %v", block, len(r.out), r.err)
		}
		name := "saved/curl" + block
		if r := curl("--tftp-blksize", block, "-T", local, "tftp://"+addr+"/"+name); r.code != 0 || readFile(dir, name) != kernel[:5000] {
			t.Errorf("curl -T, blocks of %s: %v", block, r)
		}
		if r := curl("--tftp-blksize", block, "-T", local, "tftp://"+addr+"/"+name); r.code != 73 { // it exists
			t.Errorf("curl -T again: %v", r)
		}
	}
	if r := curl("tftp://" + addr + "/nothing"); r.code != 68 { // not found
		t.Errorf("curl, a missing file: %v", r)
	}
	if r := curl("-T", local, "tftp://"+addr+"/new"); r.code != 69 { // no permission
		t.Errorf("curl -T where nothing may be written: %v", r)
	}
	hpa := func(command ...string) result {
		return clientRun(t, dir, append([]string{"tftp", "-m", "binary", host, port, "-c"}, command...)...)
	}
	if r := hpa("get", "kernel", "got"); readFile(dir, "got") != kernel {
		t.Errorf("tftp get: %v", r)
	}
	if r := hpa("put", "local", "/saved/hpa"); readFile(dir, "saved/hpa") != kernel[:5000] {
		t.Errorf("tftp put: %v", r)
	}
	if r := hpa("put", "got", "/saved/hpa"); readFile(dir, "saved/hpa") != kernel[:5000] || !strings.Contains(r.out+r.err, "exists") {
		t.Errorf("tftp put again: %v", r)
	}
	if r := hpa("get", "/saved/hpa", "back"); readFile(dir, "back") != "" || !strings.Contains(r.out+r.err, "violation") {
		t.Errorf("tftp get of what was saved: %v", r)
	}
}

func clientRun(t *testing.T, dir string, args ...string) result {
	t.Helper()
	e := &errand{t: t, home: dir}
	return e.run("", args[0], args[1:]...)
}

func readFile(dir, name string) string {
	b, _ := os.ReadFile(filepath.Join(dir, name)) // "" if it is missing
	return string(b)
}

// startTFTP serves the folders boot and saved of dir and returns where.
func startTFTP(t *testing.T, dir string) string {
	t.Helper()
	conf := filepath.Join(dir, "serve.toml")
	text := fmt.Sprintf("[tftp]\nlisten = \"127.0.0.1:0\"\nmax-size = 5000\n[[tftp.folder]]\nat = \"/\"\ndir = %q\naccess = \"read\"\n[[tftp.folder]]\nat = \"/saved\"\ndir = %q\naccess = \"upload\"\n",
		filepath.Join(dir, "boot"), filepath.Join(dir, "saved"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t), "serve", "--config", conf)
	log := &serverLog{}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("ftpfs serve: %v", err)
		}
		if t.Failed() {
			t.Logf("what the server logged:\n%s", log)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "tftp://")
	if err != nil || !ok {
		t.Fatalf("ftpfs serve printed %q: %v", line, err)
	}
	return strings.TrimSuffix(addr, "/")
}
