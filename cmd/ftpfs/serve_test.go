package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/ftpclient"
)

// serving starts `ftpfs serve` and returns where it says it listens.
func serving(t *testing.T, env []string, args ...string) (*exec.Cmd, ftpurl.Location) {
	t.Helper()
	cmd := command(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("serve did not say its URL: %v", cmd.Wait())
	}
	loc, err := ftpurl.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return cmd, loc
}

// stopServing interrupts it and expects a clean end.
func stopServing(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

// client is one of a user's, which is closed with the test.
func client(t *testing.T, loc ftpurl.Location, user, password string) *ftpclient.Client {
	t.Helper()
	c, err := ftpclient.New(ftpclient.Options{Host: loc.Host, Port: loc.Port, User: user, Password: password, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestServe: whoever is let in may do what the flags say, and no password is seen in
// the process.
func TestServe(t *testing.T) {
	sandbox(t)
	dir := t.TempDir()
	secret := writeFile(t, "filesesame\n", 0o600)
	for _, tt := range []struct {
		name     string
		env      []string
		args     []string
		user     string
		password string
		writes   bool
	}{
		{"anonymous reads", nil, []string{"--anonymous"}, "anonymous", "me@", false},
		{"anonymous writes", nil, []string{"--anonymous", "--write"}, "ftp", "me@", true},
		{"password in argv", nil, []string{"--user", "me:argsesame"}, "me", "argsesame", false},
		{"password in argv, flag with =", nil, []string{"--user=me:argsesame", "--write"}, "me", "argsesame", true},
		{"user and password in the environment", []string{"FTPFS_SERVE_USER=me:envsesame"}, []string{"--write"}, "me", "envsesame", true},
		{"another in the environment", []string{"FTPFS_SERVE_USER=you:envsesame", "FTPFS_SERVE_PASSWORD=sharedsesame"}, []string{"--user", "me"}, "me", "sharedsesame", false},
		{"one that counts for nothing in the environment", []string{"FTPFS_SERVE_USER=me:envsesame"}, []string{"--user", "me", "--password-file", secret}, "me", "filesesame", false},
		{"password in the environment", []string{"FTPFS_SERVE_PASSWORD=envsesame"}, []string{"--user", "me", "--write"}, "me", "envsesame", true},
		{"password in a file", nil, []string{"--user", "me", "--password-file", secret, "--write"}, "me", "filesesame", true},
		{"users write, anonymous does not", nil, []string{"--user", "me:argsesame", "--anonymous", "--write"}, "anonymous", "x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd, loc := serving(t, tt.env, append(tt.args, dir)...)
			for _, name := range []string{"cmdline", "environ"} {
				text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, name))
				if err != nil || strings.Contains(string(text), "sesame") {
					t.Errorf("%s: %q, %v", name, text, err)
				}
			}
			name := strings.NewReplacer(" ", "-", ",", "", "=", "").Replace(tt.name)
			err := client(t, loc, tt.user, tt.password).Mkdir(t.Context(), "/"+name)
			if (err == nil) != tt.writes || !tt.writes && ftpclient.KindOf(err) != ftpclient.KindReadOnly {
				t.Errorf("MKD: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != tt.writes {
				t.Errorf("directory: %v", err)
			}
			stopServing(t, cmd)
		})
	}
}

// TestServeActivation: the socket of systemd is served; passive ports remain.
func TestServeActivation(t *testing.T) {
	sandbox(t)
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	serve := command(t, "serve", "--anonymous", "--listen", "127.0.0.1:1", t.TempDir())
	// LISTEN_PID must be the server's, as after exec by systemd.
	cmd := command(t)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=ftp exec "$0" "$@"`, serve.Path}, serve.Args[1:]...)
	cmd.ExtraFiles = []*os.File{f}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "ftp://"+l.Addr().String()+"/" {
		t.Errorf("%q, %v", line, err)
	}
	loc, err := ftpurl.Parse("ftp://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client(t, loc, "", "").List(t.Context(), "/"); err != nil {
		t.Error(err)
	}
	stopServing(t, cmd)
}
