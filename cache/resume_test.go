package cache_test

import (
	"context"
	"io"
	"os"
	"testing"
	"testing/synctest"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// counting counts the octets that are sent, and cuts uploads off.
type counting struct {
	*fakeremote.Tree
	cuts int   // uploads that are cut off
	at   int64 // after so many octets
	sent int64
}

func (c *counting) Store(ctx context.Context, p string, r io.Reader, o ftpclient.StoreOptions) (ftpclient.Stored, error) {
	cut := c.cuts > 0 && c.at > 0
	if cut {
		c.cuts--
		r = io.MultiReader(io.LimitReader(r, c.at), failing{})
	}
	s, err := c.Tree.Store(ctx, p, r, o)
	c.sent += s.Sent
	if err == errCut {
		err = lost
	}
	return s, err
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

var errCut = io.ErrClosedPipe

// TestUploadGoesOn: an upload that is cut off goes on from where it was, where the
// server can, as often as it gets on.
func TestUploadGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		behave func(*fakeremote.Behaviour)
		most   int64 // octets in all, of 1000 KiB that are cut off five times
	}{
		"by REST and STOR":            {func(*fakeremote.Behaviour) {}, 1000 << 10},
		"by APPE":                     {func(b *fakeremote.Behaviour) { b.Features.Rest = ftpclient.No }, 1000 << 10},
		"REST is ignored, APPE works": {func(b *fakeremote.Behaviour) { b.RestIgnored = true }, 2000 << 10},
	} {
		for _, old := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				tree := fakeremote.New()
				tree.Configure(c.behave)
				if old {
					tree.Put("/f", []byte("old"))
				}
				r := &counting{Tree: tree, cuts: 5, at: 100 << 10}
				v := newVolume(t, r, cache.Options{})
				data := octets(1000<<10, 7)
				save(t, v, "f", data)
				onServer(t, tree, "/f", data)
				if r.sent > c.most {
					t.Errorf("%s: %d octets were sent, want at most %d", name, r.sent, c.most)
				}
				onlyName(t, tree, "f")
			})
		}
	}
}

// TestUploadGetsOnTooSlowly: an upload of which each try brings next to nothing ends,
// and does not go on for hours.
func TestUploadGetsOnTooSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		r := &counting{Tree: tree, cuts: 1000, at: 1 << 10}
		v, err := cache.NewVolume(r, cache.Options{Root: "/", SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		h := create(t, v, "f")
		write(t, h, octets(1000<<10, 7), 0)
		kind(t, h.Flush(t.Context()), ftpclient.KindNetwork)
		if tries := 1000 - r.cuts; tries > 10 {
			t.Errorf("%d tries", tries)
		}
		r.cuts = 0
		h.Release()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if left := tree.Names("/"); len(left) > 0 {
			t.Errorf("left on the server: %q", left)
		}
	})
}

// TestUploadBeginsAgain: where the server can go on with nothing, an upload that
// is cut off begins again, and ends when it does not get on.
func TestUploadBeginsAgain(t *testing.T) {
	for _, cuts := range []int{2, 100} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			tree.Configure(func(b *fakeremote.Behaviour) { b.Features.Rest, b.Features.Append = ftpclient.No, ftpclient.No })
			tree.Put("/f", []byte("old"))
			r := &counting{Tree: tree, cuts: cuts, at: 100 << 10}
			v, err := cache.NewVolume(r, cache.Options{Root: "/", SpoolDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			h := open(t, v, "f", os.O_WRONLY|os.O_TRUNC)
			data := octets(300<<10, 7)
			write(t, h, data, 0)
			switch err := h.Flush(t.Context()); {
			case cuts > 50:
				kind(t, err, ftpclient.KindNetwork)
				data = []byte("old")
			case err != nil:
				t.Error(err)
			}
			h.Release()
			onServer(t, tree, "/f", data)
			onlyName(t, tree, "f")
			if err := v.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAppendGetsOnTooSlowly: nor does one that adds to a file.
func TestAppendGetsOnTooSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", octets(1000, 1))
		r := &counting{Tree: tree, at: 1 << 10}
		v, err := cache.NewVolume(r, cache.Options{Root: "/", SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		h := open(t, v, "f", os.O_WRONLY|os.O_APPEND)
		write(t, h, []byte("x"), 1000)
		if err := h.Flush(t.Context()); err != nil { // and it is known that the server adds
			t.Fatal(err)
		}
		r.cuts = 1000
		write(t, h, octets(1000<<10, 7), 1001)
		kind(t, h.Flush(t.Context()), ftpclient.KindNetwork)
		if tries := 1000 - r.cuts; tries > 10 {
			t.Errorf("%d tries", tries)
		}
		r.cuts = 0
		h.Release()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
