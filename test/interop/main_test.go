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

func TestMain(m *testing.M) { ftptest.Main(m) }

// programDir holds the built program while tests use it.
var programDir struct {
	sync.Mutex
	users int
	path  string
}

// program returns the path of the built program, which stays until the last
// test that uses it has ended.
func program(t *testing.T) string {
	t.Helper()
	programDir.Lock()
	defer programDir.Unlock()
	if programDir.users == 0 {
		dir, err := os.MkdirTemp("", "ftpfs-program-")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "ftpfs"), "ftpfs/cmd/ftpfs")
		if out, err := cmd.CombinedOutput(); err != nil {
			os.RemoveAll(dir)
			t.Fatalf("go build: %v\n%s", err, out)
		}
		programDir.path = dir
	}
	programDir.users++
	t.Cleanup(releaseProgram)
	return filepath.Join(programDir.path, "ftpfs")
}

func releaseProgram() {
	programDir.Lock()
	defer programDir.Unlock()
	if programDir.users--; programDir.users == 0 {
		if err := os.RemoveAll(programDir.path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}
