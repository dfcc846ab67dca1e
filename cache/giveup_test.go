package cache_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// TestOpenedWhileAnUploadFails: who opens a file to write to it, while the upload of the
// last one who did is about to fail, sends what both have written.
func TestOpenedWhileAnUploadFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []byte
		flags  int
		want   string
	}{
		{"new", nil, os.O_WRONLY | os.O_APPEND, "firstsecond"},
		{"new, cut", nil, os.O_WRONLY | os.O_TRUNC, "second"},
		{"old", []byte("old content"), os.O_WRONLY | os.O_APPEND, "firstsecond"},
		{"old, cut", []byte("old content"), os.O_WRONLY | os.O_TRUNC, "second"},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree := fakeremote.New()
			if c.before != nil {
				tree.Put("/f", c.before)
			}
			v := newVolume(t, tree, cache.Options{})
			first, _, err := v.Create(t.Context(), "f", os.O_WRONLY|os.O_TRUNC, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			write(t, first, []byte("first"), 0)
			gate := tree.Block("Store", "")
			tree.Fail("Store", "", 1, fakeremote.Error("STOR", "/f", ftpclient.KindNoSpace, 452, "full"))
			released, wrote := make(chan bool), make(chan *cache.Handle)
			go func() {
				first.Release()
				close(released)
			}()
			<-gate.Entered()
			go func() {
				second, err := v.Open(context.Background(), "f", c.flags)
				if err == nil {
					_, err = second.WriteAt(context.Background(), []byte("second"), 0)
				}
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				wrote <- second
			}()
			synctest.Wait()
			gate.Open()
			second := <-wrote
			<-released
			flush(t, second)
			second.Release()
			onServer(t, tree, "/f", []byte(c.want))
		})
	}
}

// TestAcknowledgedIsTriedAgain: what a close has acknowledged is sent when the server can
// be reached, though what was written to the file since could not be sent, or noted.
func TestAcknowledgedIsTriedAgain(t *testing.T) {
	for name, act := range map[string]func(t *testing.T, dir string, h *cache.Handle){
		"close": func(t *testing.T, _ string, h *cache.Handle) {
			kind(t, h.Flush(t.Context()), ftpclient.KindNetwork)
		},
		"sync": func(t *testing.T, _ string, h *cache.Handle) {
			kind(t, h.Sync(t.Context()), ftpclient.KindNetwork)
		},
		"no journal": func(t *testing.T, dir string, h *cache.Handle) {
			if err := os.Rename(dir, dir+"-away"); err != nil {
				t.Fatal(err)
			}
			kind(t, h.Flush(t.Context()), ftpclient.KindNetwork)
			if err := os.Rename(dir+"-away", dir); err != nil {
				t.Fatal(err)
			}
		},
		"nothing": func(*testing.T, string, *cache.Handle) {},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			v := behind(t, tree, dir)
			tree.Fail("Store", "", 60, lost)
			save(t, v, "f", []byte("first"))
			time.Sleep(6 * time.Minute) // closes wait for the server by now
			h := open(t, v, "f", os.O_WRONLY|os.O_APPEND)
			write(t, h, []byte("second"), 0)
			if name == "no journal" {
				time.Sleep(2 * time.Minute) // it is left to the close by now
			}
			act(t, dir, h)
			h.Release()
			same(t, name, load(t, v, "f"), []byte("firstsecond"))
			time.Sleep(time.Hour)
			finished(t, v, dir)
			onServer(t, tree, "/f", []byte("firstsecond"))
		})
	}
}

// TestWrittenSinceAcknowledged: what is written to a file after a close has acknowledged
// it is not left behind when the volume ends, nor in what it leaves.
func TestWrittenSinceAcknowledged(t *testing.T) {
	for _, away := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			want := octets(100_000, 1)
			tree.Put("/f", want)
			v := behind(t, tree, dir)
			h := open(t, v, "f", os.O_RDWR)
			write(t, h, []byte("one"), 0)
			flush(t, h)
			write(t, h, []byte("two"), 50_000)
			copy(want, "one")
			copy(want[50_000:], "two")
			if away {
				tree.Fail("Store", "", -1, lost)
			}
			if err := v.Close(t.Context()); (err != nil) != away {
				t.Errorf("Close: %v", err)
			}
			h.Release()
			tree = tree.Healed()
			v = behind(t, tree, dir)
			v.Recover()
			finished(t, v, dir)
			onServer(t, tree, "/f", want)
		})
	}
}
