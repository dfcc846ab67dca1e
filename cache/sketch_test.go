package cache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// sketched is a tree of which the times arrive after the names: until the gate
// is opened.
func sketched(t *testing.T, o cache.Options) (*fakeremote.Tree, *cache.Volume, *fakeremote.Gate) {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Sketch = true })
	tree.PutDir("/d/sub")
	tree.Put("/d/file", []byte("content"))
	v := newVolume(t, tree, o)
	return tree, v, tree.Block("Sketch", "/d")
}

type looked struct {
	a   cache.Attr
	err error
}

// lookups looks names up, each on its own goroutine.
func lookups(t *testing.T, look func(context.Context, string) (cache.Attr, error), paths ...string) map[string]chan looked {
	all := map[string]chan looked{}
	for _, p := range paths {
		c := make(chan looked, 1)
		all[p] = c
		go func() {
			a, err := look(t.Context(), p)
			c <- looked{a, err}
		}()
	}
	synctest.Wait()
	return all
}

// The name that was asked for is answered, a directory is gone through, and a name
// known not to exist, as soon as names and types are there. Another file, and who
// wants more than the type, waits.
func TestLookupBeforeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, v, gate := sketched(t, cache.Options{})
		tree.Put("/d/first", []byte("of all"))
		first := lookups(t, v.Stat, "d/first")
		got := lookups(t, v.Lookup, "d/sub", "d/file", "d/none")
		waiting := lookups(t, v.Stat, "d/sub")
		for _, c := range []chan looked{got["d/file"], waiting["d/sub"]} {
			if len(c) > 0 {
				t.Errorf("answered before the times were there: %+v", <-c)
			}
		}
		if len(first["d/first"]) == 0 || len(got["d/sub"]) == 0 || len(got["d/none"]) == 0 {
			t.Fatal("what was asked for, the directory, or the name that does not exist, waits for times")
		}
		if r := <-first["d/first"]; r.err != nil || r.a.Size != 6 || r.a.Approximate || r.a.Fresh <= 0 {
			t.Errorf("what was asked for: %+v", r)
		}
		if r := <-got["d/sub"]; r.err != nil || r.a.Type != ftpclient.TypeDir || !r.a.Approximate || r.a.Fresh <= 0 {
			t.Errorf("the directory: %+v", r)
		}
		r := <-got["d/none"]
		kind(t, r.err, ftpclient.KindNotExist)
		if r.a.Fresh <= 0 || r.a.Fresh > time.Hour {
			t.Errorf("that it does not exist is believed for %v", r.a.Fresh)
		}
		gate.Open()
		if r := <-waiting["d/sub"]; r.err != nil || r.a.Approximate || r.a.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("stat of the directory: %+v", r)
		}
		if a, err := v.Lookup(t.Context(), "d/sub"); err != nil || a.Approximate {
			t.Errorf("afterwards: %+v, %v", a, err)
		}
		if r := <-got["d/file"]; r.err != nil || r.a.Size != 7 || r.a.Approximate {
			t.Errorf("the file: %+v", r)
		}
	})
}

// What is changed here while the times are on their way is not answered from
// before it.
func TestLookupBeforeTimesSeesChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, v, gate := sketched(t, cache.Options{})
		lookups(t, v.Lookup, "d/sub")
		if _, err := v.Mkdir(t.Context(), "d/made", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := v.Rmdir(t.Context(), "d/sub"); err != nil {
			t.Fatal(err)
		}
		got := lookups(t, v.Lookup, "d/made", "d/sub")
		gate.Open()
		if r := <-got["d/made"]; r.err != nil {
			t.Errorf("what was made: %v", r.err)
		}
		kind(t, (<-got["d/sub"]).err, ftpclient.KindNotExist)
	})
}

// Where nothing is believed, names that were there before the call are not
// believed either.
func TestLookupBeforeTimesAsksAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, v, gate := sketched(t, cache.Options{TTL: time.Nanosecond})
		lookups(t, v.Lookup, "d/sub")
		<-time.After(time.Second)
		tree.Drop("/d/sub")
		got := lookups(t, v.Lookup, "d/sub")
		if len(got["d/sub"]) > 0 {
			t.Errorf("answered by what was listed before: %+v", <-got["d/sub"])
		}
		gate.Open()
		kind(t, (<-got["d/sub"]).err, ftpclient.KindNotExist)
	})
}

// Where nothing is believed, a name costs a question about it, not a listing of
// its directory, and a directory that is read one listing.
func TestNothingBelieved(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/file", []byte("content"))
	tree.Put("/d/more", nil)
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(context.Background())
	for range 2 {
		if a, err := v.Lookup(t.Context(), "d/file"); err != nil || a.Size != 7 || a.Fresh > 0 {
			t.Errorf("%+v, %v", a, err)
		}
	}
	_, err = v.Stat(t.Context(), "d/none")
	kind(t, err, ftpclient.KindNotExist)
	if asked, listed := len(tree.Calls("Stat")), len(tree.Calls("List")); asked != 3 || listed != 0 {
		t.Errorf("%d questions and %d listings for three answers", asked, listed)
	}
	if got := names(t, v, "d"); len(got) != 2 || len(tree.Calls("List")) != 1 {
		t.Errorf("%v after %d listings", got, len(tree.Calls("List")))
	}
	tree.Drop("/d/file")
	_, err = v.Lookup(t.Context(), "d/file")
	kind(t, err, ftpclient.KindNotExist)
}

// Of a large directory that arrives, what was told first is answered while the rest
// is waited for, unless it was changed here meanwhile.
func TestLookupBeforeLargeListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Configure(func(b *fakeremote.Behaviour) { b.First = true })
		tree.Put("/d/file", []byte("content"))
		tree.Put("/d/other", nil)
		v := newVolume(t, tree, cache.Options{})
		gate := tree.Block("First", "/d")
		first := lookups(t, v.Stat, "d/file")
		other := lookups(t, v.Stat, "d/other")
		if len(first["d/file"]) == 0 || len(other["d/other"]) > 0 {
			t.Fatalf("answered: %d of what was told, %d of another", len(first["d/file"]), len(other["d/other"]))
		}
		if r := <-first["d/file"]; r.err != nil || r.a.Size != 7 || r.a.Approximate || r.a.Fresh <= 0 {
			t.Errorf("what was told: %+v", r)
		}
		if err := v.Unlink(t.Context(), "d/file"); err != nil {
			t.Error(err)
		}
		again := lookups(t, v.Stat, "d/file")
		gate.Open()
		r := <-again["d/file"]
		kind(t, r.err, ftpclient.KindNotExist)
		if r := <-other["d/other"]; r.err != nil {
			t.Errorf("the other: %v", r.err)
		}
	})
}
