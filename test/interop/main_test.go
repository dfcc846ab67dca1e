package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"ftpfs/test/ftptest"
)

func TestMain(m *testing.M) { ftptest.Main(m, removeProgram) }

// everything has tests try all combinations where a part of them, in which each
// thing meets each other one, is enough for every day.
var everything = os.Getenv("FTPFS_TEST_ALL") != ""

// programDir holds the program once it is built; "" before.
var programDir string

// buildProgram builds the program for all tests of the run: linking it takes
// seconds.
var buildProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ftpfs-program-")
	if err != nil {
		return "", err
	}
	programDir = dir
	path := filepath.Join(dir, "ftpfs")
	out, err := exec.Command("go", "build", "-o", path, "ftpfs/cmd/ftpfs").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, err
})

// program returns the path of the built program.
func program(t *testing.T) string {
	t.Helper()
	path, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func removeProgram() error {
	if programDir == "" {
		return nil
	}
	return os.RemoveAll(programDir)
}
