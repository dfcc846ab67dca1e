package cache_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
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

// TestOpenWhileNameMovesTwice: who opens a name while it is renamed gets what it
// was the name of, or is told to look again, but not what a further rename brings
// to the place.
func TestOpenWhileNameMovesTwice(t *testing.T) {
	ask := map[string]func(*testing.T, *cache.Volume) (int64, error){
		"open": func(t *testing.T, v *cache.Volume) (int64, error) {
			h, err := v.Open(t.Context(), "x", os.O_RDONLY)
			if err != nil {
				return 0, err
			}
			defer h.Release()
			a, err := h.Stat(t.Context())
			return a.Size, err
		},
		"stat": func(t *testing.T, v *cache.Volume) (int64, error) {
			a, err := v.Stat(t.Context(), "x")
			return a.Size, err
		},
	}
	for name, ask := range ask {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree := fakeremote.New()
				tree.Put("/x", []byte("x"))
				tree.Put("/z", []byte("zz"))
				v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: t.TempDir()}) // which asks each time
				if err != nil {
					t.Fatal(err)
				}
				first, look := tree.Block("Rename", "/x"), tree.Block("Stat", "/y")
				rename := func(from string) {
					if err := v.Rename(t.Context(), from, "y", false); err != nil {
						t.Error(err)
					}
				}
				renamed, asked := make(chan bool), make(chan error, 1)
				go func() { rename("x"); close(renamed) }()
				<-first.Entered()
				var size int64
				go func() {
					var err error
					size, err = ask(t, v)
					asked <- err
				}()
				synctest.Wait()
				first.Open()
				<-renamed
				<-look.Entered()
				rename("z")
				look.Open()
				if err := <-asked; ftpclient.KindOf(err) != ftpclient.KindChanged {
					t.Errorf("%d octets, %v", size, err)
				}
			})
		})
	}
}

// TestStatOfWhatMoves: an open file is found while it is being renamed.
func TestStatOfWhatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/x", []byte("x"))
		late := lateRename{tree, make(chan struct{}), make(chan struct{})}
		v, err := cache.NewVolume(late, cache.Options{Root: "/", SpoolDir: t.TempDir()}) // which asks each time
		if err != nil {
			t.Fatal(err)
		}
		h := open(t, v, "x", os.O_RDONLY)
		renamed, looked := make(chan error), make(chan error)
		go func() { renamed <- v.Rename(context.Background(), "x", "y", false) }()
		<-late.made
		go func() {
			a, err := h.Stat(context.Background())
			if err == nil && a.Size != 1 {
				t.Errorf("%d octets", a.Size)
			}
			looked <- err
		}()
		synctest.Wait()
		close(late.answer)
		if err := errors.Join(<-renamed, <-looked); err != nil {
			t.Error(err)
		}
		h.Release()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
