package cache

import (
	"context"
	"io"
	"time"

	"ftpfs/ftpclient"
)

// Remote is what a Volume needs of a client. The methods and their errors are
// those of ftpclient.Client; paths are absolute server paths.
type Remote interface {
	List(ctx context.Context, dir string) (*ftpclient.Listing, error)
	ListFunc(ctx context.Context, dir string, a ftpclient.Arriving) (*ftpclient.Listing, error)
	ListAhead(ctx context.Context, next func() (dir string, ok bool), got func(dir string, l *ftpclient.Listing, err error)) error
	Stat(ctx context.Context, path string) (ftpclient.Entry, error)
	Verify(ctx context.Context, path string) (ftpclient.Entry, error)
	Readlink(ctx context.Context, path string) (string, error)
	Retrieve(ctx context.Context, path string, o ftpclient.RetrieveOptions) (Stream, error)
	RetrieveAhead(ctx context.Context, most int64, next func() (path string, ok bool), got func(path string, d ftpclient.Ahead)) error
	Store(ctx context.Context, path string, r io.Reader, o ftpclient.StoreOptions) (ftpclient.Stored, error)
	Delete(ctx context.Context, path string) error
	Mkdir(ctx context.Context, path string) error
	Rmdir(ctx context.Context, path string) error
	Rename(ctx context.Context, from, to string) error
	Chmod(ctx context.Context, path string, mode uint32) error
	SetModTime(ctx context.Context, path string, t time.Time, dir bool) error
	Symlink(ctx context.Context, target, path string) error
	Available(ctx context.Context, dir string) (int64, error)
	CheckName(path string) error
	Features() ftpclient.Features
}

// Stream is a download in progress, as ftpclient.Download.
type Stream interface {
	io.ReadCloser
	Park()
	Resume() bool
	Contended() bool
	Verified() (ftpclient.Entry, bool)
}

// FromClient makes a Remote of a client.
func FromClient(c *ftpclient.Client) Remote { return clientRemote{c} }

// clientRemote narrows Retrieve's result to the interface.
type clientRemote struct{ *ftpclient.Client }

func (r clientRemote) Retrieve(ctx context.Context, path string, o ftpclient.RetrieveOptions) (Stream, error) {
	d, err := r.Client.Retrieve(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Notifier is told what the kernel should forget. Its methods must not wait
// for an operation of the kernel on the same path.
type Notifier interface {
	// EntryChanged: the name in the directory dir came, went or became
	// something else, other than by an operation of the kernel.
	EntryChanged(dir, name string)
	// ContentChanged: the attributes or bytes of path are no longer those
	// that were answered.
	ContentChanged(path string)
}
