package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestListingUnderWayIsTooOld: who comes while a listing is on its way that was
// asked for longer than TTL ago gets another, as what it has may be older than
// what happened before he came.
func TestListingUnderWayIsTooOld(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			tree.PutDir("/d")
			late := &lateLister{Tree: tree, asked: make(chan struct{}), answer: make(chan struct{})}
			v, err := cache.NewVolume(late, cache.Options{Root: "/", TTL: ttl, SpoolDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			first := make(chan error, 1)
			go func() {
				_, err := v.List(t.Context(), "d")
				first <- err
			}()
			<-late.asked // the server has listed an empty directory
			<-time.After(ttl + time.Millisecond)
			tree.Put("/d/new", nil)
			got := make(chan []cache.Dirent, 1)
			go func() {
				rows, err := v.List(t.Context(), "d")
				if err != nil {
					t.Error(err)
				}
				got <- rows
			}()
			synctest.Wait()
			close(late.answer)
			if err := <-first; err != nil {
				t.Error(err)
			}
			if rows := <-got; len(rows) != 1 {
				t.Errorf("TTL %v: a listing that began %v after the change shows %v", ttl, time.Millisecond, rows)
			}
			if err := v.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
