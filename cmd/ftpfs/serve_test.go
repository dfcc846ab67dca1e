package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
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

// codes sends commands and returns the codes of the replies, the greeting first.
func codes(t *testing.T, addr string, commands ...string) []int {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	conn := textproto.NewConn(c)
	var got []int
	for i := -1; i < len(commands); i++ {
		if i >= 0 {
			if _, err := io.WriteString(c, commands[i]+"\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		code, _, err := conn.ReadResponse(0)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, code)
	}
	return got
}

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
		mkd      int
	}{
		{"anonymous reads", nil, []string{"--anonymous"}, "anonymous", "me@", 550},
		{"anonymous writes", nil, []string{"--anonymous", "--write"}, "ftp", "me@", 257},
		{"password in argv", nil, []string{"--user", "me:argsesame"}, "me", "argsesame", 550},
		{"password in argv, flag with =", nil, []string{"--user=me:argsesame", "--write"}, "me", "argsesame", 257},
		{"password in the environment", []string{"FTPFS_SERVE_PASSWORD=envsesame"}, []string{"--user", "me", "--write"}, "me", "envsesame", 257},
		{"password in a file", nil, []string{"--user", "me", "--password-file", secret, "--write"}, "me", "filesesame", 257},
		{"users write, anonymous does not", nil, []string{"--user", "me:argsesame", "--anonymous", "--write"}, "anonymous", "x", 550},
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
			got := codes(t, loc.Address(), "USER "+tt.user, "PASS "+tt.password, "MKD "+name)
			if want := []int{220, 331, 230, tt.mkd}; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("replies %v, want %v", got, want)
			}
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != (tt.mkd == 257) {
				t.Errorf("directory: %v", err)
			}
			stopServing(t, cmd)
		})
	}
}

func TestServeRefusesLogins(t *testing.T) {
	sandbox(t)
	cmd, loc := serving(t, nil, "--user", "me:sesame", t.TempDir())
	for _, login := range [][]string{{"USER me", "PASS wrong"}, {"USER you", "PASS sesame"}, {"USER anonymous", "PASS x"}} {
		if got := codes(t, loc.Address(), login...); got[len(got)-1] != 530 {
			t.Errorf("%q: %v", login, got)
		}
	}
	stopServing(t, cmd)
}

func TestServeRefuses(t *testing.T) {
	sandbox(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"--anonymous", "/nonexistent"}, "/nonexistent"},
		{[]string{"--anonymous", writeFile(t, "", 0o644)}, "cannot be served"},
		{[]string{"--anonymous", "--listen", l.Addr().String(), t.TempDir()}, "--listen"},
		{[]string{"--anonymous", "--listen", "nonsense", t.TempDir()}, "--listen"},
	} {
		r := runProgram(t, command(t, append([]string{"serve"}, tt.args...)...))
		if text := r.oneLine(t); r.code != exit.Serve || !strings.Contains(text, tt.says) {
			t.Errorf("%q: %+v", tt.args, r)
		}
	}
}

func TestParsePorts(t *testing.T) {
	for s, want := range map[string][2]int{"": {0, 0}, "50000-50100": {50000, 50100}, "2000": {2000, 2000}, "1-65535": {1, 65535}} {
		if a, b, err := parsePorts(s); err != nil || a != want[0] || b != want[1] {
			t.Errorf("%q = %d, %d, %v", s, a, b, err)
		}
	}
	for _, s := range []string{"x", "1-", "-1", "2-1", "0-5", "1-65536", "1-2-3"} {
		if _, _, err := parsePorts(s); exit.CodeOf(err) != exit.Usage {
			t.Errorf("%q: %v", s, err)
		}
	}
}
