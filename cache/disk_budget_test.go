package cache

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// occupied is what all entries occupy.
func occupied(t *testing.T, dir string) (sum int64) {
	t.Helper()
	for _, ending := range []string{".m", ".d"} {
		for _, name := range entryFiles(t, dir, ending) {
			var st syscall.Stat_t
			if err := syscall.Stat(name, &st); err == nil {
				sum += st.Blocks * 512
			}
		}
	}
	return sum
}

// age makes an entry's last use so long ago.
func age(t *testing.T, dir, server, p string, ago time.Duration) {
	t.Helper()
	name := treeName(p)
	then := time.Now().Add(-ago)
	if err := os.Chtimes(filepath.Join(dir, "servers", hashName(server), name+".m"), then, then); err != nil {
		t.Fatal(err)
	}
}

// TestDiskBudget: the directory stays within its budget, all servers together,
// and what was used last stays, also across mounts.
func TestDiskBudget(t *testing.T) {
	const budget = 8 << 20
	dir := t.TempDir()
	first, _ := openDisk(t, dir, "old", budget)
	old := keys("/old", 1<<20, 1e18)
	putDisk(t, first, old...)
	age(t, dir, "old", "/old", 40*time.Hour)
	first.close()
	d, log := openDisk(t, dir, "s", budget)
	for i := range 60 {
		p := fmt.Sprintf("/d%d/f", i)
		putDisk(t, d, keys(p, 300_000, 1e18)...)
		if now := occupied(t, dir); now > budget {
			t.Fatalf("%d octets after %d files", now, i+1)
		}
		if i == 9 {
			age(t, dir, "s", "/d3/f", 0)
			for j := range 10 {
				if j != 3 {
					age(t, dir, "s", fmt.Sprintf("/d%d/f", j), time.Duration(20-j)*time.Hour)
				}
			}
			d.close() // the order is kept in the directory
			d, log = openDisk(t, dir, "s", budget)
		}
		if i > 9 {
			age(t, dir, "s", p, time.Duration(1000-i)*time.Second)
		}
	}
	wantGotten(t, "the newest", 3, d, keys("/d59/f", 300_000, 1e18)...)
	wantGotten(t, "what was used last", 3, d, keys("/d3/f", 300_000, 1e18)...)
	wantGotten(t, "the oldest", 0, d, keys("/d0/f", 300_000, 1e18)...)
	if now := occupied(t, dir); now < budget/2 {
		t.Errorf("only %d octets are kept", now)
	}
	oldCache, _ := openDisk(t, dir, "old", budget)
	wantGotten(t, "a server that is not used any more", 0, oldCache, old...)
	if log.count("level=WARN") > 0 {
		t.Error(log.all.String())
	}
}

// TestDiskLargerThanBudget: of a file that does not fit, the last part stays.
func TestDiskLargerThanBudget(t *testing.T) {
	const budget = 32 << 20
	dir := t.TempDir()
	d, _ := openDisk(t, dir, "s", budget)
	all := keys("/large", 3*budget, 1e18)
	for i, k := range all {
		d.put(k, diskBlock(k), func() {})
		if d.rests(); i%64 == 0 {
			if now := occupied(t, dir); now > budget {
				t.Fatalf("%d octets after %d blocks", now, i+1)
			}
		}
	}
	last := all[len(all)-budget/2/blockSize:]
	wantGotten(t, "the last part", len(last), d, last...)
	wantGotten(t, "the first part", 0, d, all[:len(all)/2]...)
}

// TestDiskShared: several caches on one directory see what the others have put,
// and stay within the budget together.
func TestDiskShared(t *testing.T) {
	const budget = 16 << 20
	dir := t.TempDir()
	var all [3]*diskCache
	for i := range all {
		all[i], _ = openDisk(t, dir, "s", budget)
	}
	k := diskKey("/shared", 5, 1e18, 0)
	putDisk(t, all[0], k)
	wantGotten(t, "another's", 1, all[1], k)
	all[2].forget("/shared")
	all[2].rests()
	wantGotten(t, "what another has forgotten", 0, all[1], k)
	wantGotten(t, "what another has forgotten", 0, all[0], k)
	var work sync.WaitGroup
	for i, d := range all {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 7))
			for range 150 {
				p := fmt.Sprintf("/d%d/f%d", rng.IntN(3), rng.IntN(40))
				for _, k := range keys(p, 200_000, 1e18+rng.Int64N(2)) {
					d.put(k, diskBlock(k), func() {})
					d.rests()
					gotten(t, d, k)
				}
				if rng.IntN(10) == 0 {
					d.forgetTree("/d1")
				}
			}
		})
	}
	work.Wait()
	if now := occupied(t, dir); now > budget+3*budget/8 {
		t.Errorf("%d octets are kept", now)
	}
}

// TestDiskFull: when the disk is full there is one line in the log, and what is
// there can be read.
func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small file system is for root")
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	d, log := openDisk(t, dir, "s", 1<<30)
	all := keys("/f", 4<<20, 1e18)
	putDisk(t, d, all...)
	if n := gotten(t, d, all...); n < 8 || n > 16 {
		t.Errorf("%d blocks of %d are there", n, len(all))
	}
	if n := log.count("level=WARN"); n != 1 {
		t.Errorf("%d lines:\n%s", n, log.all.String())
	}
	d.close()
}

// TestDiskQueueIsBounded: when the disk is slow, blocks are left out and nobody
// waits.
func TestDiskQueueIsBounded(t *testing.T) {
	d, _ := openDisk(t, t.TempDir(), "s", 1<<40)
	data := make([]byte, blockSize)
	release, held := make(chan struct{}), make(chan struct{})
	d.put(diskKey("/first", blockSize, 1, 0), data, func() { close(held); <-release })
	<-held // the worker stands still
	var done, before atomic.Int64
	for i := range int64(1000) {
		d.put(diskKey("/f", 1000*blockSize, 1, i), data, func() { done.Add(1) })
	}
	before.Store(done.Load())
	close(release)
	d.rests()
	if n := 1000 - before.Load(); n < 100 || n > diskQueue/blockSize {
		t.Errorf("%d blocks were queued", n)
	}
	if done.Load() != 1000 {
		t.Errorf("%d puts were done", done.Load())
	}
}

// TestDiskNames: that of hexDigits of hexDigits and what list finds fit together.
func TestDiskNames(t *testing.T) {
	b, err := hex.DecodeString(hashName("x"))
	if err != nil || len(b) != hexDigits/2 || len(hashName("x")) != hexDigits {
		t.Errorf("%d octets, %v", len(b), err)
	}
}
