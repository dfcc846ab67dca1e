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
