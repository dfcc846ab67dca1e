package cache_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// lookedUp returns a volume with a directory d of n files, of which one was looked up
// eight seconds ago, for a TTL of ten.
func lookedUp(t *testing.T, n int) (*fakeremote.Tree, *cache.Volume) {
	tree := fakeremote.New()
	for i := range n {
		tree.Put(fmt.Sprintf("/d/f%03d", i), []byte("content"))
	}
	v := newVolume(t, tree, cache.Options{TTL: 10 * time.Second})
	found(t, v, "d/f000")
	<-time.After(8 * time.Second)
	tree.ForgetCalls()
	return tree, v
}

func found(t *testing.T, v *cache.Volume, p string) {
	t.Helper()
	if _, err := v.Stat(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// Who looks up one name after the other in a directory that takes its time to be
// listed does not wait when the TTL has passed, and sees what others have changed.
func TestListedAnewBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, v := lookedUp(t, 400)
		gate := tree.Block("List", "/d")
		if answer := lookups(t, v.Stat, "d/f001"); len(answer["d/f001"]) != 1 {
			t.Fatal("a name of a listing that is believed waits for another")
		}
		<-gate.Entered()
		tree.Put("/d/new", []byte("by others"))
		gate.Open()
		synctest.Wait()
		<-time.After(3 * time.Second)
		found(t, v, "d/f002")
		if n := len(tree.Calls("List")); n != 1 {
			t.Errorf("listed %d times", n)
		}
		<-time.After(8 * time.Second)
		found(t, v, "d/new")
	})
}

// A small directory is not, nor one that nobody looks up names in, and what is
// believed stays if it fails.
func TestNotListedAnewBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, v := lookedUp(t, 200)
		found(t, v, "d/f001")
		synctest.Wait()
		if n := len(tree.Calls("List")); n != 0 {
			t.Errorf("a small directory was listed %d times", n)
		}
		tree, _ = lookedUp(t, 400)
		<-time.After(time.Minute)
		if n := len(tree.Calls("List")); n != 0 {
			t.Errorf("a directory that nobody uses was listed %d times", n)
		}
		tree, v = lookedUp(t, 400)
		tree.Fail("List", "/d", 1, errors.New("not now"))
		found(t, v, "d/f001")
		synctest.Wait()
		gate := tree.Block("List", "/d")
		if answer := lookups(t, v.Stat, "d/f002"); len(answer["d/f002"]) != 1 {
			t.Error("what is believed was forgotten when it could not be had anew")
		}
		<-gate.Entered() // it is tried again
		gate.Open()
	})
}
