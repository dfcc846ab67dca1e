package cache_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

func TestCreateIsOnServerWhenFlushed(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	h := create(t, v, "f")
	defer h.Release()
	data := octets(300_000, 1)
	write(t, h, data, 0)
	if _, ok := tree.Get("/f"); ok {
		t.Error("on the server before the flush")
	}
	if a, err := v.Stat(t.Context(), "f"); err != nil || a.Size != 300_000 || a.Fresh != 0 {
		t.Errorf("unsent: %+v, %v", a, err)
	}
	if !names(t, v, "")["f"] {
		t.Error("an unsent file is not listed")
	}
	same(t, "unsent", content(t, h), data)
	tree.ForgetCalls()
	flush(t, h)
	onServer(t, tree, "/f", data)
	flush(t, h)
	if n := len(tree.Calls("Store")); n != 1 {
		t.Errorf("%d uploads", n)
	}
	_, _, err := v.Create(t.Context(), "f", os.O_EXCL, 0o644)
	kind(t, err, ftpclient.KindExist)
}

func TestChangeInTheMiddle(t *testing.T) {
	tree := fakeremote.New()
	want := octets(3<<20, 2)
	tree.Put("/f", want)
	tree.PutMode("/f", 0o600)
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDWR)
	defer h.Release()
	patch := []byte("five!")
	write(t, h, patch, 1<<20)
	copy(want[1<<20:], patch)
	if n := len(tree.Calls("Retrieve")); n != 0 {
		t.Errorf("%d downloads at open and write", n)
	}
	same(t, "before the flush", content(t, h), want)
	flush(t, h)
	onServer(t, tree, "/f", want)
	if e, _ := tree.Look("/f"); e.Mode != 0o600 {
		t.Errorf("mode %o after the replacement, want 600", e.Mode)
	}
	if n := tree.Names("/"); len(n) != 1 {
		t.Errorf("left on the server: %v", n)
	}
}

func TestTruncateAndExtend(t *testing.T) {
	tree := fakeremote.New()
	data := octets(400_000, 3)
	tree.Put("/f", data)
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDWR)
	defer h.Release()
	for _, size := range []int64{100_000, 200_000} {
		if _, err := h.SetAttr(t.Context(), cache.Change{Size: &size}); err != nil {
			t.Fatal(err)
		}
	}
	want := append(bytes.Clone(data[:100_000]), make([]byte, 100_000)...)
	same(t, "before the flush", content(t, h), want)
	flush(t, h)
	onServer(t, tree, "/f", want)
}

func TestAppendersDoNotOverwrite(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/log", []byte("0\n"))
	v := newVolume(t, tree, cache.Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				h := open(t, v, "log", os.O_WRONLY|os.O_APPEND)
				for range 5 {
					write(t, h, []byte("line\n"), 0)
				}
				flush(t, h)
				h.Release()
			}
		})
	}
	wg.Wait()
	got, _ := tree.Get("/log")
	same(t, "log", got, append([]byte("0\n"), bytes.Repeat([]byte("line\n"), 400)...))
}

// TestFailedUploadKeepsOldVersion: at whatever call an upload fails for good,
// the flush says so and the server keeps the old version whole.
func TestFailedUploadKeepsOldVersion(t *testing.T) {
	full := fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 452, "Insufficient storage")
	for _, op := range []string{"Store", "Write", "Reply", "Verify", "Rename"} {
		t.Run(op, func(t *testing.T) {
			tree := fakeremote.New()
			tree.Put("/f", []byte("old"))
			dir := t.TempDir()
			v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir})
			if err != nil {
				t.Fatal(err)
			}
			h := open(t, v, "f", os.O_RDWR|os.O_TRUNC)
			write(t, h, []byte("new"), 0)
			tree.Fail(op, "", -1, full)
			kind(t, h.Flush(t.Context()), ftpclient.KindNoSpace)
			kind(t, h.Sync(t.Context()), ftpclient.KindNoSpace)
			onServer(t, tree, "/f", []byte("old"))
			h.Release()
			kept, _ := filepath.Glob(filepath.Join(dir, "*.unsent"))
			if len(kept) != 1 {
				t.Fatalf("kept: %v", kept)
			}
			if data, _ := os.ReadFile(kept[0]); string(data) != "new" {
				t.Errorf("kept data: %q", data)
			}
			same(t, "after the failure", load(t, v, "f"), []byte("old"))
		})
	}
}

func TestUploadIsTriedAgain(t *testing.T) {
	for _, op := range []string{"Store", "Write", "Reply", "Verify"} {
		t.Run(op, func(t *testing.T) {
			tree := fakeremote.New()
			tree.Put("/f", []byte("old"))
			tree.Fail(op, "", 2, lost)
			v := newVolume(t, tree, cache.Options{})
			save(t, v, "f", octets(200_000, 4))
			onServer(t, tree, "/f", octets(200_000, 4))
			if n := tree.Names("/"); len(n) != 1 {
				t.Errorf("left on the server: %v", n)
			}
		})
	}
}

func TestShortUploadIsNoticed(t *testing.T) {
	tree := fakeremote.New()
	v, err := cache.NewVolume(thief{tree}, cache.Options{Root: "/", SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h := create(t, v, "f")
	write(t, h, []byte("0123456789"), 0)
	kind(t, h.Flush(t.Context()), ftpclient.KindTruncated)
	h.Release()
	if len(tree.Names("/")) != 0 {
		t.Error("a truncated new file stays on the server")
	}
}

func TestNewFileThatFailsIsNotLeft(t *testing.T) {
	tree := fakeremote.New()
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h := create(t, v, "f")
	write(t, h, octets(200_000, 5), 0)
	tree.Fail("Reply", "", -1, fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 552, "Quota exceeded"))
	kind(t, h.Flush(t.Context()), ftpclient.KindNoSpace)
	h.Release()
	_, err = v.Stat(t.Context(), "f")
	kind(t, err, ftpclient.KindNotExist)
	if n := tree.Names("/"); len(n) != 0 {
		t.Errorf("left on the server: %v", n)
	}
}

func TestOpenFileSurvivesUnlink(t *testing.T) {
	for _, size := range []int{100_000, 9 << 20} {
		tree := fakeremote.New()
		data := octets(size, 6)
		tree.Put("/d/f", data)
		v := newVolume(t, tree, cache.Options{CacheBytes: 1 << 20})
		h := open(t, v, "d/f", os.O_RDONLY)
		if err := v.Unlink(t.Context(), "d/f"); err != nil {
			t.Fatal(err)
		}
		if len(names(t, v, "d")) != 0 {
			t.Error("still listed")
		}
		save(t, v, "d/f", []byte("another"))
		same(t, "unlinked", content(t, h), data)
		h.Release()
		onServer(t, tree, "/d/f", []byte("another"))
		if err := v.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if n := tree.Names("/d"); len(n) != 1 {
			t.Errorf("left on the server: %v", n)
		}
	}
}

func TestOpenFileFollowsRename(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/f", []byte("old"))
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "d/f", os.O_RDWR)
	fresh := create(t, v, "d/g")
	write(t, h, []byte("NEW"), 0)
	write(t, fresh, []byte("fresh"), 0)
	if err := v.Rename(t.Context(), "d", "e", false); err != nil {
		t.Fatal(err)
	}
	if err := v.Rename(t.Context(), "e/f", "e/h", false); err != nil {
		t.Fatal(err)
	}
	if err := v.Rename(t.Context(), "e/g", "e/i", false); err != nil {
		t.Fatal(err)
	}
	flush(t, h)
	flush(t, fresh)
	h.Release()
	fresh.Release()
	onServer(t, tree, "/e/h", []byte("NEW"))
	onServer(t, tree, "/e/i", []byte("fresh"))
	if n := tree.Names("/e"); len(n) != 2 {
		t.Errorf("on the server: %v", n)
	}
}

func TestTimesAndModesGoWithTheUpload(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	h, _, err := v.Create(t.Context(), "f", os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	write(t, h, []byte("x"), 0)
	mtime, mode := time.Date(2001, 9, 9, 1, 46, 40, 0, time.UTC), uint32(0o755)
	if _, err := h.SetAttr(t.Context(), cache.Change{ModTime: &mtime, Mode: &mode}); err != nil {
		t.Fatal(err)
	}
	flush(t, h)
	e, _ := tree.Look("/f")
	if !e.ModTime.Equal(mtime) || e.Mode != mode {
		t.Errorf("on the server: %+v", e)
	}
	if a, err := v.Stat(t.Context(), "f"); err != nil || !a.ModTime.Equal(mtime) || a.Mode != mode {
		t.Errorf("here: %+v, %v", a, err)
	}
}

func TestSameSizeRewritesWithinASecond(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	for i := range 5 {
		want := octets(1000, uint64(i))
		save(t, v, "f", want)
		same(t, "just written", load(t, v, "f"), want)
	}
}

func TestOrphansDoNotKeepADirectory(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/.f.ftpfs-5000000012345678", []byte("half"))
	v := newVolume(t, tree, cache.Options{})
	if len(names(t, v, "d")) != 0 {
		t.Error("a temporary file is shown")
	}
	if err := v.Rmdir(t.Context(), "d"); err != nil {
		t.Error(err)
	}
}

func TestCloseUploadsWhatIsUnsent(t *testing.T) {
	tree := fakeremote.New()
	dir := t.TempDir()
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	h := create(t, v, "f")
	write(t, h, []byte("late"), 0)
	if err := v.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	onServer(t, tree, "/f", []byte("late"))
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%s is left though it was uploaded", left[0].Name())
	}
	h.Release()
}

func TestReadersCloseUploadsNothing(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	w := create(t, v, "f")
	write(t, w, []byte("half"), 0)
	r := open(t, v, "f", os.O_RDONLY)
	same(t, "what a reader sees", content(t, r), []byte("half"))
	flush(t, r)
	if n := len(tree.Calls("Store")); n != 0 {
		t.Errorf("%d uploads by a reader's close", n)
	}
	flush(t, w)
	w.Release()
	r.Release()
	onServer(t, tree, "/f", []byte("half"))
}

func TestCreateReadOnlyMakesTheFile(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	h, _, err := v.Create(t.Context(), "f", os.O_RDONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.WriteAt(t.Context(), []byte("x"), 0)
	if err != syscall.EBADF {
		t.Errorf("write: %v", err)
	}
	flush(t, h)
	h.Release()
	onServer(t, tree, "/f", nil)
}

// TestReaderAfterFailedUpload: when the last writer's upload has failed, those
// who still have the file open see what the server has.
func TestReaderAfterFailedUpload(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("old"))
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	r := open(t, v, "f", os.O_RDONLY)
	defer r.Release()
	w := open(t, v, "f", os.O_WRONLY)
	write(t, w, []byte("longer than before"), 0)
	tree.Fail("Store", "", -1, fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 452, "full"))
	kind(t, w.Flush(t.Context()), ftpclient.KindNoSpace)
	w.Release()
	same(t, "after the failure", content(t, r), []byte("old"))
}

// TestCloseEndsWithItsContext: an upload that does not end is given up, and
// its data kept.
func TestCloseEndsWithItsContext(t *testing.T) {
	tree := fakeremote.New()
	gate := tree.Block("Store", "")
	dir := t.TempDir()
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	h := create(t, v, "f")
	write(t, h, []byte("late"), 0)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- v.Close(ctx) }()
	<-gate.Entered()
	cancel()
	if err := <-done; err == nil {
		t.Error("Close says that all was uploaded")
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "*.unsent")); len(kept) != 1 {
		t.Errorf("kept: %v", kept)
	}
	h.Release()
}

// TestOpenTruncatesForReaders: O_TRUNC empties a file that is opened to be read, as
// on Linux, and the close sends that.
func TestOpenTruncatesForReaders(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("content"))
	v := newVolume(t, tree, cache.Options{TTL: time.Hour})
	h, err := v.Open(t.Context(), "f", os.O_RDONLY|os.O_TRUNC)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if a, err := h.Stat(t.Context()); err != nil || a.Size != 0 {
		t.Errorf("opened: %+v, %v", a, err)
	}
	if _, err := h.WriteAt(t.Context(), []byte("x"), 0); err == nil {
		t.Error("a reader writes")
	}
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, ok := tree.Get("/f"); !ok || len(got) != 0 {
		t.Errorf("the server has %q, %v", got, ok)
	}
}

// TestModeStaysKnown: a server that tells sizes without modes has a file keep its
// mode when it is replaced after it was written to in place, or added to.
func TestModeStaysKnown(t *testing.T) {
	for name, again := range map[string][]string{"in place": {"", "a", "b"}, "added to": {"1", "2", "-"}} {
		t.Run(name, func(t *testing.T) {
			tree := fakeremote.New()
			v := newVolume(t, tree, cache.Options{TTL: time.Hour})
			h, _, err := v.Create(t.Context(), "f", os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Release()
			for i, s := range again {
				if _, err := h.WriteAt(t.Context(), []byte(s), int64(i%2)); err != nil {
					t.Fatal(err)
				}
				if err := h.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				tree.Configure(func(b *fakeremote.Behaviour) { b.NoModes = true })
			}
			tree.Configure(func(b *fakeremote.Behaviour) { b.NoModes = false })
			if e, err := tree.Stat(t.Context(), "/f"); err != nil || e.Mode != 0o600 {
				t.Errorf("the mode is %o, %v", e.Mode, err)
			}
		})
	}
}

// TestUnlinkedByWhoDied: what was large, and removed while it was open, goes when the next
// volume begins.
func TestUnlinkedByWhoDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, o := fakeremote.New(), cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()}
		tree.Put("/f", octets(9<<20, 1))
		v, err := cache.NewVolume(tree, o)
		if err != nil {
			t.Fatal(err)
		}
		open(t, v, "f", os.O_RDONLY)
		if err := v.Unlink(t.Context(), "f"); err != nil {
			t.Fatal(err)
		}
		v.Crash()
		tree = tree.Healed()
		if v, err = cache.NewVolume(tree, o); err != nil {
			t.Fatal(err)
		}
		v.Recover()
		finished(t, v, o.SpoolDir)
		if left := tree.Names("/"); len(left) != 0 {
			t.Errorf("on the server: %v", left)
		}
	})
}
