package cache_test

import (
	"context"
	"io"
	"sync"

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

func (l *lateLister) ListFunc(ctx context.Context, dir string, _ func([]ftpclient.Entry)) (*ftpclient.Listing, error) {
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

func (s sizeless) ListFunc(ctx context.Context, dir string, _ func([]ftpclient.Entry)) (*ftpclient.Listing, error) {
	return s.List(ctx, dir)
}

func (s sizeless) Verify(ctx context.Context, p string) (ftpclient.Entry, error) {
	e, err := s.Tree.Verify(ctx, p)
	e.Size = -1
	return e, err
}

// thief is a server that acknowledges more than it keeps.
type thief struct{ *fakeremote.Tree }

func (s thief) Store(ctx context.Context, p string, r io.Reader, o ftpclient.StoreOptions) (int64, error) {
	n, err := s.Tree.Store(ctx, p, io.LimitReader(r, 4), o)
	rest, _ := io.Copy(io.Discard, r)
	return n + rest, err
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
