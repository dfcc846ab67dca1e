package interop

import (
	"os/exec"
	"testing"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// serveTree runs the bundled server in this process and returns its URL.
func serveTree(t *testing.T, o ftpserver.Options) string {
	t.Helper()
	server, err := ftpserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return "ftp://" + ftptest.Serve(t, server).String() + "/"
}

// runProbe runs ftpfs probe and returns what it printed.
func runProbe(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	return exec.CommandContext(t.Context(), program(t), append([]string{"probe"}, args...)...).CombinedOutput()
}
