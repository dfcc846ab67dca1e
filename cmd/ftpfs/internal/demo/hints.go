package demo

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Hints is what to try next on the mount at dir. argv0 is by what this program was
// called.
func Hints(argv0, dir string) string {
	return fmt.Sprintf(`An FTP server with a sample tree is mounted on %[1]s. Try:

  ls -lR %[1]s
  cat %[1]s/README.txt
  echo hello > %[1]s/upload/hello.txt
  sh %[1]s/projects/hello.sh

and in the end:

  %[2]s umount %[1]s
`, dir, self(argv0))
}

// self is how a person calls this program again.
func self(argv0 string) string {
	if _, err := exec.LookPath("ftpfs"); err == nil {
		return "ftpfs"
	}
	if exe, err := os.Executable(); err == nil && strings.Contains(exe, "go-build") {
		return "go run ./cmd/ftpfs"
	}
	return argv0
}
