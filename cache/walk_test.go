package cache_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// wideTree has n directories with m directories each.
func wideTree(n, m int) *fakeremote.Tree {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Ahead = true; b.Features.StatList = ftpclient.Yes })
	for i := range n {
		tree.PutDir(fmt.Sprintf("/d%02d", i))
		for j := range m {
			tree.PutDir(fmt.Sprintf("/d%02d/e%02d", i, j))
		}
	}
	return tree
}

func openDirs(t *testing.T, v *cache.Volume, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		if _, err := v.List(t.Context(), dir); err != nil {
			t.Fatalf("List %q: %v", dir, err)
		}
	}
}

// A reader that goes down from a directory into one of its own finds the others
// listed when it comes to them, and each is listed once.
func TestWalkIsListedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(5, 3)
		v := newVolume(t, tree, cache.Options{})
		openDirs(t, v, "", "d00")
		synctest.Wait()
		before := len(tree.Calls("List"))
		if before != 1+5+15 {
			t.Errorf("%d directories are listed, want all 21", before)
		}
		openDirs(t, v, "d00/e00", "d00/e01", "d00/e02", "d01", "d01/e00", "d04/e02")
		synctest.Wait()
		if n := len(tree.Calls("List")); n != before {
			t.Errorf("%d were listed again", n-before)
		}
	})
}

// Opening directories that have nothing to do with one another, or a long time
// apart, has nothing listed ahead. Nor has the resolving of paths.
func TestNoWalk(t *testing.T) {
	for name, read := range map[string]func(*testing.T, *cache.Volume){
		"elsewhere": func(t *testing.T, v *cache.Volume) { openDirs(t, v, "d00", "d01/e01", "d03") },
		"slowly": func(t *testing.T, v *cache.Volume) {
			openDirs(t, v, "")
			<-time.After(4 * time.Second)
			openDirs(t, v, "d00")
		},
		"a path": func(t *testing.T, v *cache.Volume) {
			for _, p := range []string{"d00", "d00/e00", "d00/e00/none"} {
				if _, err := v.Stat(t.Context(), p); err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
					t.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree := wideTree(5, 3)
				v := newVolume(t, tree, cache.Options{})
				read(t, v)
				synctest.Wait()
				if n := len(tree.Calls("List")); n > 3 {
					t.Errorf("%d directories were listed", n)
				}
			})
		})
	}
}

// What is listed ahead is bounded, and grows with what is used.
func TestWalkIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(200, 1)
		v := newVolume(t, tree, cache.Options{})
		openDirs(t, v, "", "d00")
		synctest.Wait()
		first := len(tree.Calls("List"))
		if first > 2+64 {
			t.Errorf("%d directories were listed for a reader that used none", first)
		}
		openDirs(t, v, "d01", "d02", "d03")
		synctest.Wait()
		if n := len(tree.Calls("List")); n != first+3+24 {
			t.Errorf("%d more directories were listed for three that were used", n-first)
		}
	})
}

// A reader that goes down into the first of many directories finds what is in it
// listed, although many others were listed first.
func TestWalkComesToItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(100, 30)
		v := newVolume(t, tree, cache.Options{})
		openDirs(t, v, "", "d00", "d00/e00", "d00/e01", "d00/e02", "d00/e03")
		synctest.Wait()
		before := len(tree.Calls("List"))
		for i := 4; i < 30; i++ {
			openDirs(t, v, fmt.Sprintf("d00/e%02d", i))
			synctest.Wait()
		}
		for _, c := range tree.Calls("List")[before:] {
			if strings.HasPrefix(c.Path, "/d00/") {
				t.Errorf("%s was not listed when it was opened", c.Path)
			}
		}
	})
}

// A directory that could not be listed ahead is listed when it is needed, and
// who waited for the one ahead gets an answer.
func TestWalkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(3, 1)
		v := newVolume(t, tree, cache.Options{})
		openDirs(t, v, "")
		gate := tree.Block("List", "/d01")
		openDirs(t, v, "d00")
		synctest.Wait() // d01 is on its way
		tree.Fail("List", "/d01", 1, errors.New("connection lost"))
		done := make(chan error)
		go func() {
			_, err := v.List(t.Context(), "d01")
			done <- err
		}()
		synctest.Wait()
		gate.Open()
		if err := <-done; err != nil {
			t.Errorf("%v", err)
		}
	})
}

// What is changed through the volume while it is listed ahead is seen.
func TestWalkSeesChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(3, 1)
		v := newVolume(t, tree, cache.Options{})
		openDirs(t, v, "")
		gate := tree.Block("List", "/d01")
		openDirs(t, v, "d00")
		synctest.Wait()
		if err := v.Rmdir(t.Context(), "d01/e00"); err != nil {
			t.Fatal(err)
		}
		gate.Open()
		entries, err := v.List(t.Context(), "d01")
		if err != nil || len(entries) != 0 {
			t.Errorf("%v, %v", entries, err)
		}
	})
}
