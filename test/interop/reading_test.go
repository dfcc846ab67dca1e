package interop

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// cached is how many octets of a file the kernel has when it has been opened.
func cached(t *testing.T, path string) int64 {
	t.Helper()
	out, err := exec.Command("fincore", "--noheadings", "--bytes", "--output", "RES", path).CombinedOutput()
	if err != nil {
		t.Fatalf("fincore: %v: %s", err, out)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReadAgain: the kernel keeps what was read of a file as long as the file is
// what it was, and no longer.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		const size = 1 << 20
		contents := [2][]byte{make([]byte, size), make([]byte, size)}
		put := func(i int, age time.Duration) {
			rand.Read(contents[i]) // never fails
			s.WriteFile("f", contents[i])
			at := time.Now().Add(-age)
			if err := os.Chtimes(filepath.Join(s.Dir, "f"), at, at); err != nil {
				t.Fatal(err)
			}
		}
		put(0, 48*time.Hour)
		m := mounted(t, s, "--attr-timeout", "1s")
		reads := func(i int) bool {
			b, err := os.ReadFile(m.path("f"))
			return err == nil && bytes.Equal(b, contents[i])
		}
		for range 2 {
			if !reads(0) {
				t.Fatal("not what the server has")
			}
			if n := cached(t, m.path("f")); n != size {
				t.Errorf("after a read, an open leaves %d octets of %d", n, size)
			}
		}
		put(1, 24*time.Hour)
		await(t, "the new content of the same size", func() bool { return reads(1) })
		if !reads(1) {
			t.Error("the old content is back")
		}
		if n := cached(t, m.path("f")); n != size {
			t.Errorf("after the change, an open leaves %d octets of %d", n, size)
		}
	})
}

// fioJobs are what fio does, each on files of its own.
var fioJobs = []struct{ name, args string }{
	{"in-order", "--rw=write --bs=128k --size=8m"},
	{"at-random", "--rw=randwrite --bs=4k --size=2m"},
	{"four", "--rw=randwrite --bs=16k --size=1m --numjobs=4"},
	{"sixteen", "--rw=write --bs=64k --size=256k --numjobs=16"},
	{"mapped", "--rw=randwrite --bs=4k --size=1m --ioengine=mmap"},
	{"direct", "--rw=randwrite --bs=8k --size=1m --direct=1"},
	{"mixed", "--rw=randrw --bs=4k --size=1m --numjobs=2"},
}

// TestFio: what fio writes, it reads back, and the server's disk has it. With
// FTPFS_TEST_FIO=n all sizes are n times as large.
func TestFio(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("fio"); err != nil {
		ftptest.Skip(t, "no fio: apt-get install fio")
	}
	times := 1
	if n, err := strconv.Atoi(os.Getenv("FTPFS_TEST_FIO")); err == nil {
		times = n
	}
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m, state := mounted(t, s), t.TempDir()
		for _, job := range fioJobs {
			args := []string{"--directory=" + m.dir, "--name=" + job.name, "--verify=crc32c", "--do_verify=1", "--verify_fatal=1",
				"--fallocate=none", "--thread", "--group_reporting"}
			for arg := range strings.FieldsSeq(job.args) {
				args = append(args, scaled(arg, times))
			}
			begin := time.Now()
			cmd := exec.Command("fio", args...)
			cmd.Dir = state // where it leaves files of its own
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", job.name, err, out)
			}
			t.Logf("%s: %.1f s", job.name, time.Since(begin).Seconds())
		}
		sameFiles(t, m.dir, s.Dir)
	})
}

// scaled multiplies the size of an argument of fio.
func scaled(arg string, times int) string {
	size, ok := strings.CutPrefix(arg, "--size=")
	if !ok {
		return arg
	}
	n, unit := size[:len(size)-1], size[len(size)-1:]
	number, err := strconv.Atoi(n)
	if err != nil {
		panic(err) // it is in the table above
	}
	return fmt.Sprintf("--size=%d%s", number*times, unit)
}

// sameFiles compares the files of the mount's root with those of the server's.
func sameFiles(t *testing.T, mount, served string) {
	t.Helper()
	entries, err := os.ReadDir(served)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d files on the server, %v", len(entries), err)
	}
	for _, e := range entries {
		if out, err := exec.Command("cmp", filepath.Join(mount, e.Name()), filepath.Join(served, e.Name())).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", e.Name(), err, out)
		}
	}
}
