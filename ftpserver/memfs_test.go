package ftpserver_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"ftpfs/ftpserver"
)

// TestOpenFileOutlivesItsName: also what is open may be replaced or removed.
func TestOpenFileOutlivesItsName(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "old")
		write(t, fsys, "g", "new")
		f, err := fsys.OpenFile("f", os.O_RDONLY, 0)
		must(t, err)
		defer f.Close()
		must(t, fsys.Rename("g", "f"))
		must(t, fsys.Remove("f"))
		if got, err := io.ReadAll(f); string(got) != "old" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestMemFSCapacity(t *testing.T) {
	fsys := ftpserver.NewMemFS(10)
	write(t, fsys, "a", "12345")
	write(t, fsys, "b", "12345")
	f, err := fsys.OpenFile("a", os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	defer f.Close()
	if n, err := f.Write([]byte("6")); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("beyond the capacity: %d, %v", n, err)
	}
	must(t, fsys.Rename("b", "c"))
	must(t, fsys.Rename("c", "a")) // gives back the old a
	write(t, fsys, "d", "12345")
	must(t, fsys.Remove("d"))
	write(t, fsys, "e", "1234")
	if _, err := f.Write([]byte(strings.Repeat("x", 100))); err != nil {
		t.Errorf("a removed file counts: %v", err)
	}
	write(t, fsys, "e", "12345") // to the last byte
}

// TestSymlinkResolution compares how both trees follow links.
func TestSymlinkResolution(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		must(t, fsys.Mkdir("a", 0o755))
		must(t, fsys.Mkdir("a/b", 0o755))
		write(t, fsys, "top", "top")
		write(t, fsys, "a/b/f", "f")
		for link, target := range map[string]string{"a/b/up": "../..", "chain": "a/b/up/a/b", "a/file": "./b/../b//f", "out": "a/../../a"} {
			must(t, fsys.Symlink(target, link))
		}
		for name, want := range map[string]string{"a/b/up/top": "top", "chain/f": "f", "chain/up/top": "top", "a/file": "f"} {
			if got := read(t, fsys, name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if _, err := fsys.Stat("out"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("a link that leads out and back: %v", err)
		}
		if _, err := fsys.OpenFile("chain", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); !errors.Is(err, fs.ErrExist) {
			t.Errorf("O_EXCL on a link: %v", err)
		}
		must(t, fsys.Symlink("a/made", "maker"))
		write(t, fsys, "maker", "x") // O_CREATE follows a dangling link
		if got := read(t, fsys, "a/made"); got != "x" {
			t.Errorf("made: %q", got)
		}
		must(t, fsys.Rename("maker", "moved"))
		if target, err := fsys.Readlink("moved"); target != "a/made" || err != nil {
			t.Errorf("%q, %v", target, err)
		}
	})
}
