package serve

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// fileOf is a socket as systemd passes it.
func fileOf(t *testing.T, socket interface{ File() (*os.File, error) }) *os.File {
	t.Helper()
	f, err := socket.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestPassedSocketWithoutPort: clients of FTP need an address.
func TestPassedSocketWithoutPort(t *testing.T) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := newCommand(process())
	c.passed = func() []*os.File { return []*os.File{fileOf(t, l)} }
	_, err = execute(t, c, "", "--anonymous", t.TempDir())
	if exit.CodeOf(err) != exit.Serve || !strings.Contains(err.Error(), "ListenStream=") {
		t.Error(err)
	}
}

// TestPassedSocketForNothing: only what is served has a URL.
func TestPassedSocketForNothing(t *testing.T) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	c := newCommand(process())
	c.anonymous, c.passed = true, func() []*os.File { return []*os.File{fileOf(t, l), fileOf(t, u)} }
	for _, tftp := range []bool{false, true} {
		s, err := c.openSockets(tftp, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"ftp://" + l.Addr().String() + "/", "tftp://" + u.LocalAddr().String() + "/"}
		if !tftp {
			want = want[:1]
		}
		if got := c.urls(s); !slices.Equal(got, want) {
			t.Errorf("TFTP %v: %q, want %q", tftp, got, want)
		}
		s.close()
	}
}

// TestPassedSocketMissing: that TFTP is configured and has no socket is told.
func TestPassedSocketMissing(t *testing.T) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := newCommand(process())
	c.passed = func() []*os.File { return []*os.File{fileOf(t, l)} }
	var told strings.Builder
	s, err := c.openSockets(true, slog.New(slog.NewTextHandler(&told, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if !strings.Contains(told.String(), "ListenDatagram=") {
		t.Errorf("told: %s", told.String())
	}
}
