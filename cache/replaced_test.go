package cache_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// TestReplacedWhileUnlinked: a file that others have open is fetched before it
// is unlinked; that somebody on the server replaces it meanwhile, and that
// another looks at it or opens it, takes nothing of that away.
func TestReplacedWhileUnlinked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", []byte("old version"))
		v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		reader := open(t, v, "f", os.O_RDONLY)
		gate := tree.Block("Retrieve", "/f")
		unlinked := make(chan error, 1)
		go func() { unlinked <- v.Unlink(t.Context(), "f") }()
		<-gate.Entered()
		tree.Put("/f", []byte("another version, longer"))
		done := make(chan struct{}, 2)
		go func() {
			if _, err := reader.Stat(t.Context()); err != nil {
				t.Errorf("fstat: %v", err)
			}
			done <- struct{}{}
		}()
		go func() {
			if h, err := v.Open(t.Context(), "f", os.O_RDONLY); err == nil {
				h.Release() // or it does not exist any more
			}
			done <- struct{}{}
		}()
		synctest.Wait()
		gate.Open()
		<-done
		<-done
		if err := <-unlinked; err != nil {
			t.Error(err)
		}
		if _, err := v.Stat(t.Context(), "f"); err == nil {
			t.Error("it is still there")
		}
		reader.Release()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestReplacedByDirectory: what is told of an open file of which the name is a
// directory's by now is that it has changed, not that it is a directory, which no
// file can be and lstat(2) never says.
func TestReplacedByDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", []byte("old version"))
		v := newVolume(t, tree, cache.Options{TTL: time.Second})
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		if err := tree.Delete(t.Context(), "/f"); err != nil {
			t.Fatal(err)
		}
		tree.PutDir("/f")
		time.Sleep(2 * time.Second)
		if a, err := h.Stat(t.Context()); ftpclient.KindOf(err) != ftpclient.KindChanged {
			t.Errorf("fstat: %+v, %v", a, err)
		}
	})
}
