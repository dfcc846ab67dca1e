package cache_test

import (
	"bytes"
	"os"
	"testing"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// What Views shows stays as it is while it is held, whatever leaves the cache.
func TestViewsAreHeld(t *testing.T) {
	tree := fakeremote.New()
	want := octets(6<<20, 11)
	tree.Put("/f", want)
	v := newVolume(t, tree, cache.Options{CacheBytes: 1 << 20})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	views, ok, err := h.Views(t.Context(), 100_000, 500_000)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	load(t, v, "f") // six times what the cache holds
	same(t, "views", bytes.Join(views.Parts, nil), want[100_000:600_000])
	views.Done()
	if n := v.BlockBytes(); n > 1<<20 {
		t.Errorf("%d octets of blocks are held", n)
	}
}

func TestViewsOfLocalChanges(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("abc"))
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDWR)
	defer h.Release()
	write(t, h, []byte("X"), 1)
	if _, ok, err := h.Views(t.Context(), 0, 3); ok || err != nil {
		t.Errorf("a view of what was only written here: %v, %v", ok, err)
	}
	flush(t, h)
}

// Views end where the file ends.
func TestViewsAtTheEnd(t *testing.T) {
	tree := fakeremote.New()
	want := octets(300_000, 3)
	tree.Put("/f", want)
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	for _, off := range []int64{299_990, 300_000, 300_001} {
		views, ok, err := h.Views(t.Context(), off, 1<<20)
		if err != nil || !ok {
			t.Fatalf("at %d: %v, %v", off, ok, err)
		}
		same(t, "views", bytes.Join(views.Parts, nil), want[min(off, 300_000):])
		views.Done()
	}
}
