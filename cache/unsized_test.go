package cache_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// unsizedRemote tells no sizes. A file called "endless" has no end, and the first
// downloads are cut.
type unsizedRemote struct {
	sizeless
	cuts int32
	sent atomic.Int64
}

func (u *unsizedRemote) Stat(ctx context.Context, path string) (ftpclient.Entry, error) {
	e, err := u.sizeless.Stat(ctx, path)
	e.Size = -1
	return e, err
}

func (u *unsizedRemote) Retrieve(ctx context.Context, path string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	s, err := u.sizeless.Retrieve(ctx, path, o)
	switch {
	case err != nil:
		return nil, err
	case path == "/endless":
		return &endlessStream{s, u}, nil
	case atomic.AddInt32(&u.cuts, -1) >= 0:
		return &shortStream{s, 100_000, &ftpclient.Error{Op: "RETR", Path: path, Kind: ftpclient.KindTruncated}}, nil
	}
	return s, nil
}

type endlessStream struct {
	cache.Stream
	u *unsizedRemote
}

func (s *endlessStream) Read(p []byte) (int, error) {
	clear(p)
	s.u.sent.Add(int64(len(p)))
	return len(p), nil
}

func newUnsized(t *testing.T) (*unsizedRemote, *cache.Volume) {
	t.Helper()
	u := &unsizedRemote{sizeless: sizeless{fakeremote.New()}}
	dir := t.TempDir()
	v, err := cache.NewVolume(u, cache.Options{Root: "/", SpoolDir: dir, SpoolBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left in the spool: %s", left[0].Name())
		}
	})
	return u, v
}

// TestUnsized: a file of unknown size is read in order and at random, from one
// download, also where the first ones were cut.
func TestUnsized(t *testing.T) {
	u, v := newUnsized(t)
	data := octets(700_000, 1)
	u.Put("/f", data)
	u.cuts = 2
	same(t, "f", load(t, v, "f"), data)
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	u.ForgetCalls()
	for off := int64(650_000); off >= 0; off -= 90_000 {
		buf := make([]byte, 5000)
		if n, err := h.ReadAt(t.Context(), buf, off); n != len(buf) || err != nil {
			t.Fatal(n, err)
		}
		same(t, "at random", buf, data[off:off+5000])
	}
	if c := u.Calls("Retrieve"); len(c) > 0 {
		t.Errorf("reads at random were downloads: %v", c)
	}
}

// TestUnsizedEndless: a file without an end does not fill the disk.
func TestUnsizedEndless(t *testing.T) {
	u, v := newUnsized(t)
	u.Put("/endless", nil)
	_, err := v.Open(t.Context(), "endless", os.O_RDONLY)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if n := u.sent.Load(); n > 5<<20 {
		t.Errorf("%d octets were taken", n)
	}
}
