package cache_test

import (
	"context"
	"io"
	"slices"
	"sync"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// lateLister answers its first listing with what was there when it was asked,
// but only when it is let.
type lateLister struct {
	*fakeremote.Tree
	once          sync.Once
	asked, answer chan struct{}
}

func (l *lateLister) List(ctx context.Context, dir string) (*ftpclient.Listing, error) {
	got, err := l.Tree.List(ctx, dir)
	l.once.Do(func() {
		close(l.asked)
		<-l.answer
	})
	return got, err
}

func (l *lateLister) ListFunc(ctx context.Context, dir string, _ ftpclient.Arriving) (*ftpclient.Listing, error) {
	return l.List(ctx, dir)
}

// sizeless is a server that tells no sizes.
type sizeless struct{ *fakeremote.Tree }

func (s sizeless) List(ctx context.Context, dir string) (*ftpclient.Listing, error) {
	l, err := s.Tree.List(ctx, dir)
	if err == nil {
		for i := range l.Entries {
			l.Entries[i].Size = -1
		}
	}
	return l, err
}

func (s sizeless) ListFunc(ctx context.Context, dir string, _ ftpclient.Arriving) (*ftpclient.Listing, error) {
	return s.List(ctx, dir)
}

func (s sizeless) Verify(ctx context.Context, p string) (ftpclient.Entry, error) {
	e, err := s.Tree.Verify(ctx, p)
	e.Size = -1
	return e, err
}

// thief is a server that acknowledges more than it keeps.
type thief struct{ *fakeremote.Tree }

func (s thief) Store(ctx context.Context, p string, r io.Reader, o ftpclient.StoreOptions) (ftpclient.Stored, error) {
	n, err := s.Tree.Store(ctx, p, io.LimitReader(r, 4), o)
	rest, _ := io.Copy(io.Discard, r)
	n.Sent += rest
	return n, err
}

// lateRename is a server whose answer to a rename is long on its way: it has
// been made when made is closed, and is answered when answer is.
type lateRename struct {
	*fakeremote.Tree
	made, answer chan struct{}
}

func (s lateRename) Rename(ctx context.Context, from, to string) error {
	err := s.Tree.Rename(ctx, from, to)
	close(s.made)
	<-s.answer
	return err
}

// cutter is a server whose downloads from the beginning end in the middle, as if
// that were all.
type cutter struct{ *fakeremote.Tree }

func (c cutter) Features() ftpclient.Features {
	return ftpclient.Features{Pipelining: ftpclient.Yes}
}

func (c cutter) Retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	s, err := c.Tree.Retrieve(ctx, p, o)
	if err != nil || o.Offset > 0 {
		return s, err
	}
	return &cutStream{s, 300_000}, nil
}

// miser is a server that sends no file beyond its first 300 000 octets.
type miser struct{ *fakeremote.Tree }

func (m miser) Features() ftpclient.Features {
	return ftpclient.Features{Pipelining: ftpclient.Yes}
}

func (m miser) Retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	s, err := m.Tree.Retrieve(ctx, p, o)
	if err != nil {
		return s, err
	}
	return &cutStream{s, max(0, 300_000-o.Offset)}, nil
}

// cutStream ends after left octets.
type cutStream struct {
	cache.Stream
	left int64
}

func (c *cutStream) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.Stream.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// shuffled is a server whose root is listed in an order of its own.
type shuffled struct {
	*fakeremote.Tree
	order []string
}

func (s shuffled) ListFunc(ctx context.Context, dir string, a ftpclient.Arriving) (*ftpclient.Listing, error) {
	l, err := s.Tree.ListFunc(ctx, dir, a)
	if err == nil && dir == "/" {
		slices.SortFunc(l.Entries, func(a, b ftpclient.Entry) int {
			return slices.Index(s.order, a.Name) - slices.Index(s.order, b.Name)
		})
	}
	return l, err
}

// lateAhead is a server of which the listings ahead are told when they are let.
type lateAhead struct {
	*fakeremote.Tree
	late chan struct{}
}

func (l *lateAhead) ListAhead(ctx context.Context, next func() (string, bool), got func(string, *ftpclient.Listing, error)) error {
	return l.Tree.ListAhead(ctx, next, func(dir string, list *ftpclient.Listing, err error) {
		<-l.late
		got(dir, list, err)
	})
}
