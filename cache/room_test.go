package cache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// spoolBlocks is what the spool takes of the disk, in octets.
func spoolBlocks(t *testing.T, dir string) (n int64) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "spool-*"))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			n += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
	}
	return n
}

// small returns a volume whose spool holds no more than 2 MiB.
func small(t *testing.T, r cache.Remote) (*cache.Volume, string) {
	t.Helper()
	dir := t.TempDir()
	v, err := cache.NewVolume(r, cache.Options{Root: "/", SpoolDir: dir, SpoolBytes: 2 << 20, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return v, dir
}

// TestLargerThanTheSpool: a file that is written in order goes through a spool that
// is smaller, whatever is cut off meanwhile, and can be read back.
func TestLargerThanTheSpool(t *testing.T) {
	for name, behave := range map[string]func(*fakeremote.Behaviour){
		"REST":         func(*fakeremote.Behaviour) {},
		"APPE":         func(b *fakeremote.Behaviour) { b.Features.Rest = ftpclient.No },
		"REST ignored": func(b *fakeremote.Behaviour) { b.RestIgnored = true },
	} {
		for _, cuts := range []int{0, 3} {
			synctest.Test(t, func(t *testing.T) {
				tree := fakeremote.New()
				tree.Configure(behave)
				tree.Put("/f", []byte("old"))
				r := &counting{Tree: tree, cuts: cuts, at: 900 << 10}
				v, dir := small(t, r)
				h := open(t, v, "f", os.O_RDWR|os.O_TRUNC)
				data := octets(12<<20, 5)
				for off := 0; off < len(data); off += part {
					if n, err := h.WriteAt(t.Context(), data[off:off+part], int64(off)); err != nil {
						t.Fatalf("%s: write at %d: %d, %v", name, off, n, err)
					}
					if n := spoolBlocks(t, dir); n > 5<<19 {
						t.Fatalf("%s: the spool takes %d octets", name, n)
					}
					if off == 7<<20 && cuts == 0 && name != "APPE" {
						buf := make([]byte, 1000)
						if n, err := h.ReadAt(t.Context(), buf, 100_000); n != len(buf) || err != nil {
							t.Fatalf("%s: read back: %d, %v", name, n, err)
						}
						same(t, "read back", buf, data[100_000:101_000])
					}
				}
				if got, _ := tree.Get("/f"); string(got) != "old" {
					t.Errorf("%s: %d octets before the close", name, len(got))
				}
				flush(t, h)
				onServer(t, tree, "/f", data)
				h.Release()
				if err := v.Close(t.Context()); err != nil {
					t.Error(err)
				}
				onlyName(t, tree, "f")
			})
		}
	}
}

// TestSpoolFull: where nothing makes room the writer is told, and what it has
// written can still be sent.
func TestSpoolFull(t *testing.T) {
	for name, act := range map[string]func(*fakeremote.Tree, *cache.Handle){
		"not in order": func(_ *fakeremote.Tree, h *cache.Handle) {
			h.WriteAt(t.Context(), []byte("x"), 100_000)
		},
		"the server goes on with nothing": func(tree *fakeremote.Tree, _ *cache.Handle) {
			tree.Configure(func(b *fakeremote.Behaviour) { b.Features.Rest, b.Features.Append = ftpclient.No, ftpclient.No })
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			v, _ := small(t, tree)
			h := create(t, v, "f")
			act(tree, h)
			data := octets(8<<20, 5)
			var err error
			off := 0
			for ; off < len(data) && err == nil; off += part {
				_, err = h.WriteAt(t.Context(), data[off:off+part], int64(off))
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s: at %d: %v", name, off, err)
			}
			flush(t, h)
			onServer(t, tree, "/f", data[:off-part])
			if _, err := h.WriteAt(t.Context(), data[:part], int64(off-part)); err != nil {
				t.Errorf("%s: after the upload: %v", name, err)
			}
			h.Release()
			if err := v.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWrittenBehindWhatLeftTheSpool: it is fetched back.
func TestWrittenBehindWhatLeftTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v, dir := small(t, tree)
		h := create(t, v, "f")
		data := octets(5<<20, 5)
		for off := 0; off < len(data); off += part {
			write(t, h, data[off:off+part], int64(off))
		}
		write(t, h, []byte("changed"), 99)
		copy(data[99:], "changed")
		flush(t, h)
		onServer(t, tree, "/f", data)
		h.Release()
		finished(t, v, dir)
		onlyName(t, tree, "f")
	})
}

// TestFollowGivenUpWhileItsRoomIsWanted: the upload of a file that is removed while what
// it has sent is about to leave the spool, for another file, ends.
func TestFollowGivenUpWhileItsRoomIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v, _ := small(t, tree)
		removed, h := create(t, v, "removed"), create(t, v, "f")
		for off := int64(0); off < 3<<19; off += part {
			write(t, removed, octets(part, 1), off)
		}
		time.Sleep(2 * cache.FollowIdle)
		gate := tree.Block("Store", "") // of the look whether the server goes on with a file
		data := octets(1<<20, 2)
		wrote := make(chan error)
		go func() {
			var err error
			for off := 0; off < len(data) && err == nil; off += part {
				_, err = h.WriteAt(context.Background(), data[off:off+part], int64(off))
			}
			wrote <- err
		}()
		<-gate.Entered()
		if err := v.Unlink(t.Context(), "removed"); err != nil {
			t.Error(err)
		}
		gate.Open()
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		flush(t, h)
		h.Release()
		removed.Release()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
		onServer(t, tree, "/f", data)
	})
}

// TestBeginningThatIsOnlyOnTheServer: what has left the spool of a file that could not be
// uploaded, and cannot be fetched back, is not deleted by the next volume.
func TestBeginningThatIsOnlyOnTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v, dir := small(t, tree)
		h := create(t, v, "f")
		data := octets(5<<20, 5)
		tree, v = strand(t, tree, v, dir, h, data)
		time.Sleep(time.Minute)
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
		left := tree.Names("/")
		if len(left) != 1 {
			t.Fatalf("on the server: %v", left)
		}
		if got, _ := tree.Get("/" + left[0]); len(got) < 2<<20 || string(got) != string(data[:len(got)]) {
			t.Errorf("%d octets of it are on the server", len(got))
		}
	})
}

// TestAcknowledgedLeavesTheSpool: what a close has acknowledged, and what has left the
// spool then, is sent by the next volume.
func TestAcknowledgedLeavesTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, o := fakeremote.New(), cache.Options{Root: "/", SpoolDir: t.TempDir(), SpoolBytes: 2 << 20, CacheBytes: 1 << 20, WriteBack: true}
		tree.Put("/f", []byte("old"))
		v, err := cache.NewVolume(tree, o)
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
		v.Crash()
		tree = tree.Healed()
		if v, err = cache.NewVolume(tree, o); err != nil {
			t.Fatal(err)
		}
		v.Recover()
		finished(t, v, o.SpoolDir)
		got, _ := tree.Get("/f")
		if len(got) < part {
			t.Fatalf("%d octets", len(got))
		}
		same(t, "f", got, data[:len(got)])
		onlyName(t, tree, "f")
	})
}

// TestUnclosedLeavesTheSpool: what was being written when the volume died, and is not all
// in the spool, is not uploaded as if it were.
func TestUnclosedLeavesTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v, dir := small(t, tree)
		h := create(t, v, "f")
		for off := int64(0); off < 5<<20; off += part {
			write(t, h, octets(part, 1), off)
		}
		v.Crash()
		tree = tree.Healed()
		v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		v.Recover()
		if err := v.RetryUpload("f"); err == nil || !strings.Contains(err.Error(), "had left the spool") {
			t.Errorf("retry: %v", err)
		}
		time.Sleep(time.Second)
		if err := v.DiscardUpload("f"); err != nil {
			t.Error(err)
		}
		finished(t, v, dir)
		if n := tree.Names("/"); len(n) != 0 {
			t.Errorf("on the server: %v", n)
		}
	})
}

// strand writes data, of which the beginning leaves the spool, to h, loses the server and
// ends the volume v. It returns the server when it is back, and the next volume.
func strand(t *testing.T, tree *fakeremote.Tree, v *cache.Volume, dir string, h *cache.Handle, data []byte) (*fakeremote.Tree, *cache.Volume) {
	t.Helper()
	for off := 0; off < len(data); off += part {
		write(t, h, data[off:off+part], int64(off))
	}
	for _, op := range []string{"Store", "Verify", "Retrieve", "Rename"} {
		tree.Fail(op, "", -1, lost)
	}
	if err := h.Flush(t.Context()); err == nil {
		t.Error("no error")
	}
	h.Release()
	if err := v.Close(t.Context()); err != nil {
		t.Error(err)
	}
	tree = tree.Healed()
	next, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	next.Recover()
	return tree, next
}
