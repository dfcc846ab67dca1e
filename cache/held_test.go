package cache_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestRetryOfABeginningOnTheServer: what is kept without its beginning, which has left the
// spool and could not be fetched back, is sent with that, not with what the file had before.
func TestRetryOfABeginningOnTheServer(t *testing.T) {
	for _, c := range []string{"retry", "discard", "it is gone"} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			old := octets(6<<20, 1)
			tree.Put("/f", old)
			v, dir := small(t, tree)
			h := open(t, v, "f", os.O_RDWR|os.O_TRUNC)
			data := octets(5<<20, 5)
			tree, v = strand(t, tree, v, dir, h, data)
			want := data
			switch c {
			case "discard":
				want = old
			case "it is gone":
				want = old
				for _, name := range tree.Names("/") {
					if name != "f" {
						tree.Drop("/" + name)
					}
				}
			}
			if c != "discard" {
				if err := v.RetryUpload("f"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
			if c != "retry" {
				if err := v.DiscardUpload("f"); err != nil {
					t.Error(err)
				}
			}
			finished(t, v, dir)
			onServer(t, tree, "/f", want)
			onlyName(t, tree, "f")
		})
	}
}

// acknowledgedAside has a close acknowledge a file of which the beginning has left the spool
// then, and returns the rest of what is to be written.
func acknowledgedAside(t *testing.T, tree cache.Remote, dir string) (*cache.Volume, *cache.Handle, []byte) {
	t.Helper()
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: dir, SpoolBytes: 2 << 20, CacheBytes: 1 << 20, WriteBack: true})
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, v, "f", os.O_RDWR|os.O_TRUNC)
	data := octets(5<<20, 5)
	write(t, h, data[:part], 0)
	flush(t, h)
	for off := part; off < len(data); off += part {
		write(t, h, data[off:off+part], int64(off))
	}
	return v, h, data
}

// TestReleasedAfterTheEnd: what is left to the next volume is not deleted on the server by
// who releases the file late.
func TestReleasedAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		tree.Put("/f", []byte("old"))
		v, h, data := acknowledgedAside(t, tree, dir)
		tree.Fail("Rename", "", -1, lost)
		gate := tree.Block("Rename", "")
		closed := make(chan error)
		go func() { closed <- v.Close(context.Background()) }()
		<-gate.Entered()
		gate.Open()
		if err := <-closed; err == nil {
			t.Error("no error")
		}
		h.Release()
		synctest.Wait()
		for _, name := range tree.Names("/") {
			if slices.Contains(tree.Calls("Delete"), fakeremote.Call{Op: "Delete", Path: "/" + name}) {
				t.Errorf("%s was to be deleted", name)
			}
		}
		tree = tree.Healed()
		v = behind(t, tree, dir)
		v.Recover()
		finished(t, v, dir)
		onServer(t, tree, "/f", data)
		onlyName(t, tree, "f")
	})
}

// TestHeldIsInPlace: a file of which the beginning had left the spool, and that was renamed
// into its place when the volume died, or was lost, has not been changed by somebody else.
func TestHeldIsInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		tree.Put("/f", []byte("old"))
		v, h, data := acknowledgedAside(t, tree, dir)
		tree.Fail("Delete", "", -1, lost)
		gate := tree.Block("Rename", "")
		go func() { _ = h.Flush(context.Background()) }()
		<-gate.Entered()
		v.Crash()
		tree = tree.Healed()
		for _, name := range tree.Names("/") {
			if got, _ := tree.Get("/" + name); name != "f" && len(got) == len(data) {
				if err := tree.Rename(t.Context(), "/"+name, "/f"); err != nil {
					t.Fatal(err)
				}
			}
		}
		v = behind(t, tree, dir)
		v.Recover()
		finished(t, v, dir)
		onServer(t, tree, "/f", data)
		onlyName(t, tree, "f")
	})
}

// TestRenameOfHeldIsLost: so it is where the volume lives on.
func TestRenameOfHeldIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := &lostRename{Tree: fakeremote.New()}, t.TempDir()
		tree.Put("/f", []byte("old"))
		v, h, data := acknowledgedAside(t, tree, dir)
		if err := h.Flush(t.Context()); err == nil {
			t.Error("no error")
		}
		h.Release()
		time.Sleep(time.Minute)
		onServer(t, tree.Tree, "/f", data)
		finished(t, v, dir)
		onlyName(t, tree.Tree, "f")
	})
}

// lostRename is a server that is lost before it tells of the first rename.
type lostRename struct {
	*fakeremote.Tree
	told bool
}

func (r *lostRename) Rename(ctx context.Context, from, to string) error {
	err := r.Tree.Rename(ctx, from, to)
	if !r.told {
		r.told, err = true, lost
	}
	return err
}
