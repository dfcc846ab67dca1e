package serve

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ftpfs/ftpclient"
)

const weekConf = `
listen = "127.0.0.1:0"
max-sessions = 1000
transfer-log = "DIR/xferlog"
passwords = "DIR/users"
[[user]]
name = "anna"
quota = 1000
[[user.folder]]
at = "/"
dir = "DIR/anna"
access = "write"
[anonymous]
[[anonymous.folder]]
at = "/"
dir = "DIR/incoming"
access = "upload"
[tftp]
listen = "127.0.0.1:0"
[[tftp.folder]]
at = "/"
dir = "DIR/boot"
access = "read"
`

// TestServeWeek: many clients bring a file on each of seven days, all at once, while
// the log of transfers is rotated: each file has one line, in one of the logs, and a
// quota is kept to the octet meanwhile. FTPFS_TEST_CLIENTS says how many.
func TestServeWeek(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"anna", "incoming", "boot"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	setPassword(t, filepath.Join(dir, "users"), "anna", "sesame")
	addrs := serving(t, 2, "--config", writeFile(t, strings.ReplaceAll(weekConf, "DIR", dir)))
	log := filepath.Join(dir, "xferlog")
	clients := weekClients(t, addrs["ftp"])
	anna := weekClient(t, addrs["ftp"], "anna", "sesame")
	for day := range 7 {
		var all sync.WaitGroup
		for i, c := range clients {
			all.Go(func() {
				name := fmt.Sprintf("/day%d-client%d", day, i)
				if s, err := c.Store(t.Context(), name, strings.NewReader(name), ftpclient.StoreOptions{}); err != nil || s.Sent != int64(len(name)) {
					t.Errorf("%s: %+v, %v", name, s, err)
				}
			})
		}
		if err := errors.Join(os.Rename(log, fmt.Sprint(log, ".", day)), syscall.Kill(os.Getpid(), syscall.SIGHUP)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a new transfer log", func() bool { _, err := os.Stat(log); return err == nil })
		weekQuota(t, anna)
		all.Wait()
	}
	weekLogs(t, dir, len(clients))
}

func weekClients(t *testing.T, addr string) (clients []*ftpclient.Client) {
	n, err := strconv.Atoi(os.Getenv("FTPFS_TEST_CLIENTS"))
	if err != nil {
		n = 40
	}
	for range n {
		clients = append(clients, weekClient(t, addr, "", ""))
	}
	return clients
}

func weekClient(t *testing.T, addr, user, password string) *ftpclient.Client {
	t.Helper()
	host, port, _ := strings.Cut(addr, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ftpclient.New(ftpclient.Options{Host: host, Port: number, User: user, Password: password, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// weekQuota fills 1000 octets, and not one more.
func weekQuota(t *testing.T, c *ftpclient.Client) {
	t.Helper()
	ctx := t.Context()
	_, full := c.Store(ctx, "/full", strings.NewReader(strings.Repeat("x", 1000)), ftpclient.StoreOptions{})
	_, over := c.Store(ctx, "/over", strings.NewReader("x"), ftpclient.StoreOptions{})
	if full != nil || ftpclient.KindOf(over) != ftpclient.KindNoSpace {
		t.Errorf("1000 octets of 1000: %v; one more: %v", full, over)
	}
	if err := c.Delete(ctx, "/full"); err != nil {
		t.Error(err)
	}
}

var weekLine = regexp.MustCompile(`^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} \d+ 127\.0\.0\.1 \d+ (\S+) b _ i ([ar]) \S+ ftp 0 \* ([ci])$`)

// weekLogs finds each file's line once.
func weekLogs(t *testing.T, dir string, clients int) {
	t.Helper()
	logs, _ := filepath.Glob(filepath.Join(dir, "xferlog*")) // the pattern is well formed
	seen := map[string]int{}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(string(text)) {
			m := weekLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
			if m == nil {
				t.Errorf("%s has %q", filepath.Base(name), line)
				continue
			}
			seen[strings.Join(m[1:], " ")]++
		}
	}
	for day := range 7 {
		for i := range clients {
			if name := fmt.Sprintf("/day%d-client%d a c", day, i); seen[name] != 1 {
				t.Errorf("%s is in the logs %d times", name, seen[name])
			}
		}
	}
	if want := 7*clients + 2; len(logs) != 8 || len(seen) != want || seen["/full r c"] != 7 || seen["/over r i"] != 7 {
		t.Errorf("%d logs tell of %d files, want 8 of %d", len(logs), len(seen), want)
	}
}
