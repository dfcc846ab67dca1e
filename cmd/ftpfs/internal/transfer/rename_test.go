package transfer

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
)

// stubborn is a tree whose renames onto a file fail, and those that stuck says.
type stubborn struct {
	ftpserver.FS
	stuck func(from, to string) bool
}

func (s stubborn) Rename(from, to string) error {
	if _, err := s.Lstat(to); err == nil {
		return syscall.EEXIST
	}
	if s.stuck(from, to) {
		return syscall.EACCES
	}
	return s.FS.Rename(from, to)
}

// served is a client of a server of a directory with these files.
func served(t *testing.T, files map[string]string, stuck func(from, to string) bool) (*ftpclient.Client, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := ftpserver.OpenDirFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	server, err := ftpserver.New(ftpserver.Options{FS: stubborn{tree, stuck}, Users: map[string]ftpserver.User{"me": {Check: ftpserver.Password("x")}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	c, err := ftpclient.New(ftpclient.Options{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "me", Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.Close(), server.Close(), tree.Close()); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return c, dir
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

// TestRename: a server that renames onto no file has the old one moved aside, and has
// it back where the new one does not get there; nothing is ever lost.
func TestRename(t *testing.T) {
	isAside := func(name string) bool { return strings.Contains(name, partMark) }
	for _, tc := range []struct {
		name  string
		stuck func(from, to string) bool
		want  map[string]string // "aside" for what is moved aside
		told  string            // in the error; "": there is none
	}{
		{"replaced", func(string, string) bool { return false }, map[string]string{"to": "new"}, ""},
		{"the old one stays", func(_, to string) bool { return isAside(to) }, map[string]string{"to": "old", "from": "new"}, "exists"},
		{"the new one stays", func(from, _ string) bool { return from == "from" }, map[string]string{"to": "old", "from": "new"}, "denied"},
		{"neither goes back", func(_, to string) bool { return to == "to" }, map[string]string{"aside": "old", "from": "new"}, "the old file is now /.to" + partMark},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, dir := served(t, map[string]string{"from": "new", "to": "old"}, tc.stuck)
			err := rename(t.Context(), c, "/from", "/to", true)
			if (err == nil) != (tc.told == "") || err != nil && !strings.Contains(err.Error(), tc.told) {
				t.Errorf("%v, want %q", err, tc.told)
			}
			got := contents(t, dir)
			for name, text := range got {
				if isAside(name) {
					delete(got, name)
					got["aside"] = text
				}
			}
			if len(got) != len(tc.want) {
				t.Errorf("there is %q, want %q", got, tc.want)
			}
			for name, text := range tc.want {
				if got[name] != text {
					t.Errorf("%s is %q, want %q", name, got[name], text)
				}
			}
		})
	}
}
