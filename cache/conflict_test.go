package cache_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// TestConflict: a version that changed on the server since it was opened stays,
// unless that is what was asked for; the data is kept.
func TestConflict(t *testing.T) {
	for name, change := range map[string]func(*fakeremote.Tree){
		"size": func(tree *fakeremote.Tree) { tree.Put("/f", []byte("theirs, longer")) },
		"time": func(tree *fakeremote.Tree) {
			tree.Put("/f", []byte("new"))
			tree.Touch("/f", time.Date(2020, 1, 1, 0, 0, 9, 0, time.UTC))
		},
	} {
		for _, overwrite := range []bool{false, true} {
			for _, size := range []int{3, 1 << 20} {
				tree := fakeremote.New()
				tree.Put("/f", []byte("old"))
				tree.Touch("/f", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
				dir := t.TempDir()
				v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir, Overwrite: overwrite})
				if err != nil {
					t.Fatal(err)
				}
				h := open(t, v, "f", os.O_WRONLY)
				ours := octets(size, 1)
				write(t, h, ours, 0)
				change(tree)
				theirs, _ := tree.Get("/f")
				err = h.Flush(t.Context())
				h.Release()
				kept, _ := filepath.Glob(filepath.Join(dir, "*.unsent"))
				if overwrite {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					onServer(t, tree, "/f", ours)
					continue
				}
				kind(t, err, ftpclient.KindChanged)
				onServer(t, tree, "/f", theirs)
				onlyName(t, tree, "f")
				if len(kept) != 1 {
					t.Errorf("%s: kept: %v", name, kept)
				}
				same(t, "read after the conflict", load(t, v, "f"), theirs)
			}
		}
	}
}

// TestOwnChangesAreNoConflict: files that are written again and again, with times
// set between, are ours.
func TestOwnChangesAreNoConflict(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	h := create(t, v, "f")
	defer h.Release()
	for i := range 4 {
		write(t, h, octets(1000, uint64(i)), 0)
		at := time.Date(2001, 1, 1, i, 0, 0, 0, time.UTC)
		if i%2 == 0 {
			if _, err := h.SetAttr(t.Context(), cache.Change{ModTime: &at}); err != nil {
				t.Fatal(err)
			}
		}
		flush(t, h)
		if i%2 == 1 {
			if _, err := h.SetAttr(t.Context(), cache.Change{ModTime: &at}); err != nil {
				t.Fatal(err)
			}
		}
		onServer(t, tree, "/f", octets(1000, uint64(i)))
	}
}

// listLongAgo has the volume list d, a minute ago as it thinks.
func listLongAgo(t *testing.T, v *cache.Volume) {
	t.Helper()
	v.Refresh("d")
	v.SetClock(func() time.Time { return time.Now().Add(-time.Minute) })
	names(t, v, "d")
	v.SetClock(time.Now)
}

// TestCreateWhereSomebodyElseDid: a name that an old listing does not have is
// looked at before a file of that name is made.
func TestCreateWhereSomebodyElseDid(t *testing.T) {
	for _, mlst := range []bool{true, false} {
		t.Run(fmt.Sprint("MLST ", mlst), func(t *testing.T) { createdByOthers(t, mlst) })
	}
}

func createdByOthers(t *testing.T, mlst bool) {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Features.MLST = mlst })
	tree.PutDir("/d")
	v := newVolume(t, tree, cache.Options{})
	listLongAgo(t, v)
	tree.Put("/d/f", []byte("theirs"))
	_, _, err := v.Create(t.Context(), "d/f", os.O_WRONLY|os.O_EXCL, 0o644)
	kind(t, err, ftpclient.KindExist)

	listLongAgo(t, v)
	tree.Put("/d/g", []byte("theirs "))
	h, _, err := v.Create(t.Context(), "d/g", os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	write(t, h, []byte("ours"), 0)
	flush(t, h)
	onServer(t, tree, "/d/g", []byte("theirs ours"))
}

// TestNewNamesNeedOneListing: without MLST a listing tells whether names are new,
// and then of all that are made at that time.
func TestNewNamesNeedOneListing(t *testing.T) {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Features.MLST = false })
	tree.PutDir("/d")
	v := newVolume(t, tree, cache.Options{TTL: 2 * time.Minute})
	listLongAgo(t, v)
	tree.ForgetCalls()
	for i := range 5 {
		create(t, v, fmt.Sprint("d/", i)).Release()
	}
	if len(tree.Calls("List")) != 1 || len(tree.Calls("Stat")) != 0 {
		t.Errorf("five new names: %v", tree.Calls(""))
	}
}
