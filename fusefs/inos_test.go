package fusefs

import (
	"os"
	"syscall"
	"testing"

	"ftpfs/test/fakeremote"
)

func inoAt(t *testing.T, name string) uint64 {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// LOOKUP-3: numbers are those of an earlier mount, stay with a file that is
// renamed, and are nobody else's while it lives.
func TestLookup3Numbers(t *testing.T) {
	tree := fakeremote.New()
	tree.PutDir("/dir")
	tree.Put("/dir/a", []byte("a"))
	tree.Put("/b", []byte("b"))
	first, second := mount(t, tree), mount(t, tree)
	for _, p := range []string{"dir", "dir/a", "b"} {
		if one, two := inoAt(t, first.path(p)), inoAt(t, second.path(p)); one != two {
			t.Errorf("%s: %d in one mount, %d in the other", p, one, two)
		}
	}
	before := inoAt(t, first.path("dir/a"))
	if err := os.Rename(first.path("dir/a"), first.path("moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first.path("dir/a"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	if after := inoAt(t, first.path("moved")); after != before {
		t.Errorf("renamed, %d became %d", before, after)
	}
	if inoAt(t, first.path("dir/a")) == before {
		t.Error("two files have one number")
	}
}

// A number is free again when the kernel has forgotten its inode.
func TestLookup3FreedNumbers(t *testing.T) {
	i := newInos()
	a := i.take("a", syscall.S_IFREG)
	b := i.take("a", syscall.S_IFREG)
	if a.Ino == b.Ino || i.expected("a") != 0 {
		t.Errorf("%+v and %+v", a, b)
	}
	i.free(a.Ino)
	if c := i.take("a", syscall.S_IFREG); c.Ino != a.Ino || c.Gen == a.Gen {
		t.Errorf("%+v after %+v", c, a)
	}
}
