package cache_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// farRemote is a server a round trip away, whose downloads begin as TCP does: each
// flight is twice the one before it.
type farRemote struct {
	*fakeremote.Tree

	mu     sync.Mutex
	asked  []ftpclient.RetrieveOptions
	octets int // that were read
}

const (
	farTrip   = 40 * time.Millisecond
	farFlight = 10 * 1448
)

func (f *farRemote) Retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	<-time.After(farTrip)
	f.mu.Lock()
	f.asked = append(f.asked, o)
	f.mu.Unlock()
	s, err := f.Tree.Retrieve(ctx, p, o)
	return &farStream{Stream: s, f: f, begun: time.Now()}, err
}

// farStream gives what has come by now, at least an octet.
type farStream struct {
	cache.Stream
	f     *farRemote
	begun time.Time
	at    int
}

func (s *farStream) Read(p []byte) (int, error) {
	end, flights := farFlight, 0
	for ; end <= s.at; flights++ {
		end += farFlight << (flights + 1)
	}
	p = p[:min(len(p), end-s.at)]
	<-time.After(time.Until(s.begun.Add(time.Duration(flights) * farTrip)))
	n, err := s.Stream.Read(p)
	s.at += n
	s.f.mu.Lock()
	s.f.octets += n
	s.f.mu.Unlock()
	return n, err
}

// jumps reads 4 KiB at each offset, and returns how long each took.
func jumps(t *testing.T, f *farRemote, size int64, offsets ...int64) (took []time.Duration) {
	t.Helper()
	data := octets(int(size), 1)
	f.Tree.Put("/f", data)
	v := newVolume(t, f, cache.Options{})
	h, err := v.Open(t.Context(), "f", os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	buf := make([]byte, 4<<10)
	for _, off := range offsets {
		start := time.Now()
		if n, err := h.ReadAt(t.Context(), buf, off); err != nil || n != len(buf) {
			t.Fatalf("at %d: %d octets, %v", off, n, err)
		}
		took = append(took, time.Since(start))
		same(t, "what was read", buf, data[off:off+int64(len(buf))])
	}
	<-time.After(time.Second)
	return took
}

// Who jumps waits for a round trip, wherever he jumps to, and not for what lies
// between two places that are near each other.
func TestJumpTakesARoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &farRemote{Tree: fakeremote.New()}
		const block = 128 << 10
		for i, took := range jumps(t, f, 9<<20, 1<<20, 3<<20, 3<<20+block/2, 3<<20-block/3, 5<<20, 5<<20+block*3/4, 9<<20-4<<10) {
			if took > farTrip+time.Millisecond {
				t.Errorf("read %d took %v", i, took)
			}
		}
		for _, o := range f.asked {
			if !o.Jump {
				t.Errorf("the download from %d does not tell that its reader jumps", o.Offset)
			}
		}
	})
}

// Of what is behind the place that was jumped to no more comes than is there with
// the first octets.
func TestJumpBringsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &farRemote{Tree: fakeremote.New()}
		if jumps(t, f, 9<<20, 1<<20, 3<<20, 5<<20); f.octets > 3*farFlight {
			t.Errorf("%d octets were read for three jumps", f.octets)
		}
	})
}
