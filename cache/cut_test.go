package cache_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// shortRemote cuts each download after some octets.
type shortRemote struct {
	*fakeremote.Tree
	after int
	kind  ftpclient.Kind
}

func (c *shortRemote) Retrieve(ctx context.Context, path string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	s, err := c.Tree.Retrieve(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return &shortStream{s, c.after, &ftpclient.Error{Op: "RETR", Path: path, Kind: c.kind}}, nil
}

type shortStream struct {
	cache.Stream
	left int
	err  error
}

func (s *shortStream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, s.err
	}
	n, err := s.Stream.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}

// TestEachDownloadIsCut: a server that cuts each download after a good part of it
// is read from all the same; one that does so after some octets gives an error
// after some tries, and so does one that falls silent each time.
func TestEachDownloadIsCut(t *testing.T) {
	data := octets(700_000, 1)
	for _, c := range []struct {
		after int
		kind  ftpclient.Kind
		works bool
		most  int // downloads
	}{
		{100_000, ftpclient.KindNetwork, true, 30},
		{20_000, ftpclient.KindTruncated, true, 80},
		{1, ftpclient.KindNetwork, false, 12},
		{300, ftpclient.KindTruncated, false, 12},
		{100_000, ftpclient.KindTimeout, true, 30},
		{20_000, ftpclient.KindTimeout, false, 12},
	} {
		synctest.Test(t, func(t *testing.T) {
			remote := &shortRemote{fakeremote.New(), c.after, c.kind}
			remote.Put("/f", data)
			v := newVolume(t, remote, cache.Options{})
			h := open(t, v, "f", os.O_RDONLY)
			defer h.Release()
			buf := make([]byte, 1<<20)
			n, err := h.ReadAt(t.Context(), buf, 0)
			switch {
			case c.works && err != nil:
				t.Errorf("%+v: %v", c, err)
			case c.works:
				same(t, "f", buf[:n], data)
			case err == nil || ftpclient.KindOf(err) != c.kind || n != 0:
				t.Errorf("%+v: %d octets, %v", c, n, err)
			}
			if n := len(remote.Calls("Retrieve")); n > c.most {
				t.Errorf("%+v: %d downloads", c, n)
			}
		})
	}
}
