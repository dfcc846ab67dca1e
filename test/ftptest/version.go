package ftptest

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// versions remembers what versionOf returned for a program.
var versions sync.Map // path -> string

// versionOf asks a program for its version and returns the first line of what
// it says.
func versionOf(bin, arg string) string {
	if v, ok := versions.Load(bin); ok {
		return v.(string)
	}
	v := filepath.Base(bin) + " of unknown version"
	if out, err := outputOf(bin, arg); err == nil {
		first, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
		v = first
	}
	versions.Store(bin, v)
	return v
}

// outputOf runs a program and returns what it writes, also to its standard
// input, which is where vsftpd expects the network connection to be.
func outputOf(bin string, args ...string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), libraryPath(bin))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = w, w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		return "", err
	}
	out, err := io.ReadAll(r)
	cmd.Wait() // Pure-FTPd's --help ends with a status of 1
	return string(out), err
}
