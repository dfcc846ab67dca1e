package cache

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestDiskForgets: what is forgotten is gone at once and in the next mount; what
// is put after that stays.
func TestDiskForgets(t *testing.T) {
	dir := t.TempDir()
	d, _ := openDisk(t, dir, "s", 1<<30)
	var all []blockKey
	for _, p := range []string{"/a", "/a/x", "/a/y/z", "/ab", "/b"} {
		all = append(all, keys(p, 5, 1e18)...)
	}
	check := func(what string, want ...int) {
		t.Helper()
		for i, k := range all {
			if n := gotten(t, d, k); n != want[i] {
				t.Errorf("%s: %s: %d blocks, want %d", what, k.path, n, want[i])
			}
		}
	}
	putDisk(t, d, all...)
	check("put", 1, 1, 1, 1, 1)
	d.forget("/a")
	check("forget /a", 0, 1, 1, 1, 1)
	d.put(all[0], diskBlock(all[0]), func() {})
	d.rests()
	check("put again", 1, 1, 1, 1, 1)
	d.forgetTree("/a")
	check("forgetTree /a", 0, 0, 0, 1, 1)
	d.close()
	d, _ = openDisk(t, dir, "s", 1<<30)
	check("the next mount", 0, 0, 0, 1, 1)
	putDisk(t, d, all[1])
	check("put below", 0, 1, 0, 1, 1)
	d.forgetTree("/")
	check("forgetTree /", 0, 0, 0, 0, 0)
	d.rests()
	if left := entryFiles(t, dir, ".d"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// TestDiskForgetsWhatIsBeingOpened: an entry that was opened before it was
// forgotten does not come in afterwards.
func TestDiskForgetsWhatIsBeingOpened(t *testing.T) {
	d, _ := openDisk(t, t.TempDir(), "s", 1<<30)
	k := diskKey("/d/f", 5, 1e18, 0)
	putDisk(t, d, k)
	drops := d.drops
	e, err := openDiskEntry(d.home, k.path)
	if err != nil {
		t.Fatal(err)
	}
	d.forgetTree("/d")
	d.rests()
	if d.enter(e, drops) != nil {
		t.Error("it came in")
	}
}

// TestDiskForgottenIsNotOpened: what is looked for before its file was forgotten and
// opened after that does not come in, though it is on the disk still.
func TestDiskForgottenIsNotOpened(t *testing.T) {
	d, _ := openDisk(t, t.TempDir(), "s", 1<<30)
	k := diskKey("/d/f", blockSize, 1e18, 0)
	busy, end := make(chan struct{}), make(chan struct{})
	d.put(k, diskBlock(k), func() { close(busy); <-end }) // the worker waits
	<-busy
	defer d.rests()
	defer close(end)
	d.mu.Lock()
	drops := d.drops
	d.mu.Unlock()
	if d.lookup(k, drops) == nil {
		t.Fatal("it is not there")
	}
	d.forgetTree("/d")
	if d.lookup(k, drops) != nil {
		t.Error("it came in")
	}
}

// TestDiskForgetsUnderWay: however puts and forgets come together, a block that
// was put before its file was forgotten is not seen afterwards.
func TestDiskForgetsUnderWay(t *testing.T) {
	d, _ := openDisk(t, t.TempDir(), "s", 1<<30)
	var done atomic.Int64
	k := diskKey("/d/f", blockSize, 1e18, 0)
	old, buf := diskBlock(k), make([]byte, blockSize)
	young := bytes.Repeat([]byte("young"), blockSize)[:blockSize]
	var others sync.WaitGroup
	stop := make(chan struct{})
	for i := range 2 {
		others.Go(func() {
			buf := make([]byte, blockSize)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					d.get(k, buf)
					d.get(diskKey(fmt.Sprintf("/d/%d", (n+i)%100), 5, 1e18, 0), buf)
				}
			}
		})
	}
	for i := range 300 {
		d.put(k, old, func() { done.Add(1) })
		if i%3 == 0 {
			d.rests()
		}
		d.forgetTree([]string{"/d", "/d/f", "/"}[i%3])
		if _, ok := d.get(k, buf); ok {
			t.Fatal("a block is there that was forgotten")
		}
		if i%2 == 0 {
			d.put(k, young, func() { done.Add(1) })
			d.rests()
			if n, ok := d.get(k, buf); ok && !bytes.Equal(buf[:n], young) {
				t.Fatal("it is what was forgotten")
			}
		}
		if i%5 == 0 {
			d.rests()
		}
	}
	close(stop)
	others.Wait()
	d.close()
	if done.Load() != 450 {
		t.Errorf("%d puts were done", done.Load())
	}
}
