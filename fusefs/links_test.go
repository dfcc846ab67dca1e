package fusefs

import (
	"os"
	"syscall"
	"testing"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

func TestSYMLINK2_Contained(t *testing.T) {
	for _, tt := range []struct {
		link, target string
		want         bool
	}{
		{"l", "f", true},
		{"l", "d/f", true},
		{"l", "..", false},
		{"l", "../f", false},
		{"l", "/etc/passwd", false},
		{"l", "./../f", false},
		{"l", "...", true},
		{"d/l", "..", true},
		{"d/l", "../f", true},
		{"d/l", ".././/f", true},
		{"d/l", "../../f", false},
		{"d/e/l", "../../f", true},
		{"d/e/l", "up/../../f", false}, // up may be a link to the root
		{"d/l", "e/..", false},
	} {
		if got := contained(tt.link, tt.target); got != tt.want {
			t.Errorf("%s -> %s: %v", tt.link, tt.target, got)
		}
	}
}

// SYMLINK-2: links that lead out are not shown if that is wanted.
func TestSYMLINK2_Mount(t *testing.T) {
	outside := t.TempDir() + "/own"
	if err := os.WriteFile(outside, []byte("own"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, contain := range []bool{false, true} {
		tree := fakeremote.New()
		tree.Put("/d/file", []byte("content"))
		tree.PutSymlink(outside, "/srv/out")
		tree.PutSymlink("../d/file", "/srv/out-of-srv")
		tree.Put("/srv/d/file", []byte("content"))
		tree.PutSymlink("../d/file", "/srv/d/in")
		m := mount(t, tree, func(c *cache.Options, o *Options) { c.Root, o.ContainSymlinks = "/srv", contain })
		if text, err := os.ReadFile(m.path("d/in")); string(text) != "content" {
			t.Errorf("contained: %v: within the mount %q, %v", contain, text, err)
		}
		if text, err := os.ReadFile(m.path("out")); (string(text) == "own") == contain {
			t.Errorf("contained: %v: out of the mount %q, %v", contain, text, err)
		}
		if !contain {
			continue
		}
		for _, name := range []string{"out", "out-of-srv"} {
			_, err := os.Readlink(m.path(name))
			wantErrno(t, "readlink "+name, err, syscall.EPERM)
		}
	}
}
