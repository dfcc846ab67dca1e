package serve

import (
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// TestServeLimits: what the flags say is what clients get.
func TestServeLimits(t *testing.T) {
	addrs := serving(t, 1, "--listen", "127.0.0.1:0", "--user", "me:sesame", "--max-sessions", "2", "--max-per-address", "1", "--idle-timeout", "300ms",
		"--login-timeout", "1m", "--login-delay", "0", t.TempDir())
	conn, err := net.DialTimeout("tcp", addrs["ftp"], 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	first := textproto.NewConn(conn)
	if code, _, err := first.ReadResponse(0); code != 220 {
		t.Fatal(code, err)
	}
	if got := codes(t, addrs["ftp"]); fmt.Sprint(got) != "[421]" {
		t.Errorf("a second session from the address: %v", got)
	}
	if code, text, err := first.ReadResponse(0); code != 421 || !strings.Contains(text, "300ms") {
		t.Errorf("when idle: %d %q, %v", code, text, err)
	}
}

func TestServeLimitsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		limits limits
		ok     bool
	}{
		{limits{sessions: 1, idle: 1, login: 1}, true},
		{limits{sessions: -1, idle: 1, login: 1}, false},
		{limits{perAddress: -1, idle: 1, login: 1}, false},
		{limits{login: 1}, false},
		{limits{idle: 1}, false},
		{limits{idle: 1, login: 1, refusal: -1}, false},
	} {
		c := &command{Process: process(), anonymous: true, limits: tt.limits}
		o, err := c.serverOptions(nil)
		if (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.limits, err)
		}
		if tt.ok && (o.MaxPerAddress != -1 || o.LoginDelay != -1 || o.MaxConnections != 1) {
			t.Errorf("%+v became %+v", tt.limits, o)
		}
	}
}
