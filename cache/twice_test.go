package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// A directory that is still being listed ahead for one walk, and of which that
// listing does not count any more, is not listed ahead for another: the answers could
// not be told apart.
func TestWalkWhileListedForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(3, 2)
		tree.Configure(func(b *fakeremote.Behaviour) { b.Features.StatList = ftpclient.No })
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("List", "/d01")
		openDirs(t, v, "", "d00")
		<-gate.Entered()
		v.Refresh("")
		<-time.After(6 * time.Second) // the walk has ended
		openDirs(t, v, "", "d00")
		synctest.Wait()
		gate.Open()
		synctest.Wait()
		openDirs(t, v, "d01", "d01/e00")
	})
}

// Nor is a file fetched ahead in another version while it is on its way in one.
func TestFileWhileFetchedInAnotherVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, paths := smallTree(1, 8)
		v := newVolume(t, tree, cache.Options{})
		list(t, v, "")
		gate := tree.Block("Retrieve", "/"+paths[5])
		reads(t, v, tree, paths[:3])
		<-gate.Entered()
		tree.Put("/"+paths[5], []byte("another content"))
		<-time.After(time.Minute) // the sequence has ended
		v.Refresh("")
		list(t, v, "")
		reads(t, v, tree, paths[:3])
		if len(gate.Entered()) > 0 {
			t.Error("it is fetched twice at a time")
		}
		gate.Open()
		synctest.Wait()
		same(t, paths[5], load(t, v, paths[5]), []byte("another content"))
	})
}
