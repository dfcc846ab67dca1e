package cache_test

import (
	"os"
	"testing"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestTooLargeToKeep: a file larger than the cache leaves room for others when one
// reads it in order, and is kept as far as possible for several who have it open.
func TestTooLargeToKeep(t *testing.T) {
	const budget = 4 << 20
	tree := fakeremote.New()
	want := octets(6<<20, 1)
	tree.Put("/f", want)
	tree.Put("/small", octets(200_000, 2))
	for _, open2 := range []bool{false, true} {
		v := newVolume(t, tree, cache.Options{CacheBytes: budget})
		load(t, v, "small")
		if open2 {
			defer open(t, v, "f", os.O_RDONLY).Release()
		}
		same(t, "content", load(t, v, "f"), want)
		switch n := v.BlockBytes(); {
		case !open2 && n > budget*3/4:
			t.Errorf("%d octets are kept of what is not read again", n)
		case open2 && n < budget*3/4:
			t.Errorf("%d octets are kept for the other who has the file open", n)
		}
		tree.ForgetCalls()
		load(t, v, "small")
		if n := len(tree.Calls("Retrieve")); !open2 && n != 0 {
			t.Error("a small file was thrown out by one that is too large to be kept")
		}
	}
}
