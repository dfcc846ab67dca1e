package fusefs

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// OPEN-2: a file that is gone and that the kernel still believes in is made by
// O_CREAT, and is ENOENT without it.
func TestOPEN2_Gone(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("old"))
	tree.Put("/g", nil)
	m := mount(t, tree)
	for _, name := range []string{"f", "g"} {
		if _, err := os.Stat(m.path(name)); err != nil {
			t.Fatal(err)
		}
		if err := m.volume.Unlink(t.Context(), name); err != nil { // of which the kernel is not told
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(m.path("f"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if data, ok := tree.Get("/f"); !ok || len(data) != 0 {
		t.Errorf("on the server: %q, %v", data, ok)
	}
	if _, err := os.Open(m.path("g")); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("open: %v", err)
	}
}

// READDIR-1: a directory that was replaced on the server is opened no more by who
// still holds it, for it is not empty, but another one; one that was removed here is
// empty.
func TestREADDIR1_Replaced(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/x", nil)
	tree.PutDir("/e")
	tree.PutDir("/from")
	tree.PutDir("/onto")
	m := mount(t, tree)
	in := func(name string) *os.File {
		f, err := os.Open(m.path(name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	list := func(dir *os.File) ([]string, error) {
		fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return nil, err
		}
		f := os.NewFile(uintptr(fd), ".")
		defer f.Close()
		return f.Readdirnames(-1)
	}
	d, e, onto := in("d"), in("e"), in("onto")
	defer d.Close()
	defer e.Close()
	defer onto.Close()
	tree.Drop("/d/x")
	tree.Drop("/d")
	tree.Put("/d", []byte("a file"))
	m.volume.Refresh("")
	eventually(t, "the file is seen", func() bool {
		info, err := os.Stat(m.path("d"))
		return err == nil && !info.IsDir()
	})
	if names, err := list(d); !errors.Is(err, syscall.ESTALE) {
		t.Errorf("the replaced one: %q, %v", names, err)
	}
	if err := os.Remove(m.path("e")); err != nil {
		t.Fatal(err)
	}
	if names, err := list(e); len(names) > 0 || err != nil && !errors.Is(err, syscall.ENOENT) {
		t.Errorf("the removed one: %q, %v", names, err)
	}
	if err := syscall.Rename(m.path("from"), m.path("onto")); err != nil {
		t.Fatal(err)
	}
	if names, err := list(onto); len(names) > 0 || err != nil && !errors.Is(err, syscall.ENOENT) {
		t.Errorf("the one that a rename replaced: %q, %v", names, err)
	}
}

// RENAME-1: an open file that the volume has moved already, and the tree of inodes has
// not, is found.
func TestRENAME1_OpenFileIsFound(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("content"))
	m := mount(t, tree, func(c *cache.Options, _ *Options) { c.TTL = -1 })
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := m.volume.Rename(t.Context(), "f", "g", false); err != nil { // of which the tree is not told
		t.Fatal(err)
	}
	if st, err := f.Stat(); err != nil || st.Size() != 7 {
		t.Errorf("stat: %v", err)
	}
	if err := f.Chmod(0o600); err != nil {
		t.Errorf("chmod: %v", err)
	}
	if e, _ := tree.Look("/g"); e.Mode != 0o600 {
		t.Errorf("the mode is %o", e.Mode)
	}
}
