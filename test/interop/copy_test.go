package interop

import (
	"path/filepath"
	"testing"

	"ftpfs/test/ftptest"
)

// TestCopyTree copies a tree in and out again. What the server has on its disk
// is what was copied, with modes and times to the second.
func TestCopyTree(t *testing.T) {
	t.Parallel()
	size := treeSize{files: 500, dirs: 40, big: 12, huge: 3}
	if testing.Short() {
		size = treeSize{files: 100, dirs: 15, big: 5, huge: 1}
	}
	src := filepath.Join(t.TempDir(), "src")
	sampleTree(t, src, size)
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s)
		if r := shell(t, m.dir, `cp -a "$SRC" in`, "SRC="+src); r.code != 0 || r.out+r.err != "" {
			t.Errorf("cp -a in: %v", r)
		}
		with := withMode | withMtime
		if s.User == "anonymous" { // vsftpd lets it change no mode
			with = withMtime
		}
		want := digest(t, src, with)
		same(t, "on the server's disk", digest(t, filepath.Join(s.Dir, "in"), with), want)
		same(t, "in the mount", digest(t, m.path("in"), with), want)
		m.umount()
		m.mount()
		out := filepath.Join(t.TempDir(), "out")
		if r := shell(t, m.dir, `cp -a in "$OUT" && diff -r "$SRC" "$OUT"`, "SRC="+src, "OUT="+out); r.code != 0 || r.out+r.err != "" {
			t.Errorf("cp -a out, diff -r: %v", r)
		}
		same(t, "copied out", digest(t, out, with), want)
		if r := shell(t, m.dir, `rm -r in`); r.code != 0 || r.out+r.err != "" {
			t.Errorf("rm -r: %v", r)
		}
		same(t, "after rm -r", digest(t, s.Dir, 0), nil)
	})
}
