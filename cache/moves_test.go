package cache_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestCreateWhileDirectoryMoves: what is asked of a directory while the server
// renames it is done under its new name.
func TestCreateWhileDirectoryMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/a/b/old", []byte("old"))
		late := lateRename{tree, make(chan struct{}), make(chan struct{})}
		v, err := cache.NewVolume(late, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		renamed := make(chan error, 1)
		go func() { renamed <- v.Rename(t.Context(), "a/b", "a/c", false) }()
		<-late.made
		made, read := make(chan error, 1), make(chan error, 1)
		go func() {
			h, _, err := v.Create(t.Context(), "a/b/new", os.O_WRONLY, 0o644)
			if err == nil {
				_, err = h.WriteAt(t.Context(), []byte("new"), 0)
				if err == nil {
					err = h.Flush(t.Context())
				}
				h.Release()
			}
			made <- err
		}()
		go func() {
			_, err := v.Stat(t.Context(), "a/b/old")
			read <- err
		}()
		synctest.Wait()
		close(late.answer)
		for what, done := range map[string]chan error{"rename": renamed, "create": made, "stat": read} {
			if err := <-done; err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		onServer(t, tree, "/a/c/new", []byte("new"))
		onServer(t, tree, "/a/c/old", []byte("old"))
	})
}

// TestUploadWhileDirectoryMoves: a rename waits for an upload below it, and an
// upload that comes later goes to the new place.
func TestUploadWhileDirectoryMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.PutDir("/a")
		v := newVolume(t, tree, cache.Options{})
		first, second := create(t, v, "a/1"), create(t, v, "a/2")
		write(t, first, []byte("one"), 0)
		write(t, second, []byte("two"), 0)
		gate := tree.Block("Store", "")
		flushed, renamed := make(chan error, 1), make(chan error, 1)
		go func() { flushed <- first.Flush(t.Context()) }()
		<-gate.Entered()
		go func() { renamed <- v.Rename(t.Context(), "a", "b", false) }()
		synctest.Wait()
		gate.Open()
		for _, done := range []chan error{flushed, renamed} {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		flush(t, second)
		first.Release()
		second.Release()
		onServer(t, tree, "/b/1", []byte("one"))
		onServer(t, tree, "/b/2", []byte("two"))
		if n := tree.Names("/"); len(n) != 1 {
			t.Errorf("on the server: %v", n)
		}
	})
}
