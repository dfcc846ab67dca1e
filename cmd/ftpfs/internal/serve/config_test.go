package serve

import (
	"errors"
	"fmt"
	"net"
	"os"
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
	text, err := os.ReadFile("../../../../docs/serve.md")
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
	if out, err := execute(t, newCommand(process()), password+"\n", "passwd", "--file", file, user); out != "" || err != nil {
		t.Fatalf("%q, %v", out, err)
	}
}

// TestServeConfig: the documented server does what the document says.
func TestServeConfig(t *testing.T) {
	dir := t.TempDir()
	conf, users := documented(t, dir), filepath.Join(dir, "users")
	setPassword(t, users, "anna", "sesame")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "pub/readme"), []byte("read me"), 0o644), os.WriteFile(filepath.Join(dir, "boot/kernel"), []byte("vmlinuz"), 0o644)); err != nil {
		t.Fatal(err)
	}
	addrs := serving(t, 2, "--config", conf, "--login-delay", "0")
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
	if err := errors.Join(os.Rename(log, log+".1"), syscall.Kill(os.Getpid(), syscall.SIGHUP)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new transfer log", func() bool { _, err := os.Stat(log); return err == nil })
	if got := codes(t, addrs["ftp"], "USER anna", "PASS other"); got[2] != 230 {
		t.Errorf("with the new password: %v", got)
	}
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
	hash, err := execute(t, newCommand(process()), "sesame\n", "passwd")
	if err != nil || !passwd.NewChecker(strings.TrimSpace(hash)).Check("sesame") {
		t.Errorf("%q, %v", hash, err)
	}
	for _, args := range [][]string{{"anna"}, {"--file", "x"}, {"--file", "/nonexistent/x", "anna"}, {"--file", "x", "a:b"}, {"--remove"}} {
		if _, err := execute(t, newCommand(process()), "sesame\n", append([]string{"passwd"}, args...)...); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v", args, err)
		}
	}
	if _, err := execute(t, newCommand(process()), "", "passwd"); exit.CodeOf(err) != exit.Usage || !strings.Contains(err.Error(), "empty") {
		t.Errorf("without a password: %v", err)
	}
}

// TestServeConfigRefuses: one line each, that names the thing and the mend.
func TestServeConfigRefuses(t *testing.T) {
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
		{[]string{"--config", writeFile(t, "max-sessions = \"many\"\n[anonymous]\n[[anonymous.folder]]\nat = \"/\"\ndir = \"/srv\"\n")}, ":1:1: "},
		{[]string{"--config", writeFile(t, "lisen = 1\n")}, "did you mean listen?"},
		{[]string{"--config", conf}, "users"}, // no file of passwords yet
		{[]string{"--passwords", writeFile(t, "anna:sesame\n"), dir}, ":1: "},
		{[]string{"--anonymous", "--transfer-log", dir, dir}, "--transfer-log"},
		{[]string{"--anonymous", "--listen-tls", ":0", dir}, "--tls-cert"},
		{[]string{"--anonymous", "--tftp", "nonsense", "--listen", "127.0.0.1:0", dir}, "nonsense"},
	} {
		_, err := execute(t, newCommand(process()), "", tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", tt.args, err, tt.says)
		}
	}
}
