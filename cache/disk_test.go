package cache

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lines is a log for a test, which must end with no more lines than expected.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.all.String(), text)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func openDisk(t *testing.T, dir, server string, budget int64) (*diskCache, *lines) {
	t.Helper()
	log := &lines{}
	d, err := newDiskCache(dir, server, budget, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.mu.Lock()
		closed := d.closed
		d.mu.Unlock()
		if !closed {
			d.close()
		}
	})
	return d, log
}

// rests waits until all that was queued is done.
func (d *diskCache) rests() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 || d.working {
		d.idle.Wait()
	}
}

// diskBlock is the content of a block in these tests.
func diskBlock(k blockKey) []byte {
	rng := rand.NewChaCha8([32]byte([]byte(hashName(fmt.Sprint(k)) + "12345678")))
	b := make([]byte, blockLen(k))
	rng.Read(b)
	return b
}

func diskKey(p string, size, stamp, index int64) blockKey {
	return blockKey{p, version{size: size, stamp: stamp, exact: true}, index}
}

// keys are those of all blocks of a version.
func keys(p string, size, stamp int64) (all []blockKey) {
	for i := int64(0); i*blockSize < size; i++ {
		all = append(all, diskKey(p, size, stamp, i))
	}
	return all
}

func putDisk(t *testing.T, d *diskCache, keys ...blockKey) {
	t.Helper()
	done := 0
	for _, k := range keys {
		d.put(k, diskBlock(k), func() { done++ })
		d.rests()
	}
	if done != len(keys) {
		t.Fatalf("%d of %d puts were done", done, len(keys))
	}
}

// gotten tells of which of the keys there are blocks; what is there is right.
func gotten(t *testing.T, d *diskCache, keys ...blockKey) (n int) {
	t.Helper()
	buf := make([]byte, blockSize)
	for _, k := range keys {
		got, ok := d.get(k, buf)
		if !ok {
			continue
		}
		if n++; !bytes.Equal(buf[:got], diskBlock(k)) {
			t.Fatalf("%v: not what was put", k)
		}
	}
	return n
}

func wantGotten(t *testing.T, what string, want int, d *diskCache, keys ...blockKey) {
	t.Helper()
	if n := gotten(t, d, keys...); n != want {
		t.Errorf("%s: %d of %d blocks are there, want %d", what, n, len(keys), want)
	}
}

// entryFiles are the files of all entries, with an ending.
func entryFiles(t *testing.T, dir, ending string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "servers"), func(p string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ending) {
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestDiskOutlivesTheMount: what was put is there in the next mount, of the same
// version and server only.
func TestDiskOutlivesTheMount(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "cache")
	d, _ := openDisk(t, dir, "me@host:21", 1<<30)
	large, small := keys("/d/large", 3*blockSize+5, 1e18), keys("/d/small", 7, 2e18)
	putDisk(t, d, append(large, small...)...)
	odd := []blockKey{diskKey("/empty", 0, 1, 0), diskKey("/d/large", 3*blockSize+5, 1e18, 4), {"/loose", version{size: 5, stamp: 1}, 0}}
	putDisk(t, d, odd...)
	d.put(diskKey("/d/part", 100, 1, 0), make([]byte, 99), func() {})
	d.close()
	if n := len(entryFiles(t, dir, ".m")); n != 2 {
		t.Errorf("%d entries", n)
	}

	d, log := openDisk(t, dir, "me@host:21", 1<<30)
	wantGotten(t, "the next mount", 5, d, append(large, small...)...)
	wantGotten(t, "what is not whole or exact", 0, d, append(odd, diskKey("/d/part", 100, 1, 0))...)
	for _, k := range []blockKey{diskKey("/d/small", 8, 2e18, 0), diskKey("/d/small", 7, 2e18+1, 0), diskKey("/d/other", 7, 2e18, 0), diskKey("/d", 7, 2e18, 0)} {
		wantGotten(t, "another version or path", 0, d, k)
	}
	if !d.has(large[3]) || d.has(diskKey("/d/small", 8, 2e18, 0)) {
		t.Error("has is wrong")
	}
	other, _ := openDisk(t, dir, "you@host:21", 1<<30)
	wantGotten(t, "another server", 0, other, large...)
	putDisk(t, other, small...)
	wantGotten(t, "another server's own", 1, other, small...)
	newer := keys("/d/small", 9, 3e18)
	putDisk(t, d, newer...)
	wantGotten(t, "the newer version", 1, d, newer...)
	wantGotten(t, "the older version", 0, d, small...)
	if log.count("level=WARN") > 0 {
		t.Error(log.all.String())
	}
	checkModes(t, dir)
}

// checkModes: nobody else can look.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s: mode %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDiskDamage changes each file of the cache at random places, cuts it, or
// puts something else in its place: right content or none.
func TestDiskDamage(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	all := append(keys("/x/a", 3*blockSize, 1e18), keys("/x/b", 11, 1e18)...)
	lost := 0
	for i := range 60 {
		d, _ := openDisk(t, dir, "s", 1<<30)
		putDisk(t, d, all...)
		wantGotten(t, "before the damage", len(all), d, all...)
		if i%2 == 0 {
			d.close() // else it is damaged while it is open
		}
		var files []string
		for _, ending := range []string{".m", ".d", "header", "usage"} {
			if ending == "usage" {
				files = append(files, filepath.Join(dir, "usage"))
				continue
			}
			files = append(files, entryFiles(t, dir, ending)...)
		}
		slices.Sort(files)
		hurt(t, rng, files[rng.IntN(len(files))])
		if i%2 == 0 {
			d, _ = openDisk(t, dir, "s", 1<<30)
		}
		lost += len(all) - gotten(t, d, all...)
		putDisk(t, d, all...)
		if i%2 == 0 {
			wantGotten(t, "put again", len(all), d, all...)
		}
		d.close()
		if err := os.RemoveAll(filepath.Join(dir, "servers")); err != nil {
			t.Fatal(err)
		}
	}
	if lost == 0 {
		t.Error("no damage had an effect")
	}
}

// hurt does something to a file.
func hurt(t *testing.T, rng *rand.Rand, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n := max(1, len(data))
	switch rng.IntN(6) {
	case 0, 1, 2:
		if len(data) > 0 {
			data[rng.IntN(n)] ^= 1 << rng.IntN(8)
		}
		err = os.WriteFile(name, data, 0o600)
	case 3:
		err = os.Truncate(name, rng.Int64N(int64(n)))
	case 4:
		err = os.Remove(name)
	case 5:
		if err = os.Remove(name); err == nil && !strings.HasSuffix(name, "header") && !strings.HasSuffix(name, "usage") {
			err = unix.Mkfifo(name, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDiskSwappedBlocks: octets that are whole but belong elsewhere are not
// believed.
func TestDiskSwappedBlocks(t *testing.T) {
	dir := t.TempDir()
	first, _ := openDisk(t, dir, "s", 1<<30)
	two := keys("/f", 2*blockSize, 1e18)
	putDisk(t, first, two...)
	first.close()
	name := entryFiles(t, dir, ".d")[0]
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	desc := strings.TrimSuffix(name, ".d") + ".m"
	sums, err := os.ReadFile(desc)
	if err != nil {
		t.Fatal(err)
	}
	n := len(sums)
	swapped := slices.Concat(sums[:n-16], sums[n-8:], sums[n-16:n-8])
	if err := os.WriteFile(desc, swapped, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, slices.Concat(data[blockSize:], data[:blockSize]), 0o600); err != nil {
		t.Fatal(err)
	}
	d, log := openDisk(t, dir, "s", 1<<30)
	wantGotten(t, "swapped", 0, d, two...)
	if n := log.count("damaged"); n != 1 {
		t.Errorf("%d lines of the damage:\n%s", n, log.all.String())
	}
}

// TestDiskRefuses: a directory that others could change is not used.
func TestDiskRefuses(t *testing.T) {
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	for _, err := range []error{os.Mkdir(at("open"), 0o700), os.Chmod(at("open"), 0o777), os.Mkdir(at("group"), 0o700), os.Chmod(at("group"), 0o770),
		os.Mkdir(at("own"), 0o700), os.Symlink("own", at("link")), os.WriteFile(at("file"), nil, 0o600), os.Mkdir(at("shown"), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	refused := map[string]string{"open": "chmod go-w", "group": "chmod go-w", "link": "symbolic link", "file": "not a directory", "file/sub": "not a directory"}
	if os.Geteuid() == 0 {
		if err := os.Mkdir(at("theirs"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(at("theirs"), 4711, 4711); err != nil {
			t.Fatal(err)
		}
		refused["theirs"] = "belongs to user 4711"
	}
	for name, says := range refused {
		_, err := newDiskCache(at(name), "s", 1<<30, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
	openDisk(t, at("shown"), "s", 1<<30)
}

// TestDiskForeign: a directory of another format, or of another server under the
// same name, is thrown away.
func TestDiskForeign(t *testing.T) {
	dir := t.TempDir()
	k := diskKey("/f", 5, 1e18, 0)
	for _, header := range []string{"", "ftpfs content cache, format 0\n\"s\"\n", "ftpfs content cache, format 1\n\"other\"\n"} {
		d, _ := openDisk(t, dir, "s", 1<<30)
		putDisk(t, d, k)
		d.close()
		name := filepath.Join(dir, "servers", hashName("s"), "header")
		if err := os.WriteFile(name, []byte(header), 0o600); err != nil {
			t.Fatal(err)
		}
		d, _ = openDisk(t, dir, "s", 1<<30)
		wantGotten(t, header, 0, d, k)
		d.close()
	}
}

// TestDiskDeepAndLong: paths that are too long to be kept are not kept, others of
// any octets are.
func TestDiskDeepAndLong(t *testing.T) {
	d, log := openDisk(t, t.TempDir(), "s", 1<<30)
	for p, want := range map[string]int{
		"/" + strings.Repeat("n", 255): 1, "/\xff\xfe\n": 1, "/..a/...": 1, "/" + strings.Repeat("d/", 99) + "f": 1,
		"/" + strings.Repeat("d/", 150) + "f": 0, "/" + strings.Repeat("long/", 1000) + "f": 0,
	} {
		k := diskKey(p, 5, 1e18, 0)
		putDisk(t, d, k)
		wantGotten(t, fmt.Sprintf("%.40q", p), want, d, k)
	}
	if n := log.count("level=WARN"); n > 0 {
		t.Error(log.all.String())
	}
}

func BenchmarkDiskGet(b *testing.B) {
	d, err := newDiskCache(b.TempDir(), "s", 1<<30, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer d.close()
	k, buf := diskKey("/d/e/f", blockSize, 1, 0), make([]byte, blockSize)
	d.put(k, diskBlock(k), func() {})
	d.rests()
	b.SetBytes(blockSize)
	for b.Loop() {
		if _, ok := d.get(k, buf); !ok {
			b.Fatal("not there")
		}
	}
}
