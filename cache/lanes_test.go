package cache_test

import (
	"bytes"
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

// slowRemote sends each download at rate octets a second, or, if shared, all
// together. It counts the downloads that are open at a time.
type slowRemote struct {
	*fakeremote.Tree
	rate   int
	shared bool
	spare  int // connections that are to spare

	mu         sync.Mutex
	open, most int
	line       time.Time // when the shared line is free
	opened     []time.Time
}

func (s *slowRemote) Retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Spare && s.open > s.spare {
		return nil, ftpclient.ErrNotAhead
	}
	r, err := s.Tree.Retrieve(ctx, p, ftpclient.RetrieveOptions{Offset: o.Offset, Verify: o.Verify})
	if err != nil {
		return nil, err
	}
	s.open++
	s.most = max(s.most, s.open)
	s.opened = append(s.opened, time.Now())
	return &slowStream{Stream: r, s: s}, nil
}

type slowStream struct {
	cache.Stream
	s    *slowRemote
	once sync.Once
}

func (r *slowStream) Read(p []byte) (int, error) {
	n, err := r.Stream.Read(p)
	took := time.Duration(n) * time.Second / time.Duration(r.s.rate)
	if !r.s.shared {
		<-time.After(took)
		return n, err
	}
	r.s.mu.Lock()
	if now := time.Now(); r.s.line.Before(now) {
		r.s.line = now
	}
	r.s.line = r.s.line.Add(took)
	until := time.Until(r.s.line)
	r.s.mu.Unlock()
	<-time.After(until)
	return n, err
}

func (r *slowStream) Close() error {
	r.once.Do(func() {
		r.s.mu.Lock()
		r.s.open--
		r.s.mu.Unlock()
	})
	return r.Stream.Close()
}

func TestLanes(t *testing.T) {
	const size, rate = 48 << 20, 1 << 20
	for name, tc := range map[string]struct {
		shared     bool
		spare      int
		budget     int64
		most       int           // downloads at a time
		atMost     time.Duration // of fake time, in which one download takes 48 s
		openAtMost int           // downloads in all
	}{
		"each connection is throttled": {false, 8, 256 << 20, 4, 20 * time.Second, 30},
		"little memory":                {false, 8, 16 << 20, 4, 30 * time.Second, 60},
		"the line is full":             {true, 8, 256 << 20, 2, 50 * time.Second, 4},
		"no connection is to spare":    {false, 0, 256 << 20, 1, 49 * time.Second, 1},
		"one connection is to spare":   {false, 1, 256 << 20, 2, 30 * time.Second, 30},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree := fakeremote.New()
				want := bytes.Repeat(octets(1<<20, 3), size>>20)
				tree.Put("/f", want)
				<-time.After(time.Minute)
				s := &slowRemote{Tree: tree, rate: rate, shared: tc.shared, spare: tc.spare}
				v := newVolume(t, s, cache.Options{CacheBytes: tc.budget})
				h := open(t, v, "f", os.O_RDONLY)
				defer h.Release()
				began := time.Now()
				buf := make([]byte, 128<<10)
				for off := 0; off < size; off += len(buf) {
					n, err := h.ReadAt(t.Context(), buf, int64(off))
					if err != nil {
						t.Fatal(err)
					}
					same(t, "content", buf[:n], want[off:off+len(buf)])
				}
				took := time.Since(began)
				t.Logf("%v, %d at a time, %d in all", took, s.most, len(s.opened))
				if s.most != tc.most || took > tc.atMost || len(s.opened) > tc.openAtMost {
					t.Errorf("%d downloads at a time, want %d; %v, at most %v; %d in all, at most %d", s.most, tc.most, took, tc.atMost, len(s.opened), tc.openAtMost)
				}
				if n := v.BlockBytes(); n > tc.budget {
					t.Errorf("%d octets in the cache", n)
				}
			})
		})
	}
}

// A reader who goes away does not have the whole file fetched.
func TestLanesEndWithTheirReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", make([]byte, 64<<20))
		<-time.After(time.Minute)
		s := &slowRemote{Tree: tree, rate: 1 << 20, spare: 8}
		v := newVolume(t, s, cache.Options{CacheBytes: 32 << 20})
		h := open(t, v, "f", os.O_RDONLY)
		buf := make([]byte, 128<<10)
		for off := 0; off < 12<<20; off += len(buf) {
			if _, err := h.ReadAt(t.Context(), buf, int64(off)); err != nil {
				t.Fatal(err)
			}
		}
		h.Release()
		<-time.After(5 * time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open != 0 {
			t.Errorf("%d downloads are open", s.open)
		}
	})
}

// Downloads that all break off, where the server is lost, are tried again as often as
// one; what is there later is read.
func TestLanesWithoutServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", make([]byte, 64<<20))
		<-time.After(time.Minute)
		s := &slowRemote{Tree: tree, rate: 1 << 20, spare: 8}
		v := newVolume(t, s, cache.Options{CacheBytes: 32 << 20})
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		buf := make([]byte, 128<<10)
		off := 0
		read := func() error {
			_, err := h.ReadAt(t.Context(), buf, int64(off))
			off += len(buf)
			return err
		}
		for range 96 {
			if err := read(); err != nil {
				t.Fatal(err)
			}
		}
		s.mu.Lock()
		most := s.most
		s.mu.Unlock()
		if most < 2 {
			t.Fatal("one download at a time")
		}
		const tries = 1000
		tree.Fail("Retrieve", "", tries, lost)
		tree.Fail("Read", "", tries, lost)
		var err error
		for err == nil {
			err = read()
		}
		synctest.Wait()
		if n := len(s.Calls("Retrieve")); n > 100 {
			t.Errorf("%d downloads were tried", n)
		}
		for range 2 * tries { // until the faults are used up
			off -= len(buf)
			if err = read(); err == nil {
				return
			}
		}
		t.Error(err)
	})
}

// A reader who takes less than one download brings gets no other, and nothing
// far ahead of him.
func TestNoLanesForASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", make([]byte, 64<<20))
		<-time.After(time.Minute)
		s := &slowRemote{Tree: tree, rate: 4 << 20, spare: 8}
		v := newVolume(t, s, cache.Options{})
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		buf := make([]byte, 128<<10)
		const read = 16 << 20
		for off := 0; off < read; off += len(buf) {
			if _, err := h.ReadAt(t.Context(), buf, int64(off)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second / 8) // 1 MiB a second
		}
		if s.most != 1 || v.BlockBytes() > read+9<<20 {
			t.Errorf("%d downloads at a time, %d octets for a reader of %d", s.most, v.BlockBytes(), read)
		}
	})
}
