package cache_test

import (
	"bytes"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// readAsKernel reads a file in order, as the kernel does that reads ahead: by pieces,
// some of which are under way at a time.
func readAsKernel(t *testing.T, h *cache.Handle, want []byte, piece, atOnce int) {
	t.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			buf := make([]byte, piece)
			for {
				off := int(next.Add(int64(piece))) - piece
				if off >= len(want) {
					return
				}
				n, err := h.ReadAt(t.Context(), buf, int64(off))
				if err != nil || !bytes.Equal(buf[:n], want[off:min(off+piece, len(want))]) {
					t.Errorf("at %d: %d octets, %v", off, n, err)
				}
			}
		})
	}
	all.Wait()
}

// A file that was made within the second it is first listed in is read by one
// download, and by one more when its version is known exactly: the reader then goes on
// from where he is, whatever had been read ahead of him. Of several at once it depends on
// who comes first whether it is another one more.
func TestReadingWhatIsKnownBetterLater(t *testing.T) {
	for name, atOnce := range map[string]int{"a program": 1, "again": 1, "once more": 1, "the kernel": 2, "several": 4} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree := fakeremote.New()
				want := bytes.Repeat(octets(1<<20, 3), 24)
				tree.Put("/f", want)
				s := &slowRemote{Tree: tree, rate: 1 << 20}
				v := newVolume(t, s, cache.Options{TTL: 5 * time.Second})
				h := open(t, v, "f", os.O_RDONLY)
				defer h.Release()
				done := make(chan struct{})
				var looking sync.WaitGroup
				defer looking.Wait()
				defer close(done)
				looking.Go(func() {
					for {
						select {
						case <-done:
							return
						case <-time.After(time.Second):
						}
						if _, err := h.Stat(t.Context()); err != nil {
							t.Errorf("Stat: %v", err)
						}
					}
				})
				readAsKernel(t, h, want, 1<<20, atOnce)
				if n := len(s.opened); n < 2 || n > 2*atOnce {
					t.Errorf("%d downloads, want 2", len(s.opened))
				}
			})
		})
	}
}
