package ftpserver_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ftpfs/ftpserver"
)

func limited(t testing.TB, fsys ftpserver.FS, limit int64) (ftpserver.FS, *ftpserver.Quota) {
	t.Helper()
	q := ftpserver.NewQuota(limit)
	tree, err := q.Apply(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree, q
}

// refuse sends an upload that must be answered so.
func (c *raw) refuse(command, body, want string) {
	c.t.Helper()
	data := c.passive()
	c.do(command, "150")
	// The server may end the connection first.
	_, _ = io.WriteString(data, body)
	data.Close()
	c.expect(want)
}

// TestQuota: the last byte that fits is taken, the next one is not.
func TestQuota(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "old", strings.Repeat("o", 100))
		tree, q := limited(t, fsys, 1000)
		used := func(want int64) {
			t.Helper()
			if got := q.Used(); got != want {
				t.Errorf("%d bytes are used, want %d", got, want)
			}
		}
		c := login(t, start(t, ftpserver.Options{FS: tree}))
		used(100)
		c.refuse("STOR a", strings.Repeat("a", 901), "552 Disk quota exceeded")
		c.do("SIZE a", "550 No such file")
		used(100)
		c.put("STOR a", strings.Repeat("a", 900))
		used(1000)
		c.do("AVBL", "213 0")
		c.refuse("STOR b", "b", "552")
		c.do("SIZE b", "550 No such file")
		c.put("STOR empty", "")
		c.refuse("APPE a", "+", "552")
		c.do("SIZE a", "213 900")
		c.do("DELE old", "250")
		used(900)
		c.refuse("APPE a", pattern(101), "552") // what fits stays, as of an upload that broke
		c.do("SIZE a", "213 1000")
		c.put("STOR a", strings.Repeat("A", 50)) // the old content counts no more
		used(50)
		c.do("REST 40", "350")
		c.put("STOR a", strings.Repeat("r", 30))
		used(70)
		c.put("STOR b", strings.Repeat("b", 930))
		used(1000)
		c.do("RNFR a", "350")
		c.do("RNTO b", "250") // what it replaces is gone
		used(70)
		c.do("AVBL", "213 930")
	})
}

// TestQuotaConcurrently: however many write, what is counted is what is there.
func TestQuotaConcurrently(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		const limit = 100_000
		tree, q := limited(t, fsys, limit)
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				name := fmt.Sprint("f", i/2) // two at each file
				for range 40 {
					f, err := tree.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
					if err != nil {
						t.Error(err)
						return
					}
					_, err = f.Seek(int64(i)*1000, io.SeekStart)
					for err == nil {
						_, err = io.WriteString(f, strings.Repeat("x", 7919))
					}
					if !errors.Is(err, syscall.EDQUOT) {
						t.Error(err)
					}
					if i%2 == 0 {
						err = errors.Join(f.Truncate(0), f.Close())
					} else if err = tree.Remove(name); errors.Is(err, fs.ErrNotExist) {
						err = f.Close()
					} else {
						err = errors.Join(err, f.Close())
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		if total := sizes(t, fsys); total != q.Used() || total > limit {
			t.Errorf("%d bytes are counted and %d are there, of %d", q.Used(), total, limit)
		}
	})
}

func sizes(t testing.TB, fsys ftpserver.FS) (total int64) {
	t.Helper()
	infos, err := fsys.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, fi := range infos {
		total += fi.Size()
	}
	return total
}

// TestQuotaCounts: what is there at the start, of all trees; names of one file
// are one file.
func TestQuotaCounts(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "a/b"), 0o755),
		os.WriteFile(filepath.Join(dir, "a/b/f"), make([]byte, 300), 0o644),
		os.Link(filepath.Join(dir, "a/b/f"), filepath.Join(dir, "g")),
		os.Symlink("a", filepath.Join(dir, "l")),
	); err != nil {
		t.Fatal(err)
	}
	tree, q := limited(t, openDir(t, dir), 1000)
	mem := ftpserver.NewMemFS(0)
	write(t, mem, "m", strings.Repeat("m", 200))
	if _, err := q.Apply(mem); err != nil || q.Used() != 500 {
		t.Errorf("%d, %v", q.Used(), err)
	}
	if err := tree.Remove("g"); err != nil || q.Used() != 500 {
		t.Errorf("one of two names: %d, %v", q.Used(), err)
	}
	f, err := tree.OpenFile("a/b/f", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Remove("a/b/f"); err != nil || q.Used() != 500 {
		t.Errorf("the last name of an open file: %d, %v", q.Used(), err)
	}
	if err := f.Close(); err != nil || q.Used() != 200 {
		t.Errorf("closed: %d, %v", q.Used(), err)
	}
	if f, err = tree.OpenFile("t", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(801); !errors.Is(err, syscall.EDQUOT) || q.Used() != 200 {
		t.Errorf("a hole: %d, %v", q.Used(), err)
	}
	if err := errors.Join(f.Truncate(800), f.Close()); err != nil || q.Used() != 1000 {
		t.Errorf("a hole that fits: %d, %v", q.Used(), err)
	}
}

// TestQuotaRecounts: room that others made on the disk is found.
func TestQuotaRecounts(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	tree, q := limited(t, openDir(t, dir), 1000)
	c := login(t, start(t, ftpserver.Options{FS: tree}))
	c.refuse("STOR x", "x", "552")
	if err := os.Remove(filepath.Join(dir, "big")); err != nil {
		t.Fatal(err)
	}
	c.put("STOR x", "x")
	if q.Used() != 1 {
		t.Errorf("%d bytes are used", q.Used())
	}
}
