package fusefs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// tracing has the mount's log tell of each request.
func tracing(_ *cache.Options, o *Options) { o.trace = true }

// reads are the sizes of the READs that the mount's log tells of.
func reads(log *lines) (sizes []int64) {
	request := regexp.MustCompile(`READ .*\[(\d+) \+(\d+)\)`)
	for _, line := range log.with("rx ", "READ ") {
		if m := request.FindStringSubmatch(line); m != nil {
			size, _ := strconv.ParseInt(m[2], 10, 64) // digits
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// READ-3: the kernel reads ahead in large pieces where the one who mounts may say
// so, and in the kernel's own elsewhere.
func TestREAD3_Sizes(t *testing.T) {
	tree := fakeremote.New()
	data := content(16 << 20)
	tree.Put("/f", data)
	log := &lines{}
	m := mount(t, tree, logTo(log.logger()), tracing)
	most := 40
	if got := log.with("reads ahead as little"); len(got) > 0 {
		if os.Getuid() == 0 {
			skipOrFail(t, "sysfs cannot be written: "+got[0])
		}
		most = 140
	}
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got bytes.Buffer
	for buf := make([]byte, 64<<10); ; {
		n, err := f.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if !bytes.Equal(got.Bytes(), data) {
		t.Error("other content")
	}
	sizes := reads(log)
	if len(sizes) == 0 || len(sizes) > most {
		t.Errorf("%d READs of 16 MiB: %d", len(sizes), sizes)
	}
}

// READ-3: O_DIRECT reads and writes past the kernel's cache, at any place.
func TestREAD3_Direct(t *testing.T) {
	tree := fakeremote.New()
	data := put(tree, "/f", '1', time.Hour)
	m := mount(t, tree)
	f, err := os.OpenFile(m.path("f"), os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{0, 5000, 77_777} {
		buf := make([]byte, 10_001)
		if n, err := f.ReadAt(buf, off); err != nil || !bytes.Equal(buf, data[off:off+10_001]) {
			t.Errorf("at %d: %d octets, %v", off, n, err)
		}
	}
	if n := keptPages(t, m.path("f")); n != 0 {
		t.Errorf("the kernel has %d pages", n)
	}
	if _, err := f.WriteAt([]byte("direct"), 7777); err != nil {
		t.Error(err)
	}
	copy(data[7777:], "direct")
	buf := make([]byte, 100)
	if _, err := f.ReadAt(buf, 7770); err != nil || !bytes.Equal(buf, data[7770:7870]) {
		t.Errorf("read back %q, %v", buf, err)
	}
	wantErrno(t, "close", f.Close(), 0)
	if got, _ := tree.Get("/f"); !bytes.Equal(got, data) {
		t.Error("the server does not have what was written")
	}
}

// MMAP-1: a mapping shows the content.
func TestMMAP1_Read(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", content(mapSize))
	m := mount(t, tree)
	p := start(t, "map-read", m.path("f"))
	if errno := p.result(t); errno != 0 {
		t.Errorf("mmap: %v", errno)
	}
}

// READ-3: readers who wait for the server do not hold up one who need not.
func TestREAD3_Waiting(t *testing.T) {
	tree := fakeremote.New()
	const waiting = 40
	for i := range waiting {
		tree.Put(fmt.Sprintf("/slow/f%02d", i), content(1<<20))
	}
	tree.Put("/fast", content(1<<20))
	log := &lines{}
	m := mount(t, tree, logTo(log.logger()), tracing)
	wantContent(t, m.path("fast"), content(1<<20))
	before := len(reads(log))
	gate := tree.Block("Retrieve", "")
	var slow sync.WaitGroup
	defer slow.Wait()
	defer gate.Open()
	for i := range waiting {
		slow.Go(func() { wantContent(t, m.path(fmt.Sprintf("slow/f%02d", i)), content(1<<20)) })
	}
	eventually(t, "all wait", func() bool { return len(reads(log)) >= before+waiting })
	m.server.ContentChanged("fast") // which the volume still has
	done := make(chan error, 1)
	go func() {
		got, err := os.ReadFile(m.path("fast"))
		if err == nil && len(got) != 1<<20 {
			err = fmt.Errorf("%d octets", len(got))
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the others")
	}
}

// READ-1: with a cache that is smaller than what is read at once, the content is
// right, in the cache's memory and after changes in the spool.
func TestREAD1_SmallCache(t *testing.T) {
	tree := fakeremote.New()
	data := content(5<<20 + 1)
	tree.Put("/f", data)
	m := mount(t, tree, func(c *cache.Options, _ *Options) { c.CacheBytes = 1 << 20 })
	f, err := os.OpenFile(m.path("f"), os.O_RDWR|syscall.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read := func(what string) {
		t.Helper()
		got := make([]byte, len(data))
		if n, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d octets, %v", what, n, err)
		}
	}
	read("the server's")
	if _, err := f.WriteAt([]byte("changed"), 3<<20); err != nil {
		t.Fatal(err)
	}
	copy(data[3<<20:], "changed")
	read("changed")
}

// READ-1: what ends a connection is not the end of the file, also where a part of it
// is here already.
func TestREAD1_ConnectionEnds(t *testing.T) {
	tree := fakeremote.New()
	content := bytes.Repeat([]byte("0123456789"), 20_000)
	tree.Put("/f", content)
	m := mount(t, tree)
	f, err := os.OpenFile(m.path("f"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("changed"), 0); err != nil {
		t.Fatal(err)
	}
	tree.Fail("Retrieve", "/f", 100, &ftpclient.Error{Op: "RETR", Path: "/f", Kind: ftpclient.KindNetwork, Err: io.EOF})
	n, err := f.ReadAt(make([]byte, 100), 150_000)
	if wantErrno(t, "read", err, syscall.EIO); n != 0 {
		t.Errorf("%d octets were read", n)
	}
	if err := f.Truncate(0); err != nil { // the end needs nothing of the server's then
		t.Error(err)
	}
}
