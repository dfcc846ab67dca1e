package cache_test

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// A file that the server gets while a directory is read was there before and is
// there afterwards: it is among the entries, once, whoever has it uploaded.
func TestDirHasWhatIsSentWhileItIsRead(t *testing.T) {
	for _, back := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { sentWhileRead(t, back) })
	}
}

func sentWhileRead(t *testing.T, back bool) {
	tree := fakeremote.New()
	tree.Put("/d/old", nil)
	v := newVolume(t, tree, cache.Options{WriteBack: back})
	for _, name := range []string{"d/gone", "d/moved", "d/new"} {
		h := create(t, v, name)
		defer h.Release()
		write(t, h, []byte("data"), 0)
	}
	d := openDir(t, v, "d")
	if version, _ := d.Version(); version != (cache.DirVersion{}) {
		t.Error("with an unsent file the directory has a version")
	}
	for _, name := range []string{"d/gone", "d/moved", "d/new"} {
		h := open(t, v, name, os.O_RDWR)
		flush(t, h)
		h.Release()
	}
	synctest.Wait()
	if version, _ := d.Version(); version != (cache.DirVersion{}) {
		t.Error("after its upload a listing without the file has a version")
	}
	if err := v.Unlink(t.Context(), "d/gone"); err != nil {
		t.Fatal(err)
	}
	if err := v.Rename(t.Context(), "d/moved", "there", false); err != nil {
		t.Fatal(err)
	}
	names, err := readRows(t, d, 0)
	if want := []string{"old", "new"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("write-back %v: read %q, %v; want %q", back, names, err, want)
	}
}
