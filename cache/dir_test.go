package cache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// batched is a directory d of n files, which arrive ten at a time.
func batched(n int) *fakeremote.Tree {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Batch = 10 })
	for i := range n {
		tree.Put(fmt.Sprintf("/d/f%04d", i), make([]byte, i))
	}
	return tree
}

func openDir(t *testing.T, v *cache.Volume, p string) *cache.Dir {
	t.Helper()
	d, err := v.OpenDir(t.Context(), p)
	if err != nil {
		t.Fatalf("open %s: %v", p, err)
	}
	return d
}

// readRows reads a directory from a place on, to its end or an error.
func readRows(t *testing.T, d *cache.Dir, at int) (names []string, err error) {
	t.Helper()
	rows := make([]cache.Dirent, 7)
	for {
		n, err := d.Rows(t.Context(), at, rows)
		if n == 0 || err != nil {
			return names, err
		}
		at += n
		for _, r := range rows[:n] {
			if r.Name != "" {
				names = append(names, r.Name)
			}
		}
	}
}

// The first entries are read, and looked up, before the last have arrived; all
// are read in the end, of one listing, also by who comes later.
func TestDirIsReadWhileItArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("Batch", "/d")
		d := openDir(t, v, "d")
		rows := make([]cache.Dirent, 100)
		if n, err := d.Rows(t.Context(), 0, rows); n != 10 || err != nil || rows[9].Name != "f0009" {
			t.Fatalf("%d rows, %v", n, err)
		}
		if a, err := v.Stat(t.Context(), "d/f0007"); err != nil || a.Size != 7 || a.Fresh <= 0 {
			t.Errorf("stat of what has arrived: %+v, %v", a, err)
		}
		if a, ok := v.Known("d/f0007"); !ok || a.Size != 7 {
			t.Errorf("it is not known: %+v", a)
		}
		if _, ok := v.Known("d/f0033"); ok {
			t.Error("what has not arrived is known")
		}
		statted := make(chan error, 2)
		for _, name := range []string{"f0033", "none"} {
			go func() {
				_, err := v.Stat(t.Context(), "d/"+name)
				statted <- err
			}()
		}
		synctest.Wait()
		if len(statted) > 0 {
			t.Errorf("what may come was answered: %v", <-statted)
		}
		later := openDir(t, v, "d")
		gate.Open()
		for _, d := range []*cache.Dir{d, later} {
			if names, err := readRows(t, d, 0); err != nil || len(names) != 35 || !slices.IsSorted(names) {
				t.Errorf("%d names, %v", len(names), err)
			}
		}
		if a, b := <-statted, <-statted; (a == nil) == (b == nil) || ftpclient.KindOf(errors.Join(a, b)) != ftpclient.KindNotExist {
			t.Errorf("stat of one that is there and one that is not: %v, %v", a, b)
		}
		if n := len(tree.Calls("List")); n != 1 {
			t.Errorf("%d listings", n)
		}
	})
}

// Times that are not exact wait for the end of the listing: what comes there may
// correct them.
func TestDirTimesWaitForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		tree.Configure(func(b *fakeremote.Behaviour) { b.Precision = time.Minute })
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("Batch", "/d")
		d := openDir(t, v, "d")
		if _, ok := v.Known("d/f0000"); ok {
			t.Error("a time to the minute is believed before the end")
		}
		gate.Open()
		if _, err := readRows(t, d, 0); err != nil {
			t.Error(err)
		}
		if _, ok := v.Known("d/f0000"); !ok {
			t.Error("it is not known afterwards")
		}
	})
}

// eastern is a server whose LIST is an hour before UTC, which shows at its end.
type eastern struct{ *fakeremote.Tree }

func (e eastern) ListFunc(ctx context.Context, dir string, a ftpclient.Arriving) (*ftpclient.Listing, error) {
	l, err := e.Tree.ListFunc(ctx, dir, a)
	if err == nil {
		l.Retime = func(e *ftpclient.Entry) { e.ModTime = e.ModTime.Add(-time.Hour) }
	}
	return l, err
}

// What arrived before the end is moved to UTC there; what comes with the end has
// been.
func TestDirTimesAreMovedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		tree.Configure(func(b *fakeremote.Behaviour) { b.Precision = time.Minute })
		told, err := tree.List(t.Context(), "/d")
		if err != nil {
			t.Fatal(err)
		}
		v := newVolume(t, eastern{tree}, cache.Options{})
		for _, i := range []int{0, 29, 30, 34} {
			want := told.Entries[i].ModTime
			if i < 30 {
				want = want.Add(-time.Hour)
			}
			a, err := v.Stat(t.Context(), "d/"+told.Entries[i].Name)
			if err != nil || !a.ModTime.Equal(want) {
				t.Errorf("%s: %v, %v, want %v", told.Entries[i].Name, a.ModTime, err, want)
			}
		}
	})
}

// A listing that breaks off is an error after what has arrived, for whoever
// reads it, and is not kept.
func TestDirBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("Batch", "/d")
		tree.Fail("Batch", "/d", 1, lost)
		d := openDir(t, v, "d")
		gate.Open()
		names, err := readRows(t, d, 0)
		if len(names) != 10 || ftpclient.KindOf(err) != ftpclient.KindNetwork {
			t.Errorf("%d names, %v", len(names), err)
		}
		if _, err := readRows(t, d, 3); err == nil {
			t.Error("the same reader has no error the second time")
		}
		if names, err := readRows(t, openDir(t, v, "d"), 0); len(names) != 35 || err != nil {
			t.Errorf("the next has %d names, %v", len(names), err)
		}
		tree.Fail("List", "/e", 1, lost)
		if _, err := v.OpenDir(t.Context(), "e"); ftpclient.KindOf(err) != ftpclient.KindNetwork {
			t.Errorf("one that cannot be listed is opened: %v", err)
		}
	})
}

// What is changed through the volume while a listing arrives, and is read, is
// not seen undone; and what is made later does not come up in an open Dir.
func TestDirSeesChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("Batch", "/d")
		d := openDir(t, v, "d")
		do := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		do("unlink", v.Unlink(t.Context(), "d/f0002")) // has arrived
		do("unlink", v.Unlink(t.Context(), "d/f0030")) // is on its way
		_, err := v.Mkdir(t.Context(), "d/early", 0o755)
		do("mkdir", err)
		gate.Open()
		names, err := readRows(t, d, 0)
		if err != nil || len(names) != 34 || slices.Contains(names, "f0002") || slices.Contains(names, "f0030") || names[33] != "early" {
			t.Errorf("%q, %v", names, err)
		}
		_, err = v.Mkdir(t.Context(), "d/late", 0o755)
		do("mkdir", err)
		do("rename", v.Rename(t.Context(), "d/f0003", "d/new", false))
		if again, err := readRows(t, d, 0); err != nil || len(again) != 33 || slices.Contains(again, "late") || slices.Contains(again, "new") {
			t.Errorf("the second time: %q, %v", again, err)
		}
		if from, err := readRows(t, d, 20); err != nil || from[0] != "f0020" {
			t.Errorf("place 20 is %q, %v", from, err)
		}
		if now, err := readRows(t, openDir(t, v, "d"), 0); err != nil || len(now) != 35 {
			t.Errorf("another has %d names, %v", len(now), err)
		}
	})
}

// A reader gives up when its context ends; the listing goes on.
func TestDirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("Batch", "/d")
		d := openDir(t, v, "d")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := d.Rows(ctx, 10, make([]cache.Dirent, 5))
			done <- err
		}()
		synctest.Wait()
		cancel()
		kind(t, <-done, ftpclient.KindCanceled)
		gate.Open()
		if names, err := readRows(t, d, 10); err != nil || len(names) != 25 {
			t.Errorf("%d names, %v", len(names), err)
		}
	})
}

// A listing is believed for TTL from when it was asked for, a large one for as
// long as it took to arrive, and half of TTL at least.
func TestSlowListingIsBelieved(t *testing.T) {
	for _, tc := range []struct {
		took, after time.Duration
		large       bool
	}{
		{10 * time.Second, 50 * time.Second, true},
		{40 * time.Second, 40 * time.Second, true},
		{time.Hour, time.Hour, true},
		{10 * time.Second, 50 * time.Second, false},
		{40 * time.Second, 20 * time.Second, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree := batched(35)
			v := newVolume(t, tree, cache.Options{TTL: time.Minute})
			v.SetLarge(35)
			op := "Batch"
			if !tc.large {
				op = "List"
			}
			gate := tree.Block(op, "/d")
			listed := make(chan error)
			go func() {
				_, err := v.List(t.Context(), "d")
				listed <- err
			}()
			<-time.After(tc.took)
			if !tc.large {
				tree.Configure(func(b *fakeremote.Behaviour) { b.Batch = 0 })
			}
			gate.Open()
			if err := <-listed; err != nil {
				t.Fatal(err)
			}
			lists := func() int {
				names(t, v, "d")
				return len(tree.Calls("List"))
			}
			<-time.After(tc.after - time.Second)
			if n := lists(); n != 1 {
				t.Errorf("%v: listed again %v after it arrived", tc.took, tc.after-time.Second)
			}
			<-time.After(2 * time.Second)
			if n := lists(); n != 2 {
				t.Errorf("%v: still believed %v after it arrived", tc.took, tc.after+time.Second)
			}
		})
	}
}

// While a directory is read, its names are believed longer than TTL, and no
// longer; who opens it then gets a new listing.
func TestNamesOfDirBeingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := batched(35)
		v := newVolume(t, tree, cache.Options{TTL: 10 * time.Second})
		v.SetLarge(1)
		d := openDir(t, v, "d")
		stat := func(at int) {
			t.Helper()
			a, err := v.Stat(t.Context(), fmt.Sprintf("d/f%04d", at))
			if err != nil || a.Size != int64(at) || a.Fresh <= 0 {
				t.Errorf("%+v, %v", a, err)
			}
		}
		for at := range 30 {
			if _, err := d.Rows(t.Context(), at, make([]cache.Dirent, 1)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
			stat(at)
		}
		if n := len(tree.Calls("List")); n != 1 {
			t.Errorf("listed %d times while it was read", n)
		}
		<-time.After(2 * time.Second)
		stat(30)
		if n := len(tree.Calls("List")); n != 2 {
			t.Errorf("listed %d times, want a second time after it was read", n)
		}
		<-time.After(11 * time.Second)
		if _, err := d.Rows(t.Context(), 31, make([]cache.Dirent, 1)); err != nil {
			t.Fatal(err)
		}
		stat(31)
		openDir(t, v, "d")
		if n := len(tree.Calls("List")); n != 3 {
			t.Errorf("listed %d times: an old listing is believed because its reader goes on", n)
		}
	})
}

// A name that was read, then removed and made again, is not read twice.
func TestRemadeWhileItIsRead(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/a", nil)
	tree.Put("/d/b", nil)
	v := newVolume(t, tree, cache.Options{})
	d, err := v.OpenDir(t.Context(), "d")
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]cache.Dirent, 10)
	n, err := d.Rows(t.Context(), 0, rows)
	if err != nil || n != 2 {
		t.Fatalf("%d rows, %v", n, err)
	}
	if err := v.Unlink(t.Context(), "d/a"); err != nil {
		t.Fatal(err)
	}
	h, _, err := v.Create(t.Context(), "d/a", os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if more, err := d.Rows(t.Context(), n, rows); err != nil || more != 0 {
		t.Errorf("%v more, %v", rows[:more], err)
	}
	if all := names(t, v, "d"); len(all) != 2 || !all["a"] || !all["b"] {
		t.Errorf("who opens the directory now reads %v", all)
	}
}
