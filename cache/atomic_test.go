package cache_test

import (
	"os"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// TestAtomic: where a server lets no file be replaced, it is overwritten in place or
// left as it is, as was asked for.
func TestAtomic(t *testing.T) {
	for _, c := range []struct {
		atomic  cache.Atomic
		refused bool // every rename
		fails   bool
		renames int
	}{
		{cache.AtomicAuto, false, false, 1},
		{cache.AtomicAuto, true, false, 2},
		{cache.AtomicAlways, false, false, 1},
		{cache.AtomicAlways, true, true, 2},
		{cache.AtomicNever, false, false, 0},
	} {
		tree := fakeremote.New()
		tree.Put("/f", []byte("old"))
		if c.refused {
			tree.Fail("Rename", "", -1, fakeremote.Error("RNTO", "/f", ftpclient.KindPermission, 550, "no"))
		}
		v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir(), Atomic: c.atomic})
		if err != nil {
			t.Fatal(err)
		}
		h := open(t, v, "f", os.O_WRONLY|os.O_TRUNC)
		write(t, h, []byte("new one"), 0)
		err = h.Flush(t.Context())
		want := "new one"
		if c.fails {
			kind(t, err, ftpclient.KindUnsupported)
			want = "old"
		} else if err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		h.Release()
		onServer(t, tree, "/f", []byte(want))
		if n := len(tree.Calls("Rename")); n != c.renames {
			t.Errorf("%+v: %d renames", c, n)
		}
		onlyName(t, tree, "f")
	}
}

// TestBrokenOff: a server that has taken a part of a new version and then refuses has
// not refused its name: the old version is not overwritten in place.
func TestBrokenOff(t *testing.T) {
	old, fresh := octets(200_000, 1), octets(300_000, 2)
	tree := fakeremote.New()
	tree.Put("/f", old)
	tree.FailAfter("Write", "", 2, -1, fakeremote.Error("STOR", "/f", ftpclient.KindPermission, 550, "no more"))
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, v, "f", os.O_WRONLY|os.O_TRUNC)
	defer h.Release()
	write(t, h, fresh, 0)
	kind(t, h.Flush(t.Context()), ftpclient.KindPermission)
	onServer(t, tree, "/f", old)
	onlyName(t, tree, "f")
}
