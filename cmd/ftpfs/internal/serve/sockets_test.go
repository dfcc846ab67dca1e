package serve

import (
	"net"
	"os"
	"path/filepath"
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
