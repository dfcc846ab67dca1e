package fusefs

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// keptPages opens a file and returns how many of its pages the kernel has then,
// before anything was read.
func keptPages(t *testing.T, path string) (n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(p)
	there := make([]byte, (len(p)+os.Getpagesize()-1)/os.Getpagesize())
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), uintptr(unsafe.Pointer(&there[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	for _, b := range there {
		n += int(b & 1)
	}
	return n
}

// wantPages fails the test unless the kernel has this many pages of the file after
// an open.
func wantPages(t *testing.T, when, path string, want int) {
	t.Helper()
	if got := keptPages(t, path); got != want {
		t.Errorf("%s: %d pages are kept, want %d", when, got, want)
	}
}

func wantContent(t *testing.T, path string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); !bytes.Equal(got, want) || err != nil {
		t.Errorf("%d octets, %v: not what was to be read", len(got), err)
	}
}

const somePages = 40

// put makes a file of somePages pages, as old as said.
func put(tree *fakeremote.Tree, path string, first byte, age time.Duration) []byte {
	data := content(somePages * os.Getpagesize())
	data[0] = first
	tree.Put(path, data)
	tree.Touch(path, time.Now().Add(-age))
	return data
}

// CACHE-2: the kernel keeps the content of a version over an open, and drops it
// when the open is of another one.
func TestCACHE2_Kept(t *testing.T) {
	tree := fakeremote.New()
	old := put(tree, "/f", '1', time.Hour)
	m := mount(t, tree)
	wantPages(t, "at first", m.path("f"), 0)
	wantContent(t, m.path("f"), old)
	for range 2 {
		wantPages(t, "again", m.path("f"), somePages)
	}
	wantContent(t, m.path("f"), old)
	m.volume.SetNotifier(nil) // nobody tells the kernel
	changed := put(tree, "/f", '2', time.Minute)
	m.volume.Refresh("")
	wantPages(t, "changed", m.path("f"), 0)
	for range 2 { // the kernel itself drops everything when it sees the new time, once
		wantContent(t, m.path("f"), changed)
	}
	wantPages(t, "read anew", m.path("f"), somePages)
	again := put(tree, "/f", '1', time.Hour)
	m.volume.Refresh("")
	wantPages(t, "changed back", m.path("f"), 0)
	wantContent(t, m.path("f"), again)
}

// CACHE-2: what may have changed unseen is not kept.
func TestCACHE2_JustChanged(t *testing.T) {
	tree := fakeremote.New()
	data := put(tree, "/f", '1', 0)
	m := mount(t, tree)
	wantContent(t, m.path("f"), data)
	wantPages(t, "again", m.path("f"), 0)
}

// CACHE-2: what was read of an open file after it changed is not taken for the
// version that was opened, also if that comes back.
func TestCACHE2_ChangedWhileOpen(t *testing.T) {
	tree := fakeremote.New()
	put(tree, "/f", '1', time.Hour)
	m := mount(t, tree)
	m.volume.SetNotifier(nil)
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	put(tree, "/f", '2', time.Minute)
	m.volume.Refresh("")
	if _, err := m.volume.Stat(t.Context(), "f"); err != nil {
		t.Fatal(err)
	}
	other, err := m.volume.Open(t.Context(), "f", os.O_RDONLY) // which the kernel does not see
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	first := make([]byte, 1)
	if _, err := f.ReadAt(first, 0); err != nil || first[0] != '2' {
		t.Fatalf("%q, %v", first, err)
	}
	put(tree, "/f", '1', time.Hour)
	m.volume.Refresh("")
	wantPages(t, "changed back", m.path("f"), 0)
}

// CACHE-2: own writes are read back, and end what was kept.
func TestCACHE2_OwnWrites(t *testing.T) {
	tree := fakeremote.New()
	data := put(tree, "/f", '1', time.Hour)
	m := mount(t, tree)
	wantContent(t, m.path("f"), data)
	f, err := os.OpenFile(m.path("f"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("own"), 5000); err != nil {
		t.Fatal(err)
	}
	wantErrno(t, "close", f.Close(), 0)
	copy(data[5000:], "own")
	wantContent(t, m.path("f"), data)
	wantErrno(t, "truncate", os.Truncate(m.path("f"), 6000), 0)
	wantContent(t, m.path("f"), data[:6000])
}

// CACHE-3: what the volume reports as changed is dropped at once, also while it is
// open.
func TestCACHE3_DropsPages(t *testing.T) {
	tree := fakeremote.New()
	data := put(tree, "/f", '1', time.Hour)
	m := mount(t, tree)
	wantContent(t, m.path("f"), data)
	wantPages(t, "again", m.path("f"), somePages)
	m.volume.Refresh("f")
	eventually(t, "the pages are dropped", func() bool { return keptPages(t, m.path("f")) == 0 })
}

// What is known of the kernel's pages, step by step.
func TestPages(t *testing.T) {
	tree := fakeremote.New()
	versions := make([]cache.Version, 3) // the first is none
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "ab"} {
		tree.Put("/"+name, []byte(name))
		tree.Touch("/"+name, time.Unix(1e9, 0))
		h, err := v.Open(t.Context(), name, os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		versions[i+1], _ = h.Version()
		h.Release()
	}
	none, one, two := versions[0], versions[1], versions[2]
	if slices.Contains(versions[1:], none) || one == two {
		t.Fatal("not two versions")
	}
	a, b, c := &handle{}, &handle{writable: true}, &handle{}
	for _, test := range []struct {
		name  string
		steps func(p *pages)
		keep  bool
	}{
		{"opened only: the kernel may not have dropped yet", func(p *pages) { p.open(a, one) }, false},
		{"read", func(p *pages) { p.open(a, one); p.used(a); p.got(one) }, true},
		{"opened and closed", func(p *pages) { p.open(a, one); p.used(a) }, true},
		{"another handle was used", func(p *pages) { p.open(a, one); p.used(b) }, false},
		{"something else was read", func(p *pages) { p.open(a, one); p.used(a); p.got(two) }, false},
		{"something else was read before the open's handle was used", func(p *pages) { p.open(a, one); p.got(two); p.used(a) }, false},
		{"another version came and went", func(p *pages) { p.open(a, one); p.used(a); p.open(b, two); p.used(b); p.got(two) }, false},
		{"an earlier handle of the same version was used", func(p *pages) { p.open(a, one); p.open(b, two); p.open(c, one); p.used(a) }, false},
		{"a version that is none", func(p *pages) { p.open(a, none); p.used(a); p.got(none) }, false},
		{"written", func(p *pages) { p.open(a, one); p.used(a); p.got(none) }, false},
		{"opened again after that", func(p *pages) { p.open(a, one); p.used(a); p.got(none); p.open(b, one); p.used(b) }, true},
	} {
		p := &pages{}
		test.steps(p)
		if got := p.open(&handle{}, one); got != test.keep {
			t.Errorf("%s: keep %v, want %v", test.name, got, test.keep)
		}
	}
}
