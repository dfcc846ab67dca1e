package fusefs

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"ftpfs/test/fakeremote"
)

// READ-2: a descriptor reads of one version, or learns that there is another.
func TestREAD2(t *testing.T) {
	tree := fakeremote.New()
	before, after := content(16<<20), bytes.Repeat([]byte("other"), 4<<20)
	tree.Put("/f", before)
	m := mount(t, tree)
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 10)
	if _, err := f.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, before[:10]) {
		t.Fatalf("read %q, %v", buf, err)
	}
	tree.Put("/f", after) // longer, too
	m.volume.Refresh("")
	g, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := g.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, after[:10]) {
		t.Fatalf("opened anew: %q, %v", buf, err)
	}
	_, err = f.ReadAt(buf, 12<<20+1)
	wantErrno(t, "a read of another version", err, syscall.ESTALE)
	if _, err := f.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, after[:10]) {
		t.Errorf("from the beginning: %q, %v", buf, err)
	}
}

// READ-2: who opens a file reads all of the version that he has opened, though the kernel
// still believes in the size of another.
func TestREAD2_Size(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("short"))
	m := mount(t, tree)
	if st, err := os.Stat(m.path("f")); err != nil || st.Size() != 5 {
		t.Fatalf("%v, %v", st, err)
	}
	m.volume.SetNotifier(nil) // what it tells can be long on its way
	tree.Put("/f", []byte("a longer one"))
	m.volume.Refresh("")
	if data, err := os.ReadFile(m.path("f")); err != nil || string(data) != "a longer one" {
		t.Errorf("%q, %v", data, err)
	}
}
