package interop

import (
	"net"
	"os/exec"
	"testing"

	"ftpfs/ftpserver"
)

// serveTree runs the bundled server in this process and returns its URL.
func serveTree(t *testing.T, o ftpserver.Options) string {
	t.Helper()
	server, err := ftpserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return serving(t, server)
}

// serving has a server listen until the test ends and returns its URL.
func serving(t *testing.T, server *ftpserver.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		server.Serve(l) // returns because of Close
		close(done)
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return "ftp://" + l.Addr().String() + "/"
}

// runProbe runs ftpfs probe and returns what it printed.
func runProbe(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	return exec.CommandContext(t.Context(), program(t), append([]string{"probe"}, args...)...).CombinedOutput()
}
