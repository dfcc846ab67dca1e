package interop

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// TestDiskCache: what was read is there for the next mount, which downloads
// nothing; what is damaged on the disk or changed on the server is read right.
func TestDiskCache(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		then := time.Now().Add(-36 * time.Hour)
		write := func(name, data string, at time.Time) {
			s.WriteFile(name, []byte(data))
			if err := os.Chtimes(filepath.Join(s.Dir, name), at, at); err != nil {
				t.Fatal(err)
			}
		}
		write("large", noise(700_001), then)
		for i := range 25 {
			write(fmt.Sprintf("d/f%02d", i), noise(3000+i), then)
		}
		dir := filepath.Join(t.TempDir(), "kept")
		m := newMount(t, s.URL(), "--trace", "--cache-dir", dir)
		// read mounts, reads all files, compares them with the server's disk and
		// returns how many downloads it took.
		read := func() (downloads int) {
			t.Helper()
			m.mount()
			sent := sending(t, m, `find . -type f | sort | xargs cat >/dev/null; cat large d/* >/dev/null`)
			same(t, "in the mount", digest(t, m.dir, 0), digest(t, s.Dir, 0))
			sent = merged(sent, sending(t, m, `ls`))
			m.umount()
			return sent["RETR"]
		}
		if n := read(); n < 26 {
			t.Errorf("%d downloads for 26 files", n)
		}
		if n := read(); n > 0 {
			t.Errorf("%d downloads of what was kept", n)
		}
		harmed := harm(t, dir)
		if n := read(); n != harmed {
			t.Errorf("%d downloads, with damage in %d files", n, harmed)
		}
		write("d/f03", noise(3003), then.Add(time.Second))
		write("d/f04", noise(9000), then)
		if n := read(); n != 2 {
			t.Errorf("%d downloads with two files changed on the server", n)
		}
		if n := read(); n > 0 {
			t.Errorf("%d downloads at last", n)
		}
	})
}

func merged(a, b map[string]int) map[string]int {
	for verb, n := range b {
		a[verb] += n
	}
	return a
}

// harm changes an octet in some of the cache's data files and says in how many.
func harm(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".d") || n == 5 {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		n++
		data[len(data)/2] ^= 1
		return os.WriteFile(p, data, 0o600)
	})
	if err != nil || n != 5 {
		t.Fatalf("%d files harmed, %v", n, err)
	}
	return n
}

// TestDiskCacheRefused: a directory that others can write to is refused in one
// line that says what to do, and nothing stays mounted.
func TestDiskCacheRefused(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Bundled)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	m := newMount(t, s.URL(), "--cache-dir", dir)
	out, code := m.tryMount(m.url, m.dir)
	if code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, dir) || !strings.Contains(out, "chmod go-w") {
		t.Errorf("exit code %d, %q", code, out)
	}
	if left := m.mounts(); len(left) > 0 {
		t.Errorf("mounted: %q", left)
	}
}

// TestDiskCacheOfTwoMounts: two mounts at a time share a directory.
func TestDiskCacheOfTwoMounts(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Bundled)
	data := bytes.Repeat([]byte("0123456789abcdef"), 50_000)
	s.WriteFile("f", data)
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(s.Dir, "f"), then, then); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "kept")
	one, two := newMount(t, s.URL(), "--trace", "--cache-dir", dir), newMount(t, s.URL(), "--trace", "--cache-dir", dir)
	one.mount()
	two.mount()
	if r := shell(t, one.dir, `cat f`); r.out != string(data) {
		t.Errorf("the first mount read %d octets, %s", len(r.out), r.err)
	}
	one.umount() // now all is on the disk
	if !bytes.Equal(keptData(t, dir), data) {
		t.Error("the cache's data is not at its place")
	}
	sent := sending(t, two, `cmp f "$SERVED"`, "SERVED="+filepath.Join(s.Dir, "f"))
	if sent["RETR"] > 0 {
		t.Errorf("the second mount sent %v", sent)
	}
	two.umount()
}

// keptData is the content of the cache directory's only data file.
func keptData(t *testing.T, dir string) (data []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".d") {
			data, err = os.ReadFile(p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
