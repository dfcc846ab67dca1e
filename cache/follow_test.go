package cache_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// part is what a program writes at a time.
const part = 128 << 10

// following returns a volume with a file of which a megabyte has been written and
// is being uploaded.
func following(t *testing.T, tree *fakeremote.Tree, r cache.Remote) (*cache.Volume, *cache.Handle, []byte) {
	t.Helper()
	v := newVolume(t, r, cache.Options{})
	h, _, err := v.Create(t.Context(), "d/f", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	data := octets(3<<20, 9)
	for off := 0; off < 1<<20; off += part {
		write(t, h, data[off:off+part], int64(off))
	}
	synctest.Wait()
	if n := len(tree.Calls("Store")); n != 1 {
		t.Fatalf("%d uploads while the file is written", n)
	}
	return v, h, data
}

// TestFollow: a file that is written in order is on its way before it is closed.
func TestFollow(t *testing.T) {
	for _, old := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			tree.PutDir("/d")
			if old {
				tree.Put("/d/f", []byte("old"))
			}
			_, h, data := following(t, tree, tree)
			defer h.Release()
			for off := 1 << 20; off < len(data); off += part {
				write(t, h, data[off:off+part], int64(off))
			}
			if got, ok := tree.Get("/d/f"); ok != old || old && string(got) != "old" {
				t.Errorf("before the close: %d octets, %v", len(got), ok)
			}
			same(t, "read while it is sent", content(t, h), data)
			flush(t, h)
			onServer(t, tree, "/d/f", data)
			if n := len(tree.Calls("Store")); n != 1 {
				t.Errorf("%d uploads", n)
			}
			if n := tree.Names("/d"); len(n) != 1 {
				t.Errorf("left on the server: %v", n)
			}
			write(t, h, []byte("and more"), int64(len(data)))
			flush(t, h)
			onServer(t, tree, "/d/f", append(data, "and more"...))
		})
	}
}

// TestFollowEnds: what is not in order any more, or not there any more, is not sent
// as it was.
func TestFollowEnds(t *testing.T) {
	zero, half := int64(0), int64(512<<10)
	for name, act := range map[string]func(t *testing.T, v *cache.Volume, h *cache.Handle, data []byte) (string, []byte){
		"written behind": func(t *testing.T, _ *cache.Volume, h *cache.Handle, data []byte) (string, []byte) {
			write(t, h, []byte("changed"), 77)
			copy(data[77:], "changed")
			return "/d/f", data[:1<<20]
		},
		"written far ahead": func(t *testing.T, _ *cache.Volume, h *cache.Handle, data []byte) (string, []byte) {
			write(t, h, []byte("far"), 2<<20)
			return "/d/f", append(append(data[:1<<20:1<<20], make([]byte, 1<<20)...), "far"...)
		},
		"truncated": func(t *testing.T, _ *cache.Volume, h *cache.Handle, data []byte) (string, []byte) {
			if _, err := h.SetAttr(t.Context(), cache.Change{Size: &half}); err != nil {
				t.Fatal(err)
			}
			return "/d/f", data[:half]
		},
		"begun again": func(t *testing.T, _ *cache.Volume, h *cache.Handle, data []byte) (string, []byte) {
			if _, err := h.SetAttr(t.Context(), cache.Change{Size: &zero}); err != nil {
				t.Fatal(err)
			}
			for off := 1 << 20; off < 3<<20; off += part {
				write(t, h, data[off:off+part], int64(off-1<<20))
			}
			return "/d/f", data[1<<20:]
		},
		"renamed": func(t *testing.T, v *cache.Volume, _ *cache.Handle, data []byte) (string, []byte) {
			if err := v.Rename(t.Context(), "d", "e", false); err != nil {
				t.Fatal(err)
			}
			return "/e/f", data[:1<<20]
		},
		"idle": func(t *testing.T, _ *cache.Volume, h *cache.Handle, data []byte) (string, []byte) {
			<-time.After(2 * cache.FollowIdle)
			for off := 1 << 20; off < 2<<20; off += part {
				write(t, h, data[off:off+part], int64(off))
			}
			return "/d/f", data[:2<<20]
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			tree.PutDir("/d")
			v, h, data := following(t, tree, tree)
			defer h.Release()
			p, want := act(t, v, h, data)
			same(t, name+": as seen here", content(t, h), want)
			flush(t, h)
			onServer(t, tree, p, want)
			synctest.Wait()
			if n := tree.Names(p[:2]); len(n) != 1 {
				t.Errorf("%s: left on the server: %v", name, n)
			}
		})
	}
}

// TestFollowOfARemovedFile: nothing of it is left on the server.
func TestFollowOfARemovedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.PutDir("/d")
		v, h, data := following(t, tree, tree)
		if err := v.Unlink(t.Context(), "d/f"); err != nil {
			t.Fatal(err)
		}
		same(t, "as seen here", content(t, h), data[:1<<20])
		flush(t, h)
		h.Release()
		synctest.Wait()
		if n := tree.Names("/d"); len(n) != 0 {
			t.Errorf("left on the server: %v", n)
		}
	})
}

// TestFollowThatIsCutOff: it goes on, and the writer notices nothing.
func TestFollowThatIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.PutDir("/d")
		r := &counting{Tree: tree, cuts: 4, at: 700 << 10}
		_, h, data := following(t, tree, r)
		defer h.Release()
		for off := 1 << 20; off < len(data); off += part {
			write(t, h, data[off:off+part], int64(off))
		}
		flush(t, h)
		onServer(t, tree, "/d/f", data)
		if r.sent != int64(len(data)) {
			t.Errorf("%d octets were sent", r.sent)
		}
	})
}

// TestFollowWithoutSpace: the close says so, and what was there stays.
func TestFollowWithoutSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/d/f", []byte("old"))
		tree.Fail("Reply", "", -1, fakeremote.Error("STOR", "/d/f", ftpclient.KindNoSpace, 552, "Quota exceeded"))
		v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		h := open(t, v, "d/f", os.O_WRONLY|os.O_TRUNC)
		for off := range 16 {
			write(t, h, octets(part, 1), int64(off*part))
		}
		kind(t, h.Flush(t.Context()), ftpclient.KindNoSpace)
		h.Release()
		onServer(t, tree, "/d/f", []byte("old"))
		if n := tree.Names("/d"); len(n) != 1 {
			t.Errorf("left on the server: %v", n)
		}
	})
}
