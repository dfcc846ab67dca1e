package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/passwd"
)

// documented is the configuration of docs/serve.md, below dir and on ports that
// the system chooses.
func documented(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```toml\n(.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/serve.md has no configuration")
	}
	conf := strings.NewReplacer("127.0.0.1:2121", "127.0.0.1:0", "127.0.0.1:6969", "127.0.0.1:0",
		`passive-ports = "50000-50100"`, "", `"/srv/`, `"`+dir+`/`, `"/var/log/ftpfs/`, `"`+dir+`/`, `"/etc/ftpfs/`, `"`+dir+`/`).Replace(string(m[1]))
	for _, name := range []string{"anna", "music", "pub", "incoming", "boot", "saved"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "serve.toml")
	if err := os.WriteFile(name, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// setPassword runs ftpfs serve passwd.
func setPassword(t *testing.T, file, user, password string) {
	t.Helper()
	cmd := command(t, "serve", "passwd", "--file", file, user)
	cmd.Stdin = strings.NewReader(password + "\n")
	if r := runProgram(t, cmd); r.code != exit.OK || r.stdout+r.stderr != "" {
		t.Fatalf("%+v", r)
	}
}

// configured starts a server and returns its addresses, by scheme.
func configured(t *testing.T, args ...string) (*exec.Cmd, map[string]string) {
	t.Helper()
	cmd := command(t, append([]string{"serve"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addrs, lines := map[string]string{}, bufio.NewScanner(stdout)
	for len(addrs) < 2 && lines.Scan() {
		scheme, rest, _ := strings.Cut(lines.Text(), "://")
		addrs[scheme] = strings.TrimSuffix(rest[strings.IndexByte(rest, '@')+1:], "/")
	}
	if len(addrs) < 2 {
		t.Fatalf("serve said %q: %v", addrs, cmd.Wait())
	}
	return cmd, addrs
}

// TestServeConfig: the documented server does what the document says.
func TestServeConfig(t *testing.T) {
	sandbox(t)
	dir := t.TempDir()
	conf, users := documented(t, dir), filepath.Join(dir, "users")
	setPassword(t, users, "anna", "sesame")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "pub/readme"), []byte("read me"), 0o644), os.WriteFile(filepath.Join(dir, "boot/kernel"), []byte("vmlinuz"), 0o644)); err != nil {
		t.Fatal(err)
	}
	cmd, addrs := configured(t, "--config", conf, "--login-delay", "0")
	anna, nobody := []string{"USER anna", "PASS sesame"}, []string{"USER ftp", "PASS me@"}
	for _, tt := range []struct {
		login    []string
		commands []string
		want     string
	}{
		{anna, []string{"MKD new", "MKD music/new", "CWD music"}, "[220 331 230 257 550 250]"},
		{nobody, []string{"SIZE readme", "MKD x", "MKD incoming/x", "STAT incoming", "DELE readme", "TYPE I", "SIZE readme", "AVBL incoming"}, "[220 331 230 550 550 550 550 550 200 213 213]"},
		{[]string{"USER anna", "PASS wrong"}, nil, "[220 331 530]"},
		{[]string{"USER ben", "PASS sesame"}, nil, "[220 331 530]"},
	} {
		if got := fmt.Sprint(codes(t, addrs["ftp"], append(tt.login, tt.commands...)...)); got != tt.want {
			t.Errorf("%q: %s, want %s", append(tt.login, tt.commands...), got, tt.want)
		}
	}
	if got := askTFTP(t, addrs["tftp"], "\x00\x01kernel\x00octet\x00"); got != "\x00\x03\x00\x01vmlinuz" {
		t.Errorf("TFTP: %q", got)
	}
	log := filepath.Join(dir, "xferlog")
	setPassword(t, users, "anna", "other")
	if err := errors.Join(os.Rename(log, log+".1"), cmd.Process.Signal(syscall.SIGHUP)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new transfer log", func() bool { _, err := os.Stat(log); return err == nil })
	if got := codes(t, addrs["ftp"], "USER anna", "PASS other"); got[2] != 230 {
		t.Errorf("with the new password: %v", got)
	}
	stopServing(t, cmd)
}

func askTFTP(t *testing.T, addr, packet string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 600)
	if _, err := conn.WriteTo([]byte(packet), to); err != nil {
		t.Fatal(err)
	}
	n, _, err := conn.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// TestServePasswd: the hash is printed, and never the password.
func TestServePasswd(t *testing.T) {
	sandbox(t)
	cmd := command(t, "serve", "passwd")
	cmd.Stdin = strings.NewReader("sesame\n")
	r := runProgram(t, cmd)
	if hash := strings.TrimSpace(r.stdout); r.code != exit.OK || !passwd.NewChecker(hash).Check("sesame") {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"anna"}, {"--file", "x"}, {"--file", "/nonexistent/x", "anna"}, {"--file", "x", "a:b"}, {"--remove"}} {
		cmd := command(t, append([]string{"serve", "passwd"}, args...)...)
		cmd.Stdin = strings.NewReader("sesame\n")
		if r := runProgram(t, cmd); r.code == exit.OK || strings.Contains(r.oneLine(t), "sesame") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if r := runProgram(t, command(t, "serve", "passwd")); r.code != exit.Usage || !strings.Contains(r.oneLine(t), "empty") {
		t.Errorf("without a password: %+v", r)
	}
}

// TestServeConfigRefuses: one line each, that names the thing and the mend.
func TestServeConfigRefuses(t *testing.T) {
	sandbox(t)
	dir := t.TempDir()
	conf := documented(t, dir)
	for _, tt := range []struct {
		args []string
		says string
	}{
		{nil, "--config"},
		{[]string{"--config", "/nonexistent"}, "/nonexistent"},
		{[]string{"--config", conf, dir}, "leave one of them out"},
		{[]string{"--config", conf, "--user", "x"}, "--user"},
		{[]string{"--config", writeFile(t, "max-sessions = \"many\"\n[anonymous]\n[[anonymous.folder]]\nat = \"/\"\ndir = \"/srv\"\n", 0o600)}, ":1:1: "},
		{[]string{"--config", writeFile(t, "lisen = 1\n", 0o600)}, "did you mean listen?"},
		{[]string{"--config", conf}, "users"}, // no file of passwords yet
		{[]string{"--passwords", writeFile(t, "anna:sesame\n", 0o600), dir}, ":1: "},
		{[]string{"--anonymous", "--transfer-log", dir, dir}, "--transfer-log"},
		{[]string{"--anonymous", "--listen-tls", ":0", dir}, "--tls-cert"},
		{[]string{"--anonymous", "--tftp", "nonsense", "--listen", "127.0.0.1:0", dir}, "nonsense"},
	} {
		r := runProgram(t, command(t, append([]string{"serve"}, tt.args...)...))
		if text := r.oneLine(t); r.code == exit.OK || !strings.Contains(text, tt.says) || strings.Contains(text, "sesame") {
			t.Errorf("%q: %+v, want %q", tt.args, r, tt.says)
		}
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
	if got := fmt.Sprint(codes(t, l.Addr().String(), "USER ftp", "PASS x", "EPSV")); got != "[220 331 230 229]" {
		t.Error(got)
	}
	stopServing(t, cmd)
}
