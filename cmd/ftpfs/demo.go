package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpserver"
)

// demoServer is the bundled server on loopback, for one user whose password
// nobody knows, with a sample tree in memory.
type demoServer struct {
	location ftpurl.Location
	server   *ftpserver.Server
	served   chan error // what Serve returned
}

const demoUser = "demo"

// demoBytes bounds what can be written to the demo server.
const demoBytes = 1 << 30

// demoStop bounds the end of the demo server.
const demoStop = 5 * time.Second

// demoFiles is the sample tree; names that end in a slash are directories.
var demoFiles = []struct{ name, text string }{
	{"README.txt", "This is a demonstration: an FTP server in the memory of the ftpfs process,\nmounted by ftpfs. Whatever you write here goes through FTP, and is gone after\nftpfs umount.\n"},
	{"music/", ""},
	{"music/playlist.m3u", "#EXTM3U\n"},
	{"photos/", ""},
	{"photos/2026/", ""},
	{"photos/2026/lake.txt", "No real photo, but it copies like one.\n"},
	{"photos/2026/Gr\u00fc\u00dfe aus K\u00f6ln.txt", "Names may be anything.\n"},
	{"projects/", ""},
	{"projects/hello.sh", "#!/bin/sh\necho hello from a file on an FTP server\n"},
	{"upload/", ""},
}

func startDemo() (*demoServer, error) {
	tree := ftpserver.NewMemFS(demoBytes)
	if err := fillTree(tree); err != nil {
		return nil, err
	}
	password := rand.Text()
	server, err := ftpserver.New(ftpserver.Options{
		FS:    tree,
		Users: map[string]ftpserver.User{demoUser: {Check: ftpserver.Password(password)}},
	})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &demoServer{server: server, served: make(chan error, 1)}
	d.location = ftpurl.Location{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: demoUser}
	d.location.SetPassword(password)
	go func() { d.served <- server.Serve(l) }()
	return d, nil
}

// fillTree makes the sample tree.
func fillTree(tree ftpserver.FS) error {
	for _, f := range demoFiles {
		name := path.Clean(f.name)
		if name != f.name {
			if err := tree.Mkdir(name, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := writeTree(tree, name, f.text); err != nil {
			return err
		}
	}
	return tree.Chmod("projects/hello.sh", 0o755)
}

func writeTree(tree ftpserver.FS, name, text string) error {
	f, err := tree.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	return errors.Join(err, f.Close())
}

func (d *demoServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), demoStop)
	defer cancel()
	return errors.Join(d.server.Shutdown(ctx), notClosed(<-d.served))
}

// notClosed drops the error by which a server says that it was told to end.
func notClosed(err error) error {
	if errors.Is(err, ftpserver.ErrServerClosed) {
		return nil
	}
	return err
}

// makeDemoDir makes the mount point of a demonstration if it is missing: who
// tries the program should have nothing to prepare.
func makeDemoDir(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return nil // what is wrong with it, the check of the mount point says
	}
	return exit.Errorf(exit.Mountpoint, "mount point %s cannot be made: %w", dir, say.Reason(err))
}

// selfCommand is how a person calls this program again.
func selfCommand(argv0 string) string {
	if _, err := exec.LookPath("ftpfs"); err == nil {
		return "ftpfs"
	}
	if exe, err := os.Executable(); err == nil && strings.Contains(exe, "go-build") {
		return "go run ./cmd/ftpfs"
	}
	return argv0
}

// demoHints is what to try next; self calls this program.
func demoHints(self, dir string) string {
	return fmt.Sprintf(`An FTP server with a sample tree is mounted on %[1]s. Try:

  ls -lR %[1]s
  cat %[1]s/README.txt
  echo hello > %[1]s/upload/hello.txt
  sh %[1]s/projects/hello.sh

and in the end:

  %[2]s umount %[1]s
`, dir, self)
}
