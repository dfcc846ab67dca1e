package cache_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// What is known of a file's content goes along when the file is renamed, also
// onto another: git writes index.lock, and reads index.
func TestContentGoesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/index", octets(300_000, 1))
		<-time.After(time.Minute)
		v := newVolume(t, tree, cache.Options{})
		load(t, v, "index")
		<-time.After(time.Minute) // what is written now is later than the listing
		want := octets(200_000, 2)
		save(t, v, "index.lock", want)
		if err := v.Rename(t.Context(), "index.lock", "index", false); err != nil {
			t.Fatal(err)
		}
		tree.ForgetCalls()
		same(t, "content", load(t, v, "index"), want)
		if n := len(tree.Calls("Retrieve")); n != 0 {
			t.Errorf("%d downloads of what was just written", n)
		}
		if n := v.BlockBytes(); n > 300_000 {
			t.Errorf("%d octets in the cache", n)
		}
	})
}

// What is kept on the disk goes along, too, as far as it is in memory: the next
// volume has it.
func TestKeptContentGoesAlong(t *testing.T) {
	tree := fakeremote.New()
	want := octets(300_000, 1)
	tree.Put("/old", want)
	tree.Touch("/old", time.Now().Add(-time.Hour))
	o := cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir(), Disk: cache.DiskOptions{Dir: t.TempDir(), Server: "s"}}
	for _, rename := range []bool{false, true} { // the second has it from the disk
		v, err := cache.NewVolume(tree, o)
		if err != nil {
			t.Fatal(err)
		}
		load(t, v, "old")
		if rename {
			err = v.Rename(t.Context(), "old", "new", false)
		}
		if err := errors.Join(err, v.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	tree.ForgetCalls()
	next := newVolume(t, tree, o)
	same(t, "content", load(t, next, "new"), want)
	if n := len(tree.Calls("Retrieve")); n != 0 {
		t.Errorf("%d downloads of what was only renamed", n)
	}
}
