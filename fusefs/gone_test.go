package fusefs

import (
	"errors"
	"os"
	"syscall"
	"testing"

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
