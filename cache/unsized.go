package cache

import (
	"context"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"ftpfs/ftpclient"
)

// A file of which the server does not tell the size is fetched whole when it is
// opened: nobody could say where it ends, or what is at an offset.

// unsizedMost is how many octets of such a file are taken: it may have no end.
func (v *Volume) unsizedMost() int64 {
	if v.opts.SpoolBytes > 0 {
		return v.opts.SpoolBytes
	}
	var st unix.Statfs_t
	if err := unix.Statfs(v.opts.SpoolDir, &st); err != nil {
		return 1 << 30
	}
	return int64(st.Bavail) * st.Bsize / 2 // others want to write there, too
}

// download fetches the whole file at p. Where it is cut off it is fetched anew, for
// nothing tells whether the rest would be of the same version.
func (f *File) download(ctx context.Context, s *spool, p string) (int64, error) {
	most := f.v.unsizedMost()
	for try := 1; ; try++ {
		n, err := f.downloadOnce(ctx, s, p, most)
		if err == nil && n > most {
			return 0, &os.PathError{Op: "write", Path: f.v.opts.SpoolDir, Err: syscall.ENOSPC}
		}
		if err == nil || !f.v.again(err, try) {
			return n, err
		}
	}
}

// downloadOnce is download with one try. It stops behind most octets.
func (f *File) downloadOnce(ctx context.Context, s *spool, p string, most int64) (int64, error) {
	if err := s.file.Truncate(0); err != nil {
		return 0, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	r, err := f.v.remote.Retrieve(ctx, f.v.abs(p), ftpclient.RetrieveOptions{})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return s.file.ReadFrom(io.LimitReader(r, most+1))
}
