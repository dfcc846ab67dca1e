package cache_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// newVolume returns a volume on a tree, which at the end of the test must have
// no connection in use and no spool file left.
func newVolume(t *testing.T, tree cache.Remote, o cache.Options) *cache.Volume {
	t.Helper()
	if o.Root == "" {
		o.Root = "/"
	}
	if o.TTL == 0 {
		o.TTL = time.Hour
	}
	o.SpoolDir = t.TempDir()
	v, err := cache.NewVolume(tree, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if left, _ := os.ReadDir(o.SpoolDir); len(left) > 0 && !t.Failed() {
			t.Errorf("spool file left: %s", left[0].Name())
		}
	})
	return v
}

func octets(n int, seed uint64) []byte {
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, n)
	rng.Read(b)
	return b
}

func open(t *testing.T, v *cache.Volume, p string, flags int) *cache.Handle {
	t.Helper()
	h, err := v.Open(t.Context(), p, flags)
	if err != nil {
		t.Fatalf("open %s: %v", p, err)
	}
	return h
}

func create(t *testing.T, v *cache.Volume, p string) *cache.Handle {
	t.Helper()
	h, _, err := v.Create(t.Context(), p, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatalf("create %s: %v", p, err)
	}
	return h
}

func write(t *testing.T, h *cache.Handle, data []byte, off int64) {
	t.Helper()
	if n, err := h.WriteAt(t.Context(), data, off); n != len(data) || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
}

func flush(t *testing.T, h *cache.Handle) {
	t.Helper()
	if err := h.Flush(t.Context()); err != nil {
		t.Fatalf("flush: %v", err)
	}
}

// save writes a whole file through the volume.
func save(t *testing.T, v *cache.Volume, p string, data []byte) {
	t.Helper()
	h, _, err := v.Create(t.Context(), p, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	write(t, h, data, 0)
	flush(t, h)
}

// load reads a whole file through the volume.
func load(t *testing.T, v *cache.Volume, p string) []byte {
	t.Helper()
	h := open(t, v, p, os.O_RDONLY)
	defer h.Release()
	return content(t, h)
}

// content reads what a handle shows, to its end.
func content(t *testing.T, h *cache.Handle) []byte {
	t.Helper()
	var all []byte
	buf := make([]byte, 100_000)
	for {
		n, err := h.ReadAt(t.Context(), buf, int64(len(all)))
		if err != nil {
			t.Fatalf("read at %d: %v", len(all), err)
		}
		if all = append(all, buf[:n]...); n < len(buf) {
			return all
		}
	}
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Fatalf("%s: %d octets, want %d; the first difference is at %d", what, len(got), len(want), i)
}

func onServer(t *testing.T, tree *fakeremote.Tree, p string, want []byte) {
	t.Helper()
	got, ok := tree.Get(p)
	if !ok {
		t.Fatalf("%s is not on the server", p)
	}
	same(t, p+" on the server", got, want)
}

func kind(t *testing.T, err error, want ftpclient.Kind) {
	t.Helper()
	if err == nil || ftpclient.KindOf(err) != want {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func names(t *testing.T, v *cache.Volume, dir string) map[string]bool {
	t.Helper()
	rows, err := v.List(t.Context(), dir)
	if err != nil {
		t.Fatalf("list %q: %v", dir, err)
	}
	set := map[string]bool{}
	for _, r := range rows {
		if set[r.Name] {
			t.Fatalf("%q is listed twice", r.Name)
		}
		set[r.Name] = true
	}
	return set
}

var lost = &ftpclient.Error{Op: "STOR", Kind: ftpclient.KindNetwork, Text: "reset"}
