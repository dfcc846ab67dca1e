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

// TestUnclosedIsKept: what was being written when a volume died is told, with its path
// also after a move, and not uploaded; if somebody says so, it is, where all of it is here.
func TestUnclosedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, o := fakeremote.New(), cache.Options{Root: "/", SpoolDir: t.TempDir()}
		tree.Put("/changed", octets(1000, 1))
		tree.Put("/moved", octets(10, 1))
		v, err := cache.NewVolume(tree, o)
		if err != nil {
			t.Fatal(err)
		}
		data := octets(3000, 2)
		for _, p := range []string{"new", "changed", "moved", "closed"} {
			h, _, err := v.Create(t.Context(), p, os.O_RDWR, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			write(t, h, data[:100], 0)
			write(t, h, data[100:], 100)
			switch p {
			case "moved":
				if err := v.Rename(t.Context(), p, "to", false); err != nil {
					t.Fatal(err)
				}
			case "closed":
				flush(t, h)
			}
		}
		v.Crash()
		if err := cache.DropCopies(o.SpoolDir); err != nil {
			t.Error(err)
		}
		if v, err = cache.NewVolume(tree.Healed(), o); err != nil {
			t.Fatal(err)
		}
		if n := v.Recover(); n != 0 {
			t.Errorf("%d uploads go on of themselves", n)
		}
		found := map[string]int64{}
		for _, u := range v.Uploads() {
			found[u.Path] = u.Size
			if kept, err := os.ReadFile(u.Data); err != nil || !u.Ended || string(kept) != string(data) {
				t.Errorf("%+v: %d octets, %v", u, len(kept), err)
			}
		}
		if len(found) != 3 || found["new"] != 3000 || found["changed"] != 3000 || found["to"] != 3000 {
			t.Errorf("kept: %v", found)
		}
		if err := v.RetryUpload("changed"); err == nil {
			t.Error("a file of which not all is here is sent")
		}
		if err := v.RetryUpload("new"); err != nil {
			t.Error(err)
		}
		for _, p := range []string{"changed", "to"} {
			if err := v.DiscardUpload(p); err != nil {
				t.Error(err)
			}
		}
		finished(t, v, o.SpoolDir)
		onServer(t, tree.Healed(), "/new", data)
	})
}

// TestDiscardWhileOpen: what a program has open is neither kept nor gone yet.
func TestDiscardWhileOpen(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	h := create(t, v, "f")
	write(t, h, []byte("data"), 0)
	for what, do := range map[string]func(string) error{"discard": v.DiscardUpload, "retry": v.RetryUpload} {
		if err := do("f"); ftpclient.KindOf(err) != ftpclient.KindBusy {
			t.Errorf("%s: %v", what, err)
		}
		if err := do("g"); ftpclient.KindOf(err) != ftpclient.KindNotExist {
			t.Errorf("%s of nothing: %v", what, err)
		}
	}
	flush(t, h)
	h.Release()
	onServer(t, tree, "/f", []byte("data"))
}

// TestDiscardOfWhatIsWrittenTo: what waits for its upload is not discarded while somebody
// has it open to write to it, whose writes would be lost.
func TestDiscardOfWhatIsWrittenTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		tree.Fail("Store", "", 1, fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 552, "Full."))
		save(t, v, "f", []byte("first"))
		time.Sleep(time.Second) // it has failed
		h := open(t, v, "f", os.O_WRONLY)
		kind(t, v.DiscardUpload("f"), ftpclient.KindBusy)
		write(t, h, []byte("other"), 0)
		kind(t, v.DiscardUpload("f"), ftpclient.KindBusy)
		flush(t, h)
		h.Release()
		finished(t, v, dir)
		onServer(t, tree, "/f", []byte("other"))
	})
}
