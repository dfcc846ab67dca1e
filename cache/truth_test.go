package cache_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// A file that is replaced by one of the same size while it is read: what is read
// later is refused, as it is of another version, and who opens it anew gets it.
func TestNoOctetsOfTwoVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		before, after := octets(16<<20, 1), octets(16<<20, 2)
		tree.Put("/f", before)
		<-time.After(time.Minute) // its time is settled
		v := newVolume(t, tree, cache.Options{})
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		buf := make([]byte, 1000)
		if _, err := h.ReadAt(t.Context(), buf, 0); err != nil {
			t.Fatal(err)
		}
		same(t, "first", buf, before[:1000])
		tree.Put("/f", after)
		_, err := h.ReadAt(t.Context(), buf, 12<<20) // by another download
		kind(t, err, ftpclient.KindChanged)
		same(t, "opened anew", load(t, v, "f"), after)
	})
}

// A download that ends early though the server said how long the file is goes on
// from where it stands.
func TestEarlyEndGoesOn(t *testing.T) {
	tree := fakeremote.New()
	want := octets(2<<20, 3)
	tree.Put("/f", want)
	v := newVolume(t, cutter{tree}, cache.Options{})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	buf := make([]byte, len(want))
	n, err := h.ReadAt(t.Context(), buf, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "content", buf[:n], want)
	if n := len(tree.Calls("Retrieve")); n < 2 {
		t.Errorf("%d downloads", n)
	}
}

// A server that has less than it says is an error in the end.
func TestLessThanIsSaid(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", octets(1<<20, 4))
	v := newVolume(t, miser{tree}, cache.Options{})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	_, err := h.ReadAt(t.Context(), make([]byte, 1<<20), 0)
	kind(t, err, ftpclient.KindTruncated)
}

// A descriptor that has read one version gets nothing of another that somebody
// else has made, unless it begins anew or goes on behind the end.
func TestDescriptorKeepsToOneVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		before, after := octets(500_000, 1), octets(600_000, 2)
		tree.Put("/f", before)
		<-time.After(time.Minute)
		v := newVolume(t, tree, cache.Options{})
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		read := func(off int64) ([]byte, error) {
			buf := make([]byte, 1000)
			n, err := h.ReadAt(t.Context(), buf, off)
			return buf[:n], err
		}
		first, err := read(0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "first", first, before[:1000])
		tree.Put("/f", after)
		v.Refresh("f")
		same(t, "opened anew", load(t, v, "f"), after)
		_, err = read(300_000)
		kind(t, err, ftpclient.KindChanged)
		if _, _, err := h.Views(t.Context(), 300_000, 10); ftpclient.KindOf(err) != ftpclient.KindChanged {
			t.Errorf("View: %v", err)
		}
		for _, off := range []int64{500_000, 0, 300_000} {
			got, err := read(off)
			if err != nil {
				t.Fatalf("at %d: %v", off, err)
			}
			same(t, "anew", got, after[off:off+1000])
		}
	})
}

// What is changed through the mount is seen by all descriptors, as on a disk.
func TestDescriptorSeesOwnChanges(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("before, and long"))
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDONLY)
	defer h.Release()
	buf := make([]byte, 4)
	if _, err := h.ReadAt(t.Context(), buf, 0); err != nil {
		t.Fatal(err)
	}
	save(t, v, "f", []byte("after, and longer"))
	if n, err := h.ReadAt(t.Context(), buf, 4); err != nil {
		t.Fatal(err)
	} else {
		same(t, "after", buf[:n], []byte("r, a"))
	}
}

// A file that was just written when it was listed has a version that is not
// certain. Listed again it is another, but no other file for who reads it.
func TestNewFileIsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/f", octets(500_000, 1))
		v := newVolume(t, tree, cache.Options{TTL: 10 * time.Second})
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		for _, off := range []int64{0, 100_000, 300_000} {
			if _, err := h.ReadAt(t.Context(), make([]byte, 1000), off); err != nil {
				t.Fatal(err)
			}
			<-time.After(11 * time.Second)
			if _, err := v.Stat(t.Context(), "f"); err != nil {
				t.Fatal(err)
			}
			load(t, v, "f")
		}
	})
}
