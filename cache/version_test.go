package cache_test

import (
	"os"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// A version is that of the content: the same while that stays, another when it has
// changed, and none where it may have changed unseen.
func TestVersion(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("one"))
	tree.Touch("/f", time.Now().Add(-time.Hour))
	v := newVolume(t, tree, cache.Options{TTL: time.Hour})
	version := func(name string) (cache.Version, bool) {
		t.Helper()
		h := open(t, v, name, os.O_RDONLY)
		defer h.Release()
		return h.Version()
	}
	first, ok := version("f")
	if again, okAgain := version("f"); !ok || !okAgain || first != again {
		t.Errorf("unchanged: %v, %v, %v", first == again, ok, okAgain)
	}
	tree.Put("/f", []byte("two"))
	tree.Touch("/f", time.Now().Add(-time.Minute))
	v.Refresh("")
	if second, ok := version("f"); !ok || second == first {
		t.Errorf("changed: the same version: %v, %v", second == first, ok)
	}
	tree.Put("/new", []byte("x"))
	v.Refresh("")
	if _, ok := version("new"); ok {
		t.Error("a file that may change within its second has a version")
	}
}

// What was only written here has no version, and what was sent has another.
func TestVersionOfLocalChanges(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("one"))
	tree.Touch("/f", time.Now().Add(-time.Hour))
	v := newVolume(t, tree, cache.Options{TTL: time.Hour})
	h := open(t, v, "f", os.O_RDWR)
	defer h.Release()
	before, ok := h.Version()
	if !ok {
		t.Fatal("no version")
	}
	write(t, h, []byte("X"), 1)
	if _, ok := h.Version(); ok {
		t.Error("unsent changes have a version")
	}
	flush(t, h)
	if after, _ := h.Version(); after == before {
		t.Error("what was sent has the version of what it replaced")
	}
}

// A time that is set through an open file tells the version only if it is older than
// two seconds: within its second the file may change once more.
func TestVersionOfSetTime(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("one"))
	tree.Touch("/f", time.Now().Add(-time.Hour))
	v := newVolume(t, tree, cache.Options{TTL: time.Hour})
	h := open(t, v, "f", os.O_RDWR)
	defer h.Release()
	for _, c := range []struct {
		age   time.Duration
		exact bool
	}{{time.Minute, true}, {0, false}} {
		at := time.Now().Add(-c.age)
		if _, err := h.SetAttr(t.Context(), cache.Change{ModTime: &at}); err != nil {
			t.Fatal(err)
		}
		if _, ok := h.Version(); ok != c.exact {
			t.Errorf("set to %v ago: it has a version: %v", c.age, ok)
		}
	}
}
