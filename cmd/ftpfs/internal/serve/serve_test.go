package serve

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// limit bounds whatever a test waits for.
const limit = 60 * time.Second

// process is one that has hidden its passwords: it must not start itself anew.
func process() *secret.Process { return &secret.Process{Replaced: true} }

// execute runs the command to its end, and returns what it printed.
func execute(t *testing.T, c *command, stdin string, args ...string) (stdout string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd, out := c.cobra(), new(bytes.Buffer)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(out)
	err = cmd.ExecuteContext(ctx)
	return out.String(), err
}

// serving runs the command until the test's end, and returns the addresses at which
// it says it listens, as many as there are to be, by scheme.
func serving(t *testing.T, listens int, args ...string) (addrs map[string]string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c, urls, done := newCommand(process()), make(chan string, listens), make(chan error, 1)
	c.ready = func(url string) { urls <- url }
	cmd := c.cobra()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	addrs = make(map[string]string)
	for range listens {
		select {
		case url := <-urls:
			scheme, rest, _ := strings.Cut(url, "://")
			addrs[scheme] = strings.TrimSuffix(rest[strings.IndexByte(rest, '@')+1:], "/")
		case err := <-done:
			stop()
			t.Fatalf("serve ended with %v", err)
		}
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve ended with %v", err)
		}
	})
	return addrs
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

// eventually polls until ok, and fails past the deadline.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestServeRefusesLogins(t *testing.T) {
	addrs := serving(t, 1, "--listen", "127.0.0.1:0", "--user", "me:sesame", "--login-delay", "0", t.TempDir())
	for _, login := range [][]string{{"USER me", "PASS wrong"}, {"USER you", "PASS sesame"}, {"USER anonymous", "PASS x"}} {
		if got := codes(t, addrs["ftp"], login...); got[len(got)-1] != 530 {
			t.Errorf("%q: %v", login, got)
		}
	}
}

func TestServeRefuses(t *testing.T) {
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
		{[]string{"--anonymous", writeFile(t, "")}, "cannot be served"},
		{[]string{"--anonymous", "--listen", l.Addr().String(), t.TempDir()}, "--listen"},
		{[]string{"--anonymous", "--listen", "nonsense", t.TempDir()}, "--listen"},
	} {
		_, err := execute(t, newCommand(process()), "", tt.args...)
		if exit.CodeOf(err) != exit.Serve || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", tt.args, err)
		}
	}
}

// TestReadOnlyCountsBeforeTheEnvironment: --write and --read-only contradict each other,
// wherever they are said: a flag counts before a variable, and of two variables the
// careful one.
func TestReadOnlyCountsBeforeTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		flags, variables string
		mkd              int
	}{
		{"", "", 550},
		{"", "WRITE", 257},
		{"--write", "READ_ONLY", 257},
		{"--read-only", "WRITE", 550},
		{"--read-only=false", "WRITE", 257},
		{"", "WRITE READ_ONLY", 550},
	} {
		t.Run(tt.flags+" "+tt.variables, func(t *testing.T) {
			for _, name := range strings.Fields(tt.variables) {
				t.Setenv("FTPFS_SERVE_"+name, "true")
			}
			args := append([]string{"--listen", "127.0.0.1:0", "--anonymous"}, strings.Fields(tt.flags)...)
			addrs := serving(t, 1, append(args, t.TempDir())...)
			if got := codes(t, addrs["ftp"], "USER ftp", "PASS x", "MKD new"); got[3] != tt.mkd {
				t.Errorf("%v, want %d", got, tt.mkd)
			}
		})
	}
}
