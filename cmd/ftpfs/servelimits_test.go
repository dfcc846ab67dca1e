package main

import (
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/secret"
)

// TestServeLimits: what the flags say is what clients get.
func TestServeLimits(t *testing.T) {
	sandbox(t)
	cmd, loc := serving(t, nil, "--user", "me:sesame", "--max-sessions", "2", "--max-per-address", "1", "--idle-timeout", "300ms",
		"--login-timeout", "1m", "--login-delay", "0", t.TempDir())
	conn, err := net.DialTimeout("tcp", loc.Address(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	first := textproto.NewConn(conn)
	if code, _, err := first.ReadResponse(0); code != 220 {
		t.Fatal(code, err)
	}
	if got := codes(t, loc.Address()); fmt.Sprint(got) != "[421]" {
		t.Errorf("a second session from the address: %v", got)
	}
	if code, text, err := first.ReadResponse(0); code != 421 || !strings.Contains(text, "300ms") {
		t.Errorf("when idle: %d %q, %v", code, text, err)
	}
	stopServing(t, cmd)
}

func TestServeLimitsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		limits serveLimits
		ok     bool
	}{
		{serveLimits{sessions: 1, idle: 1, login: 1}, true},
		{serveLimits{sessions: -1, idle: 1, login: 1}, false},
		{serveLimits{perAddress: -1, idle: 1, login: 1}, false},
		{serveLimits{login: 1}, false},
		{serveLimits{idle: 1}, false},
		{serveLimits{idle: 1, login: 1, refusal: -1}, false},
	} {
		c := &serveCommand{Process: &secret.Process{}, anonymous: true, limits: tt.limits}
		o, err := c.serverOptions(nil)
		if (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.limits, err)
		}
		if tt.ok && (o.MaxPerAddress != -1 || o.LoginDelay != -1 || o.MaxConnections != 1) {
			t.Errorf("%+v became %+v", tt.limits, o)
		}
	}
}
