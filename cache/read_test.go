package cache_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

func TestReadInOrderIsOneDownload(t *testing.T) {
	tree := fakeremote.New()
	data := octets(5<<20+123, 1)
	tree.Put("/f", data)
	v := newVolume(t, tree, cache.Options{})
	same(t, "first read", load(t, v, "f"), data)
	if n := len(tree.Calls("Retrieve")); n != 1 {
		t.Errorf("%d downloads for one read in order: %v", n, tree.Calls("Retrieve"))
	}
	tree.ForgetCalls()
	same(t, "second read", load(t, v, "f"), data)
	if c := tree.Calls(""); len(c) != 0 {
		t.Errorf("the second read asked the server: %v", c)
	}
}

func TestReadAtRandom(t *testing.T) {
	tree := fakeremote.New()
	data := octets(9<<20, 2)
	tree.Put("/f", data)
	v := newVolume(t, tree, cache.Options{CacheBytes: 2 << 20})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		off, n := rng.Int64N(int64(len(data))), rng.IntN(300_000)
		buf := make([]byte, n)
		got, err := h.ReadAt(t.Context(), buf, off)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "range", buf[:got], data[off:min(off+int64(n), int64(len(data)))])
	}
	if n, err := h.ReadAt(t.Context(), make([]byte, 10), int64(len(data))); n != 0 || err != nil {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

// TestManyReadersOneConnection: with one connection readers and listings take
// turns; nobody waits for ever.
func TestManyReadersOneConnection(t *testing.T) {
	tree := fakeremote.New()
	data := map[string][]byte{}
	for i := range 12 {
		p := "d/" + string(rune('a'+i))
		data[p] = octets(700_000+i, uint64(i))
		tree.Put("/"+p, data[p])
	}
	tree.Configure(func(b *fakeremote.Behaviour) { b.Connections = 1 })
	v := newVolume(t, tree, cache.Options{CacheBytes: 1 << 20})
	var wg sync.WaitGroup
	for p, want := range data {
		for range 2 {
			wg.Go(func() {
				h, err := v.Open(t.Context(), p, os.O_RDONLY)
				if err != nil {
					t.Error(err)
					return
				}
				defer h.Release()
				buf := make([]byte, len(want)+1)
				if n, err := h.ReadAt(t.Context(), buf, 0); err != nil || !bytes.Equal(buf[:n], want) {
					t.Errorf("%s: %d octets, %v", p, n, err)
				}
			})
		}
	}
	wg.Wait()
}

func TestBrokenDownloadGoesOn(t *testing.T) {
	tree := fakeremote.New()
	data := octets(2<<20, 5)
	tree.Put("/f", data)
	tree.Fail("Read", "/f", 2, lost)
	v := newVolume(t, tree, cache.Options{})
	same(t, "after two breaks", load(t, v, "f"), data)
}

func TestLastingFailureReachesTheReader(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", octets(1000, 6))
	tree.Fail("Retrieve", "/f", -1, lost)
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	_, err := h.ReadAt(t.Context(), make([]byte, 10), 0)
	kind(t, err, ftpclient.KindNetwork)
}

func TestShrunkFileIsNotPadded(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", octets(1<<20, 7))
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	tree.Put("/f", octets(1000, 7))
	_, err := h.ReadAt(t.Context(), make([]byte, 1<<20), 0)
	kind(t, err, ftpclient.KindChanged)
}

func TestSecondOpenSeesNewVersion(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("old content"))
	v := newVolume(t, tree, cache.Options{})
	same(t, "before", load(t, v, "f"), []byte("old content"))
	tree.Put("/f", []byte("NEW content")) // same size, same second
	v.Refresh("f")
	same(t, "after", load(t, v, "f"), []byte("NEW content"))
}

func TestBlockBudget(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/big", octets(6<<20, 8))
	v := newVolume(t, tree, cache.Options{CacheBytes: 1 << 20})
	load(t, v, "big")
	if n := v.BlockBytes(); n > 1<<20 {
		t.Errorf("%d octets of blocks, budget %d", n, 1<<20)
	}
}

func TestUnknownSizeIsLoaded(t *testing.T) {
	tree := fakeremote.New()
	data := octets(300_000, 9)
	tree.Put("/f", data)
	v, err := cache.NewVolume(sizeless{tree}, cache.Options{Root: "/", SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "content", load(t, v, "f"), data)
}

// Reads of several threads come out of order: what a download passes on its way
// to one is kept for the others.
func TestReadsOutOfOrderAreOneDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const block = 128 << 10
		tree := fakeremote.New()
		want := octets(12*block, 1)
		tree.Put("/f", want)
		v := newVolume(t, tree, cache.Options{})
		h, err := v.Open(t.Context(), "f", os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Release()
		gate := tree.Block("Read", "/f")
		var readers sync.WaitGroup
		for _, i := range []int64{0, 4, 3, 1, 5, 2} {
			readers.Go(func() {
				p := make([]byte, block)
				if n, err := h.ReadAt(t.Context(), p, i*block); err != nil || !bytes.Equal(p[:n], want[i*block:(i+1)*block]) {
					t.Errorf("block %d: %d octets, %v", i, n, err)
				}
			})
			synctest.Wait()
		}
		gate.Open()
		readers.Wait()
		if n := len(tree.Calls("Retrieve")); n != 1 {
			t.Errorf("%d downloads", n)
		}
	})
}
