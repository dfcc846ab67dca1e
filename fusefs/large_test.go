package fusefs

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// crowd is a directory d of n files, which arrive a thousand at a time.
func crowd(n int) *fakeremote.Tree {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Batch = 1000 })
	for i := range n {
		tree.Put(fmt.Sprintf("/d/file-%06d", i), nil)
	}
	return tree
}

// READDIR-3: the first names are read before the last have come.
func TestREADDIR3_BeforeTheEnd(t *testing.T) {
	const n = 5000
	tree := crowd(n)
	m := mount(t, tree)
	gate := tree.Block("Batch", "/d")
	dir, err := os.Open(m.path("d"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	first, err := dir.Readdirnames(10)
	if err != nil || len(first) != 10 {
		t.Errorf("%q, %v", first, err)
	}
	gate.Open()
	rest, err := dir.Readdirnames(-1)
	if err != nil || len(first)+len(rest) != n {
		t.Errorf("%d names, %v", len(first)+len(rest), err)
	}
}

// READDIR-3: a listing that breaks off is an error of readdir, and is not kept.
func TestREADDIR3_BreaksOff(t *testing.T) {
	const n = 5000
	tree := crowd(n)
	m := mount(t, tree)
	gate := tree.Block("Batch", "/d")
	tree.Fail("Batch", "/d", 1, &ftpclient.Error{Op: "MLSD", Kind: ftpclient.KindNetwork, Err: errors.New("reset")})
	dir, err := os.Open(m.path("d"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	gate.Open()
	names, err := dir.Readdirnames(-1)
	if err == nil || len(names) == n {
		t.Errorf("%d names, %v", len(names), err)
	}
	if names, err := os.ReadDir(m.path("d")); err != nil || len(names) != n {
		t.Errorf("afterwards: %d names, %v", len(names), err)
	}
}

// READDIR-2: names of a large directory make no inodes, unless somebody looks at
// them, who then gets the attributes of most with the names.
func TestREADDIR2_Inodes(t *testing.T) {
	const n = plusAll + 6*plusProbe
	m := mount(t, crowd(n))
	if names := readNames(t, m, false); names != n {
		t.Errorf("%d names", names)
	}
	if known := m.inodes("d"); known < plusAll/2 || known > plusAll+3*plusProbe {
		t.Errorf("%d inodes of %d names that nobody looked at", known, n)
	}
	m = mount(t, crowd(n))
	if names := readNames(t, m, true); names != n {
		t.Errorf("%d names", names)
	}
	if known := m.inodes("d"); known != n {
		t.Errorf("%d inodes of %d names that were looked at", known, n)
	}
	dir := find(m.root(), "d").Operations().(*node)
	if asked := dir.lookups.Load(); asked > n/4 {
		t.Errorf("%d of %d names were looked up one by one", asked, n)
	}
}

// inodes is how many names of a directory the kernel knows.
func (m *mounted) inodes(dir string) int { return len(find(m.root(), dir).Children()) }

// readNames reads d, and looks at each name if it is told to.
func readNames(t *testing.T, m *mounted, look bool) (n int) {
	t.Helper()
	dir, err := os.Open(m.path("d"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(100)
		if len(names) == 0 {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		n += len(names)
		for _, name := range names {
			var st unix.Stat_t
			if !look {
				break
			}
			if err := unix.Fstatat(int(dir.Fd()), name, &st, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// KNOWN-1: of many files the kernel forgets the oldest, but none that is open.
func TestKNOWN1(t *testing.T) {
	const n, most = 3000, 500
	m := mount(t, crowd(n), func(_ *cache.Options, o *Options) { o.known = most })
	open, err := os.Open(m.path("d/file-000000"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	readNames(t, m, true)
	eventually(t, "the kernel forgets", func() bool { return m.inodes("d") <= most+1 })
	if find(m.root(), "d/file-000000") == nil {
		t.Error("an open file was forgotten")
	}
	var st syscall.Stat_t
	if err := syscall.Stat(m.path("d/file-000001"), &st); err != nil {
		t.Errorf("one that was forgotten: %v", err)
	}
}
