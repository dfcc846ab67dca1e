package interop

import (
	"syscall"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// TestSpace: what a server with AVBL has free is what its disk has; others have no
// answer, and df shows something all the same.
func TestSpace(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		ctx, c := dialed(t, s)
		n, err := c.Available(ctx, s.Path(""))
		m := mounted(t, s)
		var disk, shown syscall.Statfs_t
		if err := syscall.Statfs(s.Dir, &disk); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Statfs(m.dir, &shown); err != nil {
			t.Fatal(err)
		}
		free := int64(shown.Bavail) * shown.Bsize
		if s.Name != ftptest.Bundled {
			if ftpclient.KindOf(err) != ftpclient.KindUnsupported || free != 1<<40 {
				t.Errorf("%d, %v; df shows %d", n, err, free)
			}
			return
		}
		// Others write to the disk at the same time.
		want := int64(disk.Bavail) * disk.Bsize
		if err != nil || n < want/2 || n > want*2 || free < want/2 || free > want*2 {
			t.Errorf("%d, %v; df shows %d, want %d", n, err, free, want)
		}
	})
}
