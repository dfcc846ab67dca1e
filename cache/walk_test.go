package cache_test

import (
	"errors"
	"fmt"
	"slices"
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

// lookIn looks a name up in each directory, one after the other.
func lookIn(t *testing.T, v *cache.Volume, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		if _, err := v.Lookup(t.Context(), dir); err != nil {
			t.Fatalf("Lookup %q: %v", dir, err)
		}
		if _, err := v.Lookup(t.Context(), dir+"/none"); ftpclient.KindOf(err) != ftpclient.KindNotExist {
			t.Fatalf("Lookup in %q: %v", dir, err)
		}
		synctest.Wait()
	}
}

// Who looks up names in one directory after another finds the next ones listed,
// each once and none that is in them; those before the first stay alone.
func TestLookupsAreAWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(30, 3)
		v := newVolume(t, tree, cache.Options{})
		lookIn(t, v, "d10", "d11")
		first := len(tree.Calls("List"))
		if first != 1+2+8 {
			t.Errorf("%d directories are listed, want 11", first)
		}
		for i := 12; i < 30; i++ {
			dir := fmt.Sprintf("d%02d", i)
			n := 0
			for _, c := range tree.Calls("List") {
				if c.Path == "/"+dir {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s was listed %d times before it was needed", dir, n)
			}
			lookIn(t, v, dir)
		}
		if n := len(tree.Calls("List")); n != 1+20 {
			t.Errorf("%d listings, want 21", n)
		}
	})
}

// A reader that comes in the order of names is followed in that, also where the
// server lists in another.
func TestLookupsInOrder(t *testing.T) {
	for name, order := range map[string][]string{
		"of the listing": {"c", "a", "d", "b"},
		"of the names":   {"a", "b", "c", "d"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree := fakeremote.New()
				tree.Configure(func(b *fakeremote.Behaviour) { b.Ahead = true; b.Features.StatList = ftpclient.Yes })
				for _, dir := range order {
					tree.PutDir("/" + dir)
				}
				v := newVolume(t, shuffled{tree, []string{"c", "a", "d", "b"}}, cache.Options{})
				lookIn(t, v, order[0], order[1])
				var got []string
				for _, c := range tree.Calls("List") {
					if c.Path != "/"+order[1] { // which is not ahead
						got = append(got, strings.TrimPrefix(c.Path, "/"))
					}
				}
				if want := append([]string{"", order[0]}, order[2:]...); !slices.Equal(got, want) {
					t.Errorf("listed %q, want %q", got, want)
				}
			})
		})
	}
}

// Lookups downwards, backwards, or of what is listed have nothing listed
// ahead.
func TestLookupsAreNoWalk(t *testing.T) {
	for name, look := range map[string]func(*testing.T, *cache.Volume){
		"down":      func(t *testing.T, v *cache.Volume) { lookIn(t, v, "d00", "d00/e00") },
		"backwards": func(t *testing.T, v *cache.Volume) { lookIn(t, v, "d03", "d01") },
		"slowly": func(t *testing.T, v *cache.Volume) {
			lookIn(t, v, "d00")
			<-time.After(4 * time.Second)
			lookIn(t, v, "d01")
		},
		"again": func(t *testing.T, v *cache.Volume) {
			openDirs(t, v, "d01", "d02")
			lookIn(t, v, "d00", "d01", "d02", "d01")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree := wideTree(5, 3)
				v := newVolume(t, tree, cache.Options{})
				look(t, v)
				synctest.Wait()
				if n := len(tree.Calls("List")); n > 4 {
					t.Errorf("%d directories were listed", n)
				}
			})
		})
	}
}

// Who asks for a name does not wait for a listing ahead of need, which may be
// behind many others; who opened the directory before gets what he gets. What is
// late then undoes nothing.
func TestWalkIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := wideTree(3, 1)
		v := newVolume(t, tree, cache.Options{})
		openDirs(t, v, "")
		gate := tree.Block("List", "/d01")
		openDirs(t, v, "d00")
		synctest.Wait() // d01 is on its way, and stays there
		opened := make(chan error, 1)
		go func() {
			_, err := v.List(t.Context(), "d01")
			opened <- err
		}()
		synctest.Wait()
		got := lookups(t, v.Lookup, "d01/e00")
		n := 0
		for _, c := range tree.Calls("List") {
			if c.Path == "/d01" {
				n++
			}
		}
		if n != 2 {
			t.Fatalf("%d listings of it, want one more for the name", n)
		}
		gate.Open()
		synctest.Wait()
		if len(got["d01/e00"]) == 0 || len(opened) == 0 {
			t.Fatal("no answer")
		}
		if r, err := <-got["d01/e00"], <-opened; r.err != nil || err != nil {
			t.Errorf("%v, %v", r.err, err)
		}
	})
}

func TestWalkThatIsLateUndoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := &lateAhead{Tree: wideTree(3, 1), late: make(chan struct{})}
		v := newVolume(t, late, cache.Options{})
		openDirs(t, v, "", "d00")
		synctest.Wait() // d01 was listed, but that is not told yet
		if _, err := v.Lookup(t.Context(), "d01/e00"); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Mkdir(t.Context(), "d01/made", 0o755); err != nil {
			t.Fatal(err)
		}
		close(late.late)
		synctest.Wait()
		if got := names(t, v, "d01"); !got["made"] || !got["e00"] {
			t.Errorf("d01 has %v", got)
		}
	})
}
