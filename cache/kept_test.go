package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// keeps is a server that is mounted again and again with one cache directory.
type keeps struct {
	t    *testing.T
	tree *fakeremote.Tree
	dir  string
}

func newKeeps(t *testing.T) *keeps {
	return &keeps{t, fakeremote.New(), filepath.Join(t.TempDir(), "cache")}
}

// put makes a file whose time is settled.
func (k *keeps) put(p string, data []byte) {
	k.tree.Put(p, data)
	k.tree.Touch(p, time.Now().Add(-time.Hour))
}

// mounted lets visit use a volume, and returns the downloads that it caused.
func (k *keeps) mounted(visit func(v *cache.Volume)) (downloads []string) {
	k.t.Helper()
	k.tree.ForgetCalls()
	v, err := cache.NewVolume(k.tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: k.t.TempDir(),
		Disk: cache.DiskOptions{Dir: k.dir, Server: "me@host:21"}})
	if err != nil {
		k.t.Fatal(err)
	}
	visit(v)
	if err := v.Close(context.Background()); err != nil {
		k.t.Error(err)
	}
	for _, c := range k.tree.Calls("Retrieve") {
		downloads = append(downloads, c.Path)
	}
	return downloads
}

// TestKeptForTheNextMount: what was read is read again without a download, in
// order, at random, and where only a part is at hand.
func TestKeptForTheNextMount(t *testing.T) {
	k := newKeeps(t)
	contents := map[string][]byte{"large": octets(3<<20+77, 1), "d/small": []byte("small"), "d/block": octets(128<<10, 3)}
	for p, data := range contents {
		k.put("/"+p, data)
	}
	for p, data := range contents {
		k.mounted(func(v *cache.Volume) { same(t, p, load(t, v, p), data) })
	}
	if n := k.mounted(func(v *cache.Volume) {
		for p, data := range contents {
			same(t, p, load(t, v, p), data)
		}
	}); len(n) > 0 {
		t.Errorf("downloads for what was kept: %q", n)
	}
	if n := k.mounted(func(v *cache.Volume) {
		h := open(t, v, "large", os.O_RDONLY)
		defer h.Release()
		for off := int64(3 << 20); off >= 0; off -= 200_001 {
			buf := make([]byte, 70_000)
			n, err := h.ReadAt(t.Context(), buf, off)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprint("at ", off), buf[:n], contents["large"][off:min(off+70_000, 3<<20+77)])
		}
	}); len(n) > 0 {
		t.Errorf("downloads for reads at random: %q", n)
	}
}

// TestKeptInPart: where the disk has some blocks, the others are fetched.
func TestKeptInPart(t *testing.T) {
	k := newKeeps(t)
	data := octets(20<<20, 1)
	k.put("/f", data)
	k.mounted(func(v *cache.Volume) {
		h := open(t, v, "f", os.O_RDONLY)
		defer h.Release()
		for off := int64(18 << 20); off >= 0; off -= 3 << 20 {
			if _, err := h.ReadAt(t.Context(), make([]byte, 256<<10), off); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n := k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), data) }); len(n) == 0 {
		t.Error("the first mount did not read all, but the second had all")
	}
	if n := k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), data) }); len(n) > 0 {
		t.Errorf("downloads: %q", n)
	}
}

// TestKeptOfAnotherVersion: what changed on the server is read anew; so is what
// changed here, or was renamed, though size and time are the same again.
func TestKeptOfAnotherVersion(t *testing.T) {
	k := newKeeps(t)
	then := time.Now().Add(-time.Hour)
	one, two := octets(200_000, 1), octets(200_000, 2)
	put := func(p string, data []byte) {
		k.tree.Put(p, data)
		k.tree.Touch(p, then)
	}
	put("/f", one)
	put("/a/f", one)
	put("/b/f", two)
	wants := func(p string, want []byte) {
		t.Helper()
		k.mounted(func(v *cache.Volume) { same(t, p, load(t, v, p), want) })
	}
	wants("f", one)
	wants("a/f", one)
	k.tree.Put("/f", two)
	k.tree.Touch("/f", then.Add(time.Second))
	wants("f", two)
	k.mounted(func(v *cache.Volume) {
		save(t, v, "f", one)
		second := then.Add(time.Second) // that of what is kept
		if _, err := v.SetAttr(t.Context(), "f", cache.Change{ModTime: &second}); err != nil {
			t.Fatal(err)
		}
	})
	wants("f", one)
	k.mounted(func(v *cache.Volume) {
		for _, r := range [][2]string{{"a", "c"}, {"b", "a"}, {"c", "b"}} {
			if err := v.Rename(t.Context(), r[0], r[1], false); err != nil {
				t.Fatal(err)
			}
		}
	})
	wants("a/f", two)
	wants("b/f", one)
	k.tree.Put("/b/f", two) // as nobody can know
	k.tree.Touch("/b/f", then)
	k.mounted(func(v *cache.Volume) { v.Refresh("b/f") })
	wants("b/f", two)
}

// TestKeptNotWhileUnsettled: of a file that may change again within its second
// nothing is kept.
func TestKeptNotWhileUnsettled(t *testing.T) {
	k := newKeeps(t)
	k.tree.Put("/f", []byte("one"))
	then := time.Now()
	k.tree.Touch("/f", then)
	k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), []byte("one")) })
	k.tree.Put("/f", []byte("two"))
	k.tree.Touch("/f", then)
	k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), []byte("two")) })
}

// TestKeptDamaged: whatever happens to the cache's files, what is read is right.
func TestKeptDamaged(t *testing.T) {
	k := newKeeps(t)
	data := octets(1<<20, 1)
	k.put("/f", data)
	k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), data) })
	err := filepath.Walk(k.dir, func(p string, info os.FileInfo, err error) error {
		if err != nil || !strings.HasSuffix(p, ".d") {
			return err
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if !bytes.Equal(content, data) {
			t.Error("the cache's data is not at its place")
		}
		content[500_000]++
		return os.WriteFile(p, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), data) }); len(n) != 1 {
		t.Errorf("downloads: %q", n)
	}
	if n := k.mounted(func(v *cache.Volume) { same(t, "f", load(t, v, "f"), data) }); len(n) > 0 {
		t.Errorf("downloads after it was mended: %q", n)
	}
}

// TestKeptIsNotFetchedAhead: files that are read one after the other come from the
// disk, and those that it does not have are fetched ahead.
func TestKeptIsNotFetchedAhead(t *testing.T) {
	k := newKeeps(t)
	k.tree.Configure(func(b *fakeremote.Behaviour) { b.Ahead = true })
	want := map[string][]byte{}
	var paths []string
	for i := range 60 {
		p := fmt.Sprintf("d/f%02d", i)
		paths, want[p] = append(paths, p), octets(5000, uint64(i))
		k.put("/"+p, want[p])
	}
	all := func(v *cache.Volume, paths []string) {
		if _, err := v.List(t.Context(), "d"); err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			same(t, p, load(t, v, p), want[p])
		}
	}
	k.mounted(func(v *cache.Volume) { all(v, paths[:20]) })
	k.mounted(func(v *cache.Volume) { all(v, paths) })
	if n := k.mounted(func(v *cache.Volume) { all(v, paths) }); len(n) > 0 {
		t.Errorf("downloads: %q", n)
	}
}

// TestKeptWhereNobodyMay: a directory that is not to be trusted is refused.
func TestKeptWhereNobodyMay(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := cache.NewVolume(fakeremote.New(), cache.Options{Root: "/", SpoolDir: dir, Disk: cache.DiskOptions{Dir: dir, Server: "s"}})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("%v", err)
	}
}
