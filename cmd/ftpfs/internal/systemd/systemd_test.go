package systemd

import (
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWatchdogOfTheStuck: who does not come back is not said to live.
func TestWatchdogOfTheStuck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	manager.SetReadDeadline(time.Now().Add(time.Minute))
	told := func() []string {
		b := make([]byte, 4096)
		n, err := manager.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(b[:n]), "\n")
	}
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "2000")
	stuck := make(chan struct{})
	looks := make(chan struct{}, 100)
	s := Ready(slog.New(slog.DiscardHandler), "", func() { looks <- struct{}{}; <-stuck })
	if first := told(); first[0] != "READY=1" {
		t.Errorf("first %q", first)
	}
	for range 3 {
		<-looks
	}
	s.Ending("")
	if next := told(); next[0] != "STOPPING=1" {
		t.Errorf("told %q although it is stuck", next)
	}
	close(stuck)
	s.End()
}
