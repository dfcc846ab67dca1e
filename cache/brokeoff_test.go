package cache_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// TestBrokenOffInPlace: what an upload that was cut off has left of a file that cannot be
// replaced is no change by somebody else; what somebody else has put there is.
func TestBrokenOffInPlace(t *testing.T) {
	for _, c := range []struct {
		name    string
		written int // pieces that arrive
		theirs  []byte
	}{
		{name: "nothing arrived"},
		{name: "a part", written: 2},
		{name: "somebody else's", written: 2, theirs: []byte("theirs")},
	} {
		for _, later := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				tree, dir, data := fakeremote.New(), t.TempDir(), octets(200_000, 2)
				tree.Put("/f", octets(300_000, 1))
				v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir, WriteBack: later, Atomic: cache.AtomicNever})
				if err != nil {
					t.Fatal(err)
				}
				tree.FailAfter("Write", "", c.written, 3, lost)
				h := open(t, v, "f", os.O_WRONLY|os.O_TRUNC)
				write(t, h, data[:199_999], 0)
				if err := h.Sync(t.Context()); err == nil {
					t.Errorf("%s: no error", c.name)
				}
				if c.theirs != nil {
					tree.Put("/f", c.theirs)
				}
				write(t, h, data[199_999:], 199_999)
				err = h.Flush(t.Context())
				if later && err == nil {
					err = h.Sync(t.Context())
				}
				if c.theirs != nil {
					kind(t, err, ftpclient.KindChanged)
					onServer(t, tree, "/f", c.theirs)
					h.Release()
					_ = v.Close(t.Context())
					return
				}
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				onServer(t, tree, "/f", data)
				h.Release()
				finished(t, v, dir)
			})
		}
	}
}

// TestBrokenOffAndFollowed: a new file of which an upload has left a beginning under its
// name, and that is written on, takes the place of that.
func TestBrokenOffAndFollowed(t *testing.T) {
	for name, change := range map[string]string{"written on": "", "and changed": "changed"} {
		synctest.Test(t, func(t *testing.T) {
			tree, data := fakeremote.New(), octets(5<<20, 5)
			v := newVolume(t, tree, cache.Options{})
			h := create(t, v, "f")
			write(t, h, data[:200_000], 0)
			tree.FailAfter("Write", "", 2, 5, lost)
			tree.Fail("Delete", "", 5, lost)
			if err := h.Sync(t.Context()); err == nil {
				t.Errorf("%s: no error", name)
			}
			if got, _ := tree.Get("/f"); len(got) == 0 || len(got) >= 200_000 {
				t.Errorf("%s: %d octets were left", name, len(got))
			}
			write(t, h, data[200_000:], 200_000)
			if change != "" {
				write(t, h, []byte(change), 0)
				copy(data, change)
			}
			time.Sleep(time.Second)
			flush(t, h)
			onServer(t, tree, "/f", data)
			h.Release()
			time.Sleep(10 * time.Minute) // what could not be deleted is by then
			onlyName(t, tree, "f")
		})
	}
}

// TestManyNewFilesThatWaited: where many files of a directory have waited for their upload,
// a listing tells of all of them whether somebody else has made them; then it is looked at
// the one.
func TestManyNewFilesThatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		tree.Configure(func(b *fakeremote.Behaviour) { b.Features.MLST = true })
		v := behind(t, tree, dir)
		const files, made = 100, 3
		gate := tree.Block("Store", "")
		for i := range files {
			save(t, v, fmt.Sprint("f", i), []byte("mine"))
		}
		time.Sleep(time.Minute) // some have come to the gate
		for i := range made {
			tree.Put(fmt.Sprint("/f", files-1-i), []byte("theirs"))
		}
		tree.ForgetCalls()
		gate.Open()
		if err := v.Close(t.Context()); err == nil {
			t.Error("no error")
		}
		looks := len(tree.Calls("Verify")) - (files - made)                                                // of the others one tells that it has arrived
		if lists := len(tree.Calls("List")); lists < 1 || lists > made || looks < made || looks > made+8 { // a conflict ends the listing
			t.Errorf("%d listings, %d looks", lists, looks)
		}
		for i := range files {
			want := "mine"
			if i >= files-made {
				want = "theirs"
			}
			onServer(t, tree, fmt.Sprint("/f", i), []byte(want))
		}
	})
}

// TestNewFileMadeMeanwhile: a file that somebody else has made while one of its name was
// being written here stays; of one that was made here just now nobody asks.
func TestNewFileMadeMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v := newVolume(t, tree, cache.Options{TTL: time.Minute})
		save(t, v, "quick", []byte("mine"))
		if n := len(tree.Calls("Verify")); n != 1 {
			t.Errorf("%d looks for a file that was made just now", n)
		}
		slow, h := create(t, v, "slow"), create(t, v, "f")
		write(t, slow, []byte("mine"), 0)
		write(t, h, []byte("mine"), 0)
		time.Sleep(time.Hour)
		tree.Put("/f", []byte("theirs"))
		flush(t, slow)
		slow.Release()
		kind(t, h.Flush(t.Context()), ftpclient.KindChanged)
		h.Release()
		onServer(t, tree, "/f", []byte("theirs"))
		onServer(t, tree, "/slow", []byte("mine"))
		if err := v.DiscardUpload("f"); err != nil {
			t.Error(err)
		}
	})
}

// timeless is a server that tells no times of files.
type timeless struct{ *fakeremote.Tree }

func (r timeless) Verify(ctx context.Context, p string) (ftpclient.Entry, error) {
	e, err := r.Tree.Verify(ctx, p)
	e.ModTime, e.Precision = time.Time{}, 0
	return e, err
}

// TestNothingArrived: the empty file that an upload has left which was cut off at once is no
// conflict where the server tells no times.
func TestNothingArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, timeless{tree}, dir)
		tree.Fail("Write", "", 3, lost)
		tree.Fail("Delete", "", 3, lost)
		save(t, v, "f", []byte("content"))
		time.Sleep(time.Minute)
		onServer(t, tree, "/f", []byte("content"))
		finished(t, v, dir)
	})
}
