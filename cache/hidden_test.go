package cache_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestHiddenInADirectory: a large file that was unlinked while it is open stays readable
// when the directories above it are renamed, and does not keep them from being removed.
func TestHiddenInADirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, data := fakeremote.New(), octets(9<<20, 1)
		tree.Put("/a/b/f", data)
		v := newVolume(t, tree, cache.Options{})
		h := open(t, v, "a/b/f", os.O_RDONLY)
		read := func(what string, off int64) {
			t.Helper()
			buf := make([]byte, 1000)
			if n, err := h.ReadAt(t.Context(), buf, off); n != len(buf) || err != nil {
				t.Fatalf("%s: %d, %v", what, n, err)
			}
			same(t, what, buf, data[off:off+1000])
		}
		if err := v.Unlink(t.Context(), "a/b/f"); err != nil {
			t.Fatal(err)
		}
		read("unlinked", 1<<20)
		if err := v.Rename(t.Context(), "a", "c", false); err != nil {
			t.Fatal(err)
		}
		read("moved", 3<<20)
		for _, dir := range []string{"c/b", "c"} {
			if err := v.Rmdir(t.Context(), dir); err != nil {
				t.Errorf("rmdir %s: %v", dir, err)
			}
		}
		read("without a directory", 5<<20)
		if n := len(names(t, v, "")); n != 0 {
			t.Errorf("%d names are shown", n)
		}
		h.Release()
		synctest.Wait()
		if n := tree.Names("/"); len(n) != 0 {
			t.Errorf("on the server: %v", n)
		}
	})
}

// TestHiddenIsReleasedWhileItMoves: the last release of an unlinked file, of which the
// directory is just being renamed, deletes it.
func TestHiddenIsReleasedWhileItMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/d/f", octets(9<<20, 1))
		r := &lateReply{Tree: tree, made: make(chan bool), reply: make(chan bool)}
		v := newVolume(t, r, cache.Options{})
		h := open(t, v, "d/f", os.O_RDONLY)
		if err := v.Unlink(t.Context(), "d/f"); err != nil {
			t.Fatal(err)
		}
		moved := make(chan error)
		go func() { moved <- v.Rename(context.Background(), "d", "e", false) }()
		<-r.made
		h.Release()
		synctest.Wait()
		close(r.reply)
		if err := <-moved; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if left := tree.Names("/e"); len(left) != 0 {
			t.Errorf("left on the server: %v", left)
		}
	})
}

// lateReply is a server that takes its time to tell of a renamed directory.
type lateReply struct {
	*fakeremote.Tree
	made, reply chan bool
}

func (r *lateReply) Rename(ctx context.Context, from, to string) error {
	err := r.Tree.Rename(ctx, from, to)
	if from == "/d" {
		close(r.made)
		<-r.reply
	}
	return err
}

// TestRmdirWhileUploadEnds: what the upload of an unlinked file has left yet does not keep
// its directory from being removed.
func TestRmdirWhileUploadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v := newVolume(t, tree, cache.Options{})
		v.SetFollow(1000)
		if _, err := v.Mkdir(t.Context(), "d", 0o755); err != nil {
			t.Fatal(err)
		}
		h := create(t, v, "d/f")
		write(t, h, octets(5000, 1), 0)
		synctest.Wait()
		if n := len(tree.Names("/d")); n != 1 {
			t.Fatalf("%d files are on the server, nothing is tested", n)
		}
		gate := tree.Block("Delete", "")
		if err := v.Unlink(t.Context(), "d/f"); err != nil {
			t.Fatal(err)
		}
		<-gate.Entered()
		removed := make(chan error, 1)
		go func() { removed <- v.Rmdir(t.Context(), "d") }()
		synctest.Wait()
		gate.Open()
		if err := <-removed; err != nil {
			t.Error(err)
		}
		h.Release()
	})
}
