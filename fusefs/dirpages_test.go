package fusefs

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// readdirs is how often the kernel asked for entries.
func (m *mounted) readdirs() int64 { return m.ops()["readdir"].Begun }

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// READDIR-4: the second reader of a directory asks for nothing, until something
// changes in it, by whomever.
func TestREADDIR4_Kept(t *testing.T) {
	tree := fakeremote.New()
	for i := range 50 {
		tree.Put(fmt.Sprintf("/d/f%d", i), nil)
	}
	m := mount(t, tree)
	names(t, m.path("d")) // arrives, and may not be kept
	want := names(t, m.path("d"))
	if len(want) != 50 || m.readdirs() == 0 {
		t.Fatalf("%d names, %d requests", len(want), m.readdirs())
	}
	before := m.readdirs()
	for range 3 {
		if got := names(t, m.path("d")); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	}
	if n := m.readdirs() - before; n != 0 {
		t.Errorf("asked %d times for what the kernel has", n)
	}
	if err := os.WriteFile(m.path("d/mine"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := names(t, m.path("d")); !slices.Contains(got, "mine") || len(got) != 51 {
		t.Errorf("after a file was made: %q", got)
	}
	if err := os.Remove(m.path("d/f7")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, m.path("d")); slices.Contains(got, "f7") || len(got) != 50 {
		t.Errorf("after a file was removed: %q", got)
	}
	tree.Put("/d/theirs", nil)
	m.volume.Refresh("d")
	if got := names(t, m.path("d")); !slices.Contains(got, "theirs") {
		t.Errorf("after a refresh: %q", got)
	}
}

// READDIR-4: two readers of different states at a time do not make one of them.
func TestREADDIR4_NoMixture(t *testing.T) {
	tree := fakeremote.New()
	for i := range 30 {
		tree.Put(fmt.Sprintf("/d/old%02d", i), nil)
	}
	m := mount(t, tree)
	names(t, m.path("d"))
	fd, err := unix.Open(m.path("d"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	buf := make([]byte, 256)
	if n, err := unix.Getdents(fd, buf); n == 0 || err != nil { // the first of them
		t.Fatal(n, err)
	}
	for i := range 30 {
		tree.Drop(fmt.Sprintf("/d/old%02d", i))
		tree.Put(fmt.Sprintf("/d/new%02d", i), nil)
	}
	m.volume.Refresh("d")
	for range 3 {
		for _, name := range names(t, m.path("d")) {
			if name[:3] != "new" {
				t.Fatalf("%s is there", name)
			}
		}
		getdents(t, fd) // the rest of the old ones
	}
}

// READDIR-4: who keeps a directory open and rewinds sees what others have changed
// when the volume's time is over.
func TestREADDIR4_Rewound(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/f", nil)
	m := mount(t, tree, func(c *cache.Options, _ *Options) { c.TTL = 300 * time.Millisecond })
	names(t, m.path("d"))
	fd, err := unix.Open(m.path("d"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	getdents(t, fd)
	tree.Put("/d/g", nil)
	eventually(t, "the change is seen", func() bool {
		if _, err := unix.Seek(fd, 0, unix.SEEK_SET); err != nil {
			t.Fatal(err)
		}
		return slices.Contains(getdents(t, fd), "g 8")
	})
}

// What the kernel is told of one version while it may have, or is being given,
// another.
func TestDirPages(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/f", nil)
	m := mount(t, tree)
	version := func() cache.DirVersion {
		dir, err := m.volume.OpenDir(t.Context(), "d")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dir.Rows(t.Context(), 0, make([]cache.Dirent, 9)); err != nil {
			t.Fatal(err)
		}
		v, left := dir.Version()
		if left <= 0 {
			t.Fatal("the version is not known")
		}
		return v
	}
	v1 := version()
	m.volume.Refresh("d")
	v2 := version()
	if v1 == v2 || v2 != version() {
		t.Fatalf("versions %v, %v, %v", v1, v2, version())
	}
	const keep, drop, none = fuse.FOPEN_CACHE_DIR, fuse.FOPEN_CACHE_DIR | anew, 0
	var p dirPages
	for i, step := range []struct {
		v     cache.DirVersion
		flags uint32
		then  func() // after the open
	}{
		{v1, drop, nil},
		{v1, drop, p.used},    // the kernel may not have dropped what was before the first
		{v1, keep, nil},       // now it has
		{v2, none, p.release}, // others are still reading the first
		{v1, drop, p.release}, // and of what there is nothing is known since
		{v1, drop, p.release},
		{v2, none, p.release},
		{v2, none, p.release},
		{v2, drop, p.used},
		{v2, keep, nil},
		{cache.DirVersion{}, none, nil},
	} {
		if flags, fills := p.open(step.v); flags != step.flags || fills != (flags != none) {
			t.Errorf("step %d: flags %#x, fills %v; want %#x", i, flags, fills, step.flags)
		}
		if step.then != nil {
			step.then()
		}
	}
}
