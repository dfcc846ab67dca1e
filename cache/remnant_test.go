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

// TestRemnantsAreClearedAway: what an upload has left when the server was lost goes
// when it can be reached again, by the same volume or the next; what somebody else has
// put in its place meanwhile stays, also if it is a beginning of the same, and so does
// what was written.
func TestRemnantsAreClearedAway(t *testing.T) {
	data := octets(200_000, 1)
	for _, c := range []struct {
		name   string
		before []byte           // of the file
		theirs []byte           // comes in its place
		next   bool             // volume
		now    func() time.Time // the server's clock

		precision time.Duration
		err       error // of the first looks at what is left
	}{
		{name: "new"},
		{name: "new, next volume", next: true},
		{name: "new, clock of the server", now: func() time.Time { return time.Now().Add(-7 * time.Hour) }},
		{name: "new, times to the minute", precision: time.Minute},
		{name: "new, session refused", err: fakeremote.Error("TYPE", "/f", ftpclient.KindUnsupported, 504, "Fault.")},
		{name: "replaced", before: []byte("old")},
		{name: "somebody else's", theirs: []byte("theirs")},
		{name: "somebody else's, larger", theirs: octets(300_000, 1)},
		{name: "somebody else's, empty", theirs: []byte{}},
		{name: "somebody else's, of the same", theirs: octets(200_000, 1)[:100_000]},
		{name: "somebody else's, next volume", theirs: []byte{}, next: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree, o := fakeremote.New(), cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()}
			tree.Configure(func(b *fakeremote.Behaviour) { b.Now, b.Precision = c.now, c.precision })
			if c.before != nil {
				tree.Put("/f", c.before)
			}
			v, err := cache.NewVolume(tree, o)
			if err != nil {
				t.Fatal(err)
			}
			h, _, err := v.Create(t.Context(), "f", os.O_WRONLY|os.O_TRUNC, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			write(t, h, data, 0)
			tree.FailAfter("Write", "", 2, -1, lost)
			gone := error(lost)
			if c.err != nil {
				gone = c.err
			}
			tree.Fail("Delete", "", 5, gone)
			if err := h.Flush(t.Context()); err == nil {
				t.Error("no error")
			}
			tree.Fail("Verify", "", 3, gone)
			h.Release()
			if c.theirs != nil {
				time.Sleep(5 * time.Second)
				tree.Put("/f", c.theirs)
			}
			if c.next {
				tree.Fail("Delete", "", -1, lost)
				if err := v.Close(t.Context()); err != nil {
					t.Error(err)
				}
				tree = tree.Healed()
				if v, err = cache.NewVolume(tree, o); err != nil {
					t.Fatal(err)
				}
				v.Recover()
			}
			time.Sleep(10 * time.Minute)
			want := c.theirs
			if want == nil {
				want = c.before
			}
			if got, ok := tree.Get("/f"); ok != (want != nil) || string(got) != string(want) {
				t.Errorf("%s: %d octets, %v", c.name, len(got), ok)
			}
			if n := tree.Names("/"); len(n) > 1 {
				t.Errorf("%s: left on the server: %v", c.name, n)
			}
			if u := v.Uploads(); len(u) != 1 || u[0].Size != int64(len(data)) {
				t.Errorf("%s: kept %+v", c.name, u)
			}
			if err := v.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(o.SpoolDir); len(left) != 2 {
				t.Errorf("%s: left here: %v", c.name, left)
			}
		})
	}
}

// TestRemnantsAreReplaced: what is made under the name of a beginning that is to be
// cleared away, or moved there, stays, though it is a beginning of the same content.
func TestRemnantsAreReplaced(t *testing.T) {
	for what, replace := range map[string]func(t *testing.T, v *cache.Volume){
		"made": func(t *testing.T, v *cache.Volume) { save(t, v, "d/f", nil) },
		"moved": func(t *testing.T, v *cache.Volume) {
			save(t, v, "other", nil)
			if err := v.Rename(t.Context(), "other", "d/f", false); err != nil {
				t.Error(err)
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree, o := fakeremote.New(), cache.Options{Root: "/", TTL: time.Hour, SpoolDir: t.TempDir()}
			tree.PutDir("/d")
			v, err := cache.NewVolume(tree, o)
			if err != nil {
				t.Fatal(err)
			}
			h := create(t, v, "d/f")
			write(t, h, octets(200_000, 1), 0)
			tree.FailAfter("Write", "", 2, 5, lost)
			tree.Fail("Delete", "", 5, lost)
			if err := h.Flush(t.Context()); err == nil {
				t.Error("no error")
			}
			h.Release()
			tree.Fail("Write", "", 0, nil)
			tree.Put("/d/f", nil) // as much of it as there is
			replace(t, v)
			time.Sleep(10 * time.Minute)
			if got, ok := tree.Get("/d/f"); !ok || len(got) != 0 {
				t.Errorf("%s: %d octets, %v", what, len(got), ok)
			}
			if err := v.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRemnantsOfWhatIsRemoved: a new file that is removed, or given up, after its upload
// was cut off does not come back as what the server has of it.
func TestRemnantsOfWhatIsRemoved(t *testing.T) {
	for _, c := range []struct {
		name   string
		away   int // deletions that fail
		next   bool
		remove func(*cache.Volume) error
	}{
		{"unlinked", 0, false, func(v *cache.Volume) error { return v.Unlink(context.Background(), "f") }},
		{"unlinked, away", 3, false, func(v *cache.Volume) error { return v.Unlink(context.Background(), "f") }},
		{"unlinked, away, next volume", 1000, true, func(v *cache.Volume) error { return v.Unlink(context.Background(), "f") }},
		{"discarded", 0, false, func(v *cache.Volume) error { return v.DiscardUpload("f") }},
	} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			v := behind(t, tree, dir)
			tree.FailAfter("Write", "", 2, -1, lost)
			tree.Fail("Delete", "", c.away, lost)
			save(t, v, "f", octets(200_000, 1))
			time.Sleep(1500 * time.Millisecond) // it pauses
			if n := tree.Names("/"); len(n) != 1 {
				t.Errorf("%s: on the server: %v", c.name, n)
			}
			tree.Fail("Verify", "", 3, lost)
			if err := c.remove(v); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if c.next {
				if err := v.Close(t.Context()); err != nil {
					t.Error(err)
				}
				tree = tree.Healed()
				v = behind(t, tree, dir)
				v.Recover()
			}
			time.Sleep(10 * time.Minute)
			if n := tree.Names("/"); len(n) != 0 {
				t.Errorf("%s: left on the server: %v", c.name, n)
			}
			finished(t, v, dir)
		})
	}
}
