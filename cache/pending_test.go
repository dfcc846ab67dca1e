package cache_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// behind returns a volume that writes back, with its spool in dir.
func behind(t *testing.T, r cache.Remote, dir string) *cache.Volume {
	t.Helper()
	v, err := cache.NewVolume(r, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir, WriteBack: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// finished closes a volume, after which nothing may be left in its spool.
func finished(t *testing.T, v *cache.Volume, dir string) {
	t.Helper()
	if err := v.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left in the spool: %s and %d more", left[0].Name(), len(left)-1)
	}
}

// TestWriteBack: a close does not wait for the server, a sync and the end do, and
// what is read is what was written.
func TestWriteBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		gate := tree.Block("Store", "")
		for i := range 20 {
			save(t, v, fmt.Sprint("f", i), octets(1000, uint64(i)))
		}
		if len(tree.Names("/")) != 0 || v.Pending() != 20 {
			t.Errorf("%d wait, on the server: %v", v.Pending(), tree.Names("/"))
		}
		same(t, "before the upload", load(t, v, "f7"), octets(1000, 7))
		if n := len(names(t, v, "")); n != 20 {
			t.Errorf("%d names", n)
		}
		gate.Open()
		h := open(t, v, "f3", os.O_RDONLY)
		if err := h.Sync(t.Context()); err != nil {
			t.Error(err)
		}
		onServer(t, tree, "/f3", octets(1000, 3))
		h.Release()
		finished(t, v, dir)
		for i := range 20 {
			onServer(t, tree, fmt.Sprint("/f", i), octets(1000, uint64(i)))
		}
		if n := len(tree.Calls("Store")); n != 20 {
			t.Errorf("%d uploads", n)
		}
	})
}

// TestWriteBackShortLife: what is removed or saved again at once is not uploaded
// meanwhile; the rest is, without anybody waiting for it.
func TestWriteBackShortLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		names(t, v, "")
		save(t, v, "lock", nil)
		if err := v.Unlink(t.Context(), "lock"); err != nil {
			t.Error(err)
		}
		save(t, v, "kept", []byte("first"))
		save(t, v, "kept", []byte("second"))
		time.Sleep(time.Second)
		onServer(t, tree, "/kept", []byte("second"))
		if s, d := tree.Calls("Store"), tree.Calls("Delete"); len(s) != 1 || len(d) != 0 || v.Pending() != 0 {
			t.Errorf("stored %q, deleted %q, %d wait", s, d, v.Pending())
		}
		finished(t, v, dir)
	})
}

// TestWriteBackSurvives: what was accepted is uploaded by the next volume.
func TestWriteBackSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		tree.Put("/old", []byte("old content"))
		tree.PutMode("/old", 0o640)
		tree.Put("/mid", octets(300_000, 1))
		v := behind(t, tree, dir)
		tree.Fail("Store", "", -1, lost)
		for i := range 10 {
			save(t, v, fmt.Sprint("f", i), octets(1000, uint64(i)))
		}
		save(t, v, "old", []byte("new"))
		h := open(t, v, "mid", os.O_RDWR)
		write(t, h, []byte("five!"), 100_000)
		at := time.Date(2003, 4, 5, 6, 7, 8, 0, time.UTC)
		if _, err := h.SetAttr(t.Context(), cache.Change{ModTime: &at}); err != nil {
			t.Fatal(err)
		}
		flush(t, h)
		h.Release()
		if err := v.Unlink(t.Context(), "f9"); err != nil {
			t.Error(err)
		}
		v.Crash()
		tree2 := tree.Healed()
		v = behind(t, tree2, dir)
		if n := v.Recover(); n != 11 {
			t.Errorf("%d uploads were found, want 11", n)
		}
		same(t, "before the upload", load(t, v, "f8"), octets(1000, 8))
		finished(t, v, dir)
		for i := range 9 {
			onServer(t, tree2, fmt.Sprint("/f", i), octets(1000, uint64(i)))
		}
		onServer(t, tree2, "/old", []byte("new"))
		mid := octets(300_000, 1)
		copy(mid[100_000:], "five!")
		onServer(t, tree2, "/mid", mid)
		if e, _ := tree2.Look("/mid"); !e.ModTime.Equal(at) {
			t.Errorf("time %s", e.ModTime)
		}
		if e, _ := tree2.Look("/old"); e.Mode != 0o640 {
			t.Errorf("mode %o", e.Mode)
		}
		if n := tree2.Names("/"); len(n) != 11 {
			t.Errorf("on the server: %v", n)
		}
	})
}

// TestFoundUploads: what an interrupted upload has left on the server is gone on
// with if it is a beginning of what is here, and left alone if not.
func TestFoundUploads(t *testing.T) {
	data := octets(10_000, 4)
	for name, c := range map[string]struct {
		there    []byte // what the server has then
		conflict bool
	}{
		"nothing":                {nil, false},
		"a part":                 {data[:4000], false},
		"all":                    {data, false},
		"what somebody else has": {[]byte("theirs"), true},
		"something longer":       {append(octets(10_000, 4), 'x'), true},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			v := behind(t, tree, dir)
			tree.Fail("Store", "", -1, lost)
			save(t, v, "f", data)
			v.Crash()
			tree = tree.Healed()
			if c.there != nil {
				tree.Put("/f", c.there)
			}
			v = behind(t, tree, dir)
			v.Recover()
			if !c.conflict {
				finished(t, v, dir)
				onServer(t, tree, "/f", data)
				return
			}
			synctest.Wait()
			if u := v.Uploads(); len(u) != 1 || ftpclient.KindOf(u[0].Err) != ftpclient.KindChanged {
				t.Errorf("%s: %+v", name, u)
			}
			if err := v.Close(t.Context()); err == nil {
				t.Errorf("%s: Close says that all is uploaded", name)
			}
			onServer(t, tree, "/f", c.there)
			if kept, _ := filepath.Glob(filepath.Join(dir, "spool-*")); len(kept) != 1 {
				t.Errorf("%s: kept: %v", name, kept)
			}
		})
	}
}

// TestRetryAndDiscard: an upload that has failed waits for what a person says.
func TestRetryAndDiscard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		full := fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 452, "full")
		tree.Fail("Store", "/f", 2, full)
		tree.Fail("Store", "/g", 1, full)
		save(t, v, "f", []byte("one"))
		save(t, v, "g", []byte("two"))
		time.Sleep(time.Second)
		synctest.Wait()
		for _, u := range v.Uploads() {
			if ftpclient.KindOf(u.Err) != ftpclient.KindNoSpace {
				t.Errorf("%+v", u)
			}
		}
		if err := v.RetryUpload("f"); err != nil {
			t.Error(err)
		}
		if err := v.DiscardUpload("g"); err != nil {
			t.Error(err)
		}
		if err := v.DiscardUpload("h"); ftpclient.KindOf(err) != ftpclient.KindNotExist {
			t.Errorf("discard of nothing: %v", err)
		}
		synctest.Wait()
		if u := v.Uploads(); len(u) != 1 || u[0].Path != "f" {
			t.Errorf("%+v", u)
		}
		if err := v.RetryUpload("f"); err != nil {
			t.Error(err)
		}
		finished(t, v, dir)
		onServer(t, tree, "/f", []byte("one"))
		if n := tree.Names("/"); len(n) != 1 {
			t.Errorf("on the server: %v", n)
		}
	})
}

// TestFailedUploadIsKeptAcrossVolumes: without WriteBack what could not be uploaded
// is kept, with its path, and tried again when somebody says so.
func TestFailedUploadIsKeptAcrossVolumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		tree.PutDir("/d")
		o := cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir}
		v, err := cache.NewVolume(tree, o)
		if err != nil {
			t.Fatal(err)
		}
		tree.Fail("Store", "", 1, fakeremote.Error("STOR", "/d/f", ftpclient.KindNoSpace, 452, "full"))
		h := create(t, v, "d/f")
		write(t, h, []byte("kept"), 0)
		kind(t, h.Flush(t.Context()), ftpclient.KindNoSpace)
		h.Release()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if v, err = cache.NewVolume(tree, o); err != nil {
			t.Fatal(err)
		}
		if n := v.Recover(); n != 0 {
			t.Errorf("%d uploads go on of themselves", n)
		}
		if u := v.Uploads(); len(u) != 1 || u[0].Path != "d/f" || u[0].Size != 4 || u[0].Err == nil {
			t.Fatalf("%+v", u)
		}
		if err := v.RetryUpload("d/f"); err != nil {
			t.Fatal(err)
		}
		finished(t, v, dir)
		onServer(t, tree, "/d/f", []byte("kept"))
	})
}

// TestNamesAreClearedAway: a temporary file of a volume that died goes, a file that
// it had moved aside comes back, and somebody else's temporary file stays.
func TestNamesAreClearedAway(t *testing.T) {
	for _, op := range []string{"Reply", "Rename"} {
		for _, keep := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				tree, dir := fakeremote.New(), t.TempDir()
				tree.Configure(func(b *fakeremote.Behaviour) { b.KeepTarget = keep })
				tree.Put("/f", []byte("old"))
				theirs := fmt.Sprintf("/.f.ftpfs-%08x00000001", time.Now().Unix())
				tree.Put(theirs, []byte("theirs"))
				o := cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir}
				v, err := cache.NewVolume(tree, o)
				if err != nil {
					t.Fatal(err)
				}
				h := open(t, v, "f", os.O_WRONLY|os.O_TRUNC)
				write(t, h, []byte("new"), 0)
				gate := tree.Block(op, "")
				done := make(chan error)
				go func() { done <- h.Flush(context.Background()) }()
				<-gate.Entered()
				tree.Fail("Delete", "", -1, lost)
				v.Crash()
				<-done
				if v, err = cache.NewVolume(tree.Healed(), o); err != nil {
					t.Fatal(err)
				}
				v.Recover()
				time.Sleep(time.Second)
				finished(t, v, dir)
				tree = tree.Healed()
				got, _ := tree.Get("/f")
				if s := string(got); s != "old" && s != "new" {
					t.Errorf("%s: f holds %q", op, s)
				}
				if n := tree.Names("/"); len(n) != 2 {
					t.Errorf("%s: on the server: %v", op, n)
				}
			})
		}
	}
}

// TestRetryOfAnOpenFile: it is refused, and the file can be closed then.
func TestRetryOfAnOpenFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fakeremote.New()
		v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		tree.Fail("Store", "", 1, fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 452, "full"))
		h := create(t, v, "f")
		write(t, h, []byte("kept"), 0)
		kind(t, h.Flush(t.Context()), ftpclient.KindNoSpace)
		h.Release()
		h = create(t, v, "f")
		write(t, h, []byte("other"), 0)
		flush(t, h)
		if err := v.RetryUpload("f"); err == nil {
			t.Error("no error")
		}
		h.Release()
		if n := v.OpenFiles(); n != 0 {
			t.Errorf("%d files are open", n)
		}
		if err := v.DiscardUpload("f"); err != nil {
			t.Error(err)
		}
		finished(t, v, v.SpoolDir())
	})
}

// TestUploadsDoNotWaitForNames: what an earlier volume has left to be uploaded does not
// wait for a temporary name that the server does not delete, which is tried again.
func TestUploadsDoNotWaitForNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		tree.Put("/replaced", []byte("old"))
		v := behind(t, tree, dir)
		gate := tree.Block("Reply", "")
		save(t, v, "replaced", []byte("new"))
		<-gate.Entered()
		tree.Fail("Store", "", -1, lost)
		save(t, v, "f", []byte("content"))
		tree.Fail("Delete", "", -1, lost)
		v.Crash()
		tree = tree.Healed()
		tree.Fail("Delete", "", 10, fakeremote.Error("DELE", "", ftpclient.KindUnknown, 450, "Not now."))
		v = behind(t, tree, dir)
		v.Recover()
		time.Sleep(time.Second)
		onServer(t, tree, "/f", []byte("content"))
		onServer(t, tree, "/replaced", []byte("new"))
		time.Sleep(time.Hour)
		finished(t, v, dir)
		if n := tree.Names("/"); len(n) != 2 {
			t.Errorf("on the server: %v", n)
		}
	})
}

// TestFoundIsLookedForOnce: before what an earlier volume has left is stored, it is looked at
// once whether the server has something of its name.
func TestFoundIsLookedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		tree.Fail("Store", "", -1, lost)
		save(t, v, "f", []byte("content"))
		v.Crash()
		tree = tree.Healed()
		v = behind(t, tree, dir)
		v.Recover()
		finished(t, v, dir)
		if n := len(tree.Calls("Verify")); n != 2 { // the other tells that it has arrived
			t.Errorf("%d looks", n)
		}
		onServer(t, tree, "/f", []byte("content"))
	})
}

// TestRefusedForGood: what a close has acknowledged, and the server does not take, keeps
// neither the end of the volume waiting nor, when it is removed, anything in memory.
func TestRefusedForGood(t *testing.T) {
	for _, remove := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			v := behind(t, tree, dir)
			tree.Fail("Store", "", -1, fakeremote.Error("STOR", "/f", ftpclient.KindInvalidName, 553, "Not here."))
			save(t, v, "f", []byte("first"))
			h := open(t, v, "f", os.O_WRONLY)
			time.Sleep(time.Second)
			write(t, h, []byte("other"), 0)
			if err := h.Sync(t.Context()); err == nil {
				t.Error("no error")
			}
			h.Release()
			time.Sleep(time.Hour)
			if remove {
				if err := v.Unlink(t.Context(), "f"); err != nil {
					t.Error(err)
				}
				if n := v.OpenFiles() + v.Pending(); n != 0 {
					t.Errorf("%d files are held", n)
				}
				finished(t, v, dir)
				return
			}
			began := time.Now()
			if err := v.Close(t.Context()); err == nil {
				t.Error("no error")
			}
			if d := time.Since(began); d > 0 {
				t.Errorf("it waited %v", d)
			}
			if left := cache.LeftUploads(dir); len(left) != 1 {
				t.Errorf("left: %v", left)
			}
		})
	}
}
