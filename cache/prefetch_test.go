package cache_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// smallTree is a tree of directories with small files, whose times are settled,
// and the paths of the files in the order of find | sort.
func smallTree(dirs, files int) (tree *fakeremote.Tree, paths []string) {
	tree = fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Ahead = true })
	for d := range dirs {
		for f := range files {
			p := fmt.Sprintf("d%02d/f%02d", d, f)
			tree.Put("/"+p, []byte("content of "+p))
			paths = append(paths, p)
		}
	}
	<-time.After(time.Minute)
	slices.Sort(paths)
	return tree, paths
}

// list lists all directories of a volume, as the programs do that read all files.
func list(t *testing.T, v *cache.Volume, dir string) {
	t.Helper()
	rows, err := v.List(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if strings.HasPrefix(r.Name, "d") {
			list(t, v, r.Name)
		}
	}
}

// reads reads files one after the other and returns for how many the server had
// to be asked when they were read.
func reads(t *testing.T, v *cache.Volume, tree *fakeremote.Tree, paths []string) (asked int) {
	t.Helper()
	for _, p := range paths {
		same(t, p, load(t, v, p), []byte("content of "+p))
		if slices.Contains(tree.Calls("Retrieve"), fakeremote.Call{Op: "Retrieve", Path: "/" + p}) {
			asked++
		}
		synctest.Wait()
		tree.ForgetCalls()
	}
	return asked
}

func TestFilesReadInOrderAreFetchedAhead(t *testing.T) {
	backwards := func(p []string) []string { slices.Reverse(p); return p }
	for name, tc := range map[string]struct {
		pick func([]string) []string
		most int
	}{
		"one after the other": {func(p []string) []string { return p }, 2},
		"one in each directory": {func(p []string) []string {
			return slices.DeleteFunc(p, func(p string) bool { return !strings.HasSuffix(p, "f00") })
		}, 2},
		"some left out": {func(p []string) []string {
			return slices.DeleteFunc(p, func(p string) bool { return strings.HasSuffix(p, "f01") })
		}, 2},
		"backwards": {backwards, 3 * 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				per := 5
				if name == "one in each directory" {
					per = 1
				}
				tree, paths := smallTree(20, per)
				v := newVolume(t, tree, cache.Options{})
				list(t, v, "")
				if asked := reads(t, v, tree, tc.pick(paths)); asked > tc.most {
					t.Errorf("the server was asked for %d of the files when they were read", asked)
				}
			})
		})
	}
}

// Who reads here and there has nothing fetched ahead.
func TestNothingAheadOfOneFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, _ := smallTree(20, 5)
		v := newVolume(t, tree, cache.Options{})
		list(t, v, "")
		tree.ForgetCalls()
		for _, p := range []string{"d03/f02", "d11/f04", "d00/f00"} {
			load(t, v, p)
			synctest.Wait()
		}
		if n := len(tree.Calls("Retrieve")); n != 3 {
			t.Errorf("%d downloads of 3 files: %v", n, tree.Calls("Retrieve"))
		}
	})
}

// What lies between two files and was not listed may be more files: they are not one
// after the other.
func TestNothingAheadAcrossWhatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, _ := smallTree(20, 5)
		v := newVolume(t, tree, cache.Options{})
		if _, err := v.Stat(t.Context(), "d00"); err != nil { // which lists where it is
			t.Fatal(err)
		}
		for _, p := range []string{"d00/f04", "d05/f00"} {
			load(t, v, p)
			synctest.Wait()
		}
		if n := len(tree.Calls("Retrieve")); n != 2 {
			t.Errorf("%d downloads of 2 files: %v", n, tree.Calls("Retrieve"))
		}
	})
}

// Who reads some files of a hidden directory knows which, as git does, unless he has
// opened it.
func TestHiddenFilesAreFetchedAheadOfWhoListsThem(t *testing.T) {
	for _, opened := range []bool{false, true} {
		t.Run(fmt.Sprint("opened ", opened), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree, _ := smallTree(1, 1)
				var paths []string
				for i := range 10 {
					paths = append(paths, fmt.Sprintf("d00/.git/f%02d", i))
					tree.Put("/"+paths[i], []byte("content of "+paths[i]))
				}
				<-time.After(time.Minute)
				v := newVolume(t, tree, cache.Options{})
				if opened {
					list(t, v, "d00/.git")
				}
				for _, i := range []int{0, 1, 3, 7} {
					load(t, v, paths[i])
					synctest.Wait()
				}
				if n := len(tree.Calls("Retrieve")); n > 4 != opened {
					t.Errorf("%d downloads for 4 files: %v", n, tree.Calls("Retrieve"))
				}
			})
		})
	}
}

// What was fetched ahead is not shown if the file has changed meanwhile.
func TestFetchedAheadAndChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, paths := smallTree(1, 20)
		v := newVolume(t, tree, cache.Options{})
		list(t, v, "")
		load(t, v, paths[0])
		gate := tree.Block("Retrieve", "/"+paths[3])
		load(t, v, paths[1])
		<-gate.Entered()
		now := []byte("another, and longer, content")
		tree.Put("/"+paths[3], now)
		gate.Open()
		synctest.Wait()
		v.Refresh(paths[3])
		same(t, "content", load(t, v, paths[3]), now)
	})
}

// A file that was changed here while it was fetched ahead is as it was written.
func TestFetchedAheadAndWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, paths := smallTree(1, 20)
		v := newVolume(t, tree, cache.Options{})
		list(t, v, "")
		load(t, v, paths[0])
		gate := tree.Block("Read", "/"+paths[3])
		load(t, v, paths[1])
		<-gate.Entered()
		save(t, v, paths[3], []byte("written here"))
		gate.Open()
		synctest.Wait()
		same(t, "content", load(t, v, paths[3]), []byte("written here"))
	})
}
