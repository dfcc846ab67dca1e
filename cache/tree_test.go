package cache_test

import (
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

func TestLookupsCostOneListing(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/a", []byte("a"))
	tree.Put("/d/b", []byte("bb"))
	v := newVolume(t, tree, cache.Options{})
	for range 3 {
		if a, err := v.Stat(t.Context(), "d/b"); err != nil || a.Size != 2 || a.Type != ftpclient.TypeFile {
			t.Fatalf("stat d/b: %+v, %v", a, err)
		}
		_, err := v.Stat(t.Context(), "d/none")
		kind(t, err, ftpclient.KindNotExist)
	}
	if n := len(tree.Calls("")); n != 1 {
		t.Errorf("%d calls, want one listing: %v", n, tree.Calls(""))
	}
}

func TestIncompleteListingDoesNotDeny(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/a", []byte("a"))
	tree.Configure(func(b *fakeremote.Behaviour) {
		b.Skipped = []ftpclient.Skipped{{Line: "garbage", Reason: "unreadable"}}
	})
	v := newVolume(t, tree, cache.Options{})
	_, err := v.Stat(t.Context(), "b")
	kind(t, err, ftpclient.KindNotExist)
	if len(tree.Calls("Stat")) != 1 {
		t.Error("a name that an incomplete listing lacks was denied without asking")
	}
}

func TestListingIsSharedWhileOnItsWay(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/a", []byte("a"))
	gate := tree.Block("List", "/d")
	v := newVolume(t, tree, cache.Options{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := v.Stat(t.Context(), "d/a"); err != nil {
				t.Error(err)
			}
		})
	}
	<-gate.Entered()
	gate.Open()
	wg.Wait()
	if n := len(tree.Calls("List")); n > 2 {
		t.Errorf("%d listings for 20 readers", n)
	}
}

// TestOwnChangeDuringListing: a listing that left the server before a change,
// and arrives after it, does not undo it here.
func TestOwnChangeDuringListing(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/old", []byte("old"))
	late := &lateLister{Tree: tree, asked: make(chan struct{}), answer: make(chan struct{})}
	v2, err := cache.NewVolume(late, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := v2.List(t.Context(), "d"); done <- err }()
	<-late.asked
	if _, err := v2.Mkdir(t.Context(), "d/new", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := v2.Unlink(t.Context(), "d/old"); err != nil {
		t.Fatal(err)
	}
	close(late.answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := names(t, v2, "d"); !got["new"] || got["old"] {
		t.Errorf("listing after the changes: %v", got)
	}
}

func TestChangeBehindIsSeenAfterTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Put("/a", []byte("1"))
		v := newVolume(t, tree, cache.Options{TTL: 10 * time.Second})
		a, err := v.Stat(t.Context(), "a")
		if err != nil || a.Fresh != 10*time.Second {
			t.Fatalf("%+v, %v", a, err)
		}
		tree.Put("/a", []byte("222"))
		tree.Put("/b", nil)
		time.Sleep(9 * time.Second)
		if a, _ = v.Stat(t.Context(), "a"); a.Size != 1 || a.Fresh != time.Second {
			t.Errorf("before the TTL: %+v", a)
		}
		time.Sleep(time.Second)
		if a, _ = v.Stat(t.Context(), "a"); a.Size != 3 {
			t.Errorf("after the TTL: %+v", a)
		}
		if !names(t, v, "")["b"] {
			t.Error("a new file is not seen after the TTL")
		}
		same(t, "content after the TTL", load(t, v, "a"), []byte("222"))
	})
}

func TestMkdirRmdirRename(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{Root: "/home"})
	tree.PutDir("/home")
	ctx := t.Context()
	if _, err := v.Mkdir(ctx, "a", 0o700); err != nil {
		t.Fatal(err)
	}
	if a, err := v.Stat(ctx, "a"); err != nil || a.Type != ftpclient.TypeDir || a.Mode != 0o700 {
		t.Fatalf("%+v, %v", a, err)
	}
	save(t, v, "a/f", []byte("one"))
	kind(t, v.Rmdir(ctx, "a"), ftpclient.KindNotEmpty)
	if err := v.Rename(ctx, "a", "b", false); err != nil {
		t.Fatal(err)
	}
	tree.ForgetCalls()
	if got := names(t, v, "b"); !got["f"] || len(tree.Calls("")) != 0 {
		t.Errorf("after moving a listed directory: %v, calls %v", got, tree.Calls(""))
	}
	_, err := v.Stat(ctx, "a")
	kind(t, err, ftpclient.KindNotExist)
	save(t, v, "g", []byte("two"))
	kind(t, v.Rename(ctx, "g", "b/f", true), ftpclient.KindExist)
	if err := v.Rename(ctx, "g", "b/f", false); err != nil {
		t.Fatal(err)
	}
	same(t, "replaced", load(t, v, "b/f"), []byte("two"))
	onServer(t, tree, "/home/b/f", []byte("two"))
	if err := v.Unlink(ctx, "b/f"); err != nil {
		t.Fatal(err)
	}
	if err := v.Rmdir(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if len(names(t, v, "")) != 0 || len(tree.Names("/home")) != 0 {
		t.Error("not everything is gone")
	}
}

// TestFullOfWhatIsNotSent: a directory is not empty whose only file is not on the
// server yet.
func TestFullOfWhatIsNotSent(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	ctx := t.Context()
	for _, dir := range []string{"a", "b"} {
		if _, err := v.Mkdir(ctx, dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h, _, err := v.Create(ctx, "a/f", os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Names("/a")) != 0 {
		t.Fatal("the server has the file already")
	}
	kind(t, v.Rmdir(ctx, "a"), ftpclient.KindNotEmpty)
	kind(t, v.Rename(ctx, "b", "a", false), ftpclient.KindNotEmpty)
	if _, err := h.WriteAt(ctx, []byte("kept"), 0); err != nil {
		t.Fatal(err)
	}
	if err := h.Flush(ctx); err != nil {
		t.Error(err)
	}
	h.Release()
	onServer(t, tree, "/a/f", []byte("kept"))
}

func TestRenameOntoFileWhereServerRefuses(t *testing.T) {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.KeepTarget = true })
	tree.Put("/old", []byte("old"))
	tree.Put("/new", []byte("new"))
	v := newVolume(t, tree, cache.Options{})
	if err := v.Rename(t.Context(), "new", "old", false); err != nil {
		t.Fatal(err)
	}
	onServer(t, tree, "/old", []byte("new"))
	if n := tree.Names("/"); len(n) != 1 {
		t.Errorf("left on the server: %v", n)
	}
	save(t, v, "old", []byte("newer"))
	onServer(t, tree, "/old", []byte("newer"))
	if n := tree.Names("/"); len(n) != 1 {
		t.Errorf("left on the server: %v", n)
	}
}

func TestReadlinkOfAbsoluteTargets(t *testing.T) {
	tree := fakeremote.New()
	for link, target := range map[string]string{"/r/d/rel": "../x", "/r/d/in": "/r/e/f", "/r/d/sibling": "/r/d/x", "/r/d/root": "/r", "/r/d/out": "/etc/passwd", "/r/d/near": "/rest"} {
		tree.PutSymlink(target, link)
	}
	v := newVolume(t, tree, cache.Options{Root: "/r"})
	for link, want := range map[string]string{"rel": "../x", "in": "../e/f", "sibling": "x", "root": "..", "out": "/etc/passwd", "near": "/rest"} {
		if got, err := v.Readlink(t.Context(), "d/"+link); got != want || err != nil {
			t.Errorf("readlink %s = %q, %v; want %q", link, got, err, want)
		}
	}
}

func TestSetAttr(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("0123456789"))
	v := newVolume(t, tree, cache.Options{})
	mode, size, mtime := uint32(0o640), int64(4), time.Date(2020, 2, 29, 12, 0, 7, 5, time.UTC)
	if _, err := v.SetAttr(t.Context(), "f", cache.Change{Size: &size}); err != nil {
		t.Fatal(err)
	}
	a, err := v.SetAttr(t.Context(), "f", cache.Change{Mode: &mode, ModTime: &mtime})
	if err != nil {
		t.Fatal(err)
	}
	if a.Size != 4 || a.Mode != mode || !a.ModTime.Equal(mtime.Truncate(time.Second)) {
		t.Errorf("%+v", a)
	}
	onServer(t, tree, "/f", []byte("0123"))
	e, _ := tree.Look("/f")
	if e.Mode != mode || !e.ModTime.Equal(mtime.Truncate(time.Second)) {
		t.Errorf("on the server: %+v", e)
	}
}

func TestAttributesTheServerCannotSetAreLeft(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("x"))
	tree.Configure(func(b *fakeremote.Behaviour) {
		f := &b.Features
		f.MFMT, f.MDTMSet, f.SiteUtime, f.SiteChmod = ftpclient.No, ftpclient.No, ftpclient.No, ftpclient.No
	})
	v := newVolume(t, tree, cache.Options{})
	before, err := v.Stat(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	mode, mtime := uint32(0o600), time.Unix(1e9, 0)
	after, err := v.SetAttr(t.Context(), "f", cache.Change{Mode: &mode, ModTime: &mtime})
	if err != nil || after.Mode != before.Mode || !after.ModTime.Equal(before.ModTime) {
		t.Errorf("%+v, %v; want the attributes as they were, %+v", after, err, before)
	}
}

func TestReadOnly(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("x"))
	v := newVolume(t, tree, cache.Options{ReadOnly: true})
	ctx := t.Context()
	_, err := v.Mkdir(ctx, "d", 0o755)
	kind(t, err, ftpclient.KindReadOnly)
	kind(t, v.Unlink(ctx, "f"), ftpclient.KindReadOnly)
	kind(t, v.Rename(ctx, "f", "g", false), ftpclient.KindReadOnly)
	_, _, err = v.Create(ctx, "g", 0, 0o644)
	kind(t, err, ftpclient.KindReadOnly)
	same(t, "f", load(t, v, "f"), []byte("x"))
}

// TestExactTimesOutliveInexactListings: a directory made here has a time to the
// second; the next LIST has its minute.
func TestExactTimesOutliveInexactListings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		tree.Configure(func(b *fakeremote.Behaviour) { b.Precision, b.Features.MLST = time.Minute, false })
		v := newVolume(t, tree, cache.Options{TTL: time.Second})
		names(t, v, "")
		time.Sleep(17 * time.Second)
		names(t, v, "")
		if _, err := v.Mkdir(t.Context(), "d", 0o755); err != nil {
			t.Fatal(err)
		}
		before, err := v.Stat(t.Context(), "d")
		if err != nil || before.ModTime.Second() != 17 {
			t.Fatalf("%+v, %v", before, err)
		}
		time.Sleep(5 * time.Second)
		after, err := v.Stat(t.Context(), "d")
		if err != nil || !after.ModTime.Equal(before.ModTime) {
			t.Errorf("after the TTL %v, before %v; %v", after.ModTime, before.ModTime, err)
		}
		tree.Touch("/d", before.ModTime.Add(time.Hour))
		time.Sleep(5 * time.Second)
		if after, _ = v.Stat(t.Context(), "d"); !after.ModTime.After(before.ModTime.Add(50 * time.Minute)) {
			t.Errorf("a new time is not seen: %v", after.ModTime)
		}
	})
}

// TestNamesOfUnlistableDirectory: a directory that may be entered but not read
// has names that can be used, as locally.
func TestNamesOfUnlistableDirectory(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/f", []byte("secret path"))
	tree.Fail("List", "/d", -1, fakeremote.Error("MLSD", "/d", ftpclient.KindPermission, 550, "Permission denied"))
	v := newVolume(t, tree, cache.Options{})
	_, err := v.List(t.Context(), "d")
	kind(t, err, ftpclient.KindPermission)
	same(t, "d/f", load(t, v, "d/f"), []byte("secret path"))
	_, err = v.Stat(t.Context(), "d/none")
	kind(t, err, ftpclient.KindNotExist)
}

// TestAttributesTheServerNeverSets: denied from the beginning is the same as
// not there; denied after it was allowed once is an error.
func TestAttributesTheServerNeverSets(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("x"))
	denied := fakeremote.Error("SITE CHMOD", "/f", ftpclient.KindPermission, 550, "Permission denied.")
	tree.Fail("Chmod", "", 1, denied)
	v := newVolume(t, tree, cache.Options{})
	mode := uint32(0o600)
	for range 2 {
		if _, err := v.SetAttr(t.Context(), "f", cache.Change{Mode: &mode}); err != nil {
			t.Fatal(err)
		}
	}
	tree.Fail("Chmod", "", 1, denied)
	_, err := v.SetAttr(t.Context(), "f", cache.Change{Mode: &mode})
	kind(t, err, ftpclient.KindPermission)
}

// TestFailedCreateHoldsNothing: a file that is there, and opened, but of which the look
// fails is not held by anybody.
func TestFailedCreateHoldsNothing(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("content"))
	v := newVolume(t, tree, cache.Options{TTL: -1})
	tree.FailAfter("Stat", "/f", 2, 1, lost)
	h, _, err := v.Create(t.Context(), "f", os.O_WRONLY|os.O_CREATE, 0o644)
	if kind(t, err, ftpclient.KindNetwork); h != nil || v.OpenFiles() != 0 {
		t.Errorf("handle %v, %d files are open", h, v.OpenFiles())
	}
}
