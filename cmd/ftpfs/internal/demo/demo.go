// Package demo is the server of ftpfs mount --demo, in the same process, and what a
// person is told of it.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net"
	"os"
	"path"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpserver"
)

// Server is the bundled server on loopback, for one user whose password
// nobody knows, with a sample tree in memory.
type Server struct {
	// Location is where it is, with user and password.
	Location ftpurl.Location

	server *ftpserver.Server
	served chan error // what Serve returned
}

const user = "demo"

// maxBytes bounds what can be written to the demo server.
const maxBytes = 1 << 30

// stopLimit bounds the end of the demo server.
const stopLimit = 5 * time.Second

// files is the sample tree; names that end in a slash are directories.
var files = []struct{ name, text string }{
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

// Start starts the server. Close it.
func Start() (*Server, error) {
	tree := ftpserver.NewMemFS(maxBytes)
	if err := fillTree(tree); err != nil {
		return nil, err
	}
	password := rand.Text()
	server, err := ftpserver.New(ftpserver.Options{
		FS:    tree,
		Users: map[string]ftpserver.User{user: {Check: ftpserver.Password(password)}},
	})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Server{server: server, served: make(chan error, 1)}
	d.Location = ftpurl.Location{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: user}
	d.Location.SetPassword(password)
	go func() { d.served <- server.Serve(l) }()
	return d, nil
}

// fillTree makes the sample tree.
func fillTree(tree ftpserver.FS) error {
	for _, f := range files {
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

// Close ends the server, and drops what was written to it.
func (d *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	err := d.server.Shutdown(ctx)
	if end := <-d.served; !errors.Is(end, ftpserver.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// MakeDir makes the mount point of a demonstration if it is missing: who
// tries the program should have nothing to prepare.
func MakeDir(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return nil // what is wrong with it, the check of the mount point says
	}
	return exit.Errorf(exit.Mountpoint, "mount point %s cannot be made: %w", dir, say.Reason(err))
}
