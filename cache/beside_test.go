package cache_test

import (
	"os"
	"testing"
	"testing/synctest"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestChangeOfALargeFile: what was not changed comes and goes at the same time, or
// one after the other where there is only one connection or the download breaks.
func TestChangeOfALargeFile(t *testing.T) {
	for name, act := range map[string]func(*fakeremote.Tree){
		"beside":                    func(*fakeremote.Tree) {},
		"one connection":            func(tree *fakeremote.Tree) { tree.Configure(func(b *fakeremote.Behaviour) { b.Connections = 1 }) },
		"two connections":           func(tree *fakeremote.Tree) { tree.Configure(func(b *fakeremote.Behaviour) { b.Connections = 2 }) },
		"the download breaks":       func(tree *fakeremote.Tree) { tree.Fail("Read", "/f", 1, lost) },
		"the download breaks later": func(tree *fakeremote.Tree) { tree.FailAfter("Read", "/f", 20, 1, lost) },
		"the upload breaks":         func(tree *fakeremote.Tree) { tree.Fail("Write", "", 2, lost) },
	} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			want := octets(4<<20, 3)
			tree.Put("/f", want)
			v := newVolume(t, tree, cache.Options{})
			h := open(t, v, "f", os.O_RDWR)
			write(t, h, []byte("five!"), 2<<20)
			copy(want[2<<20:], "five!")
			tree.ForgetCalls()
			act(tree)
			if err := h.Flush(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			onServer(t, tree, "/f", want)
			same(t, name+": as seen here", content(t, h), want)
			h.Release()
			onlyName(t, tree, "f")
			if n := len(tree.Calls("Retrieve")); name == "beside" && n != 1 {
				t.Errorf("%d downloads", n)
			}
		})
	}
}
