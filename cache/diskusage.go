package cache

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What is kept is accounted before it is written, in octets, in a file that all
// processes share. Each reserves a part of the budget at a time, so that none
// counts each block, and gives back what it has not used. Where that fails, as in
// a crash, the account says too much, until the next sweep.

const (
	diskUnit      = 4 << 10      // what a file occupies is rounded up to
	diskEntryCost = 3 * diskUnit // of two files and a share of their directory
	diskLockWait  = time.Second
)

// portion is what is reserved at a time.
func (d *diskCache) portion() int64 { return min(max(d.budget/64, 1<<20), d.budget/8) }

// afford takes n octets from the allowance, and reserves more if it is used up.
// False without an error means that there is no room now.
func (d *diskCache) afford(n int64) (bool, error) {
	if d.allowance < n {
		more := max(d.portion(), n)
		ok, err := d.reserve(more)
		if err == nil && !ok {
			if err = d.sweep(d.budget - d.budget/8 - more); err == nil {
				ok, err = d.reserve(more)
			}
		}
		if !ok || err != nil {
			return false, err
		}
		d.allowance += more
	}
	d.allowance -= n
	return true, nil
}

// reserve adds n to the account, if that stays within the budget.
func (d *diskCache) reserve(n int64) (ok bool, err error) {
	err = d.account(func(used int64, known bool) int64 {
		if ok = known && used+n <= d.budget; ok {
			return used + n
		}
		return used
	})
	return ok, err
}

// repay gives back what is left of the allowance.
func (d *diskCache) repay() {
	err := d.account(func(used int64, known bool) int64 { return max(0, used-d.allowance) })
	if d.allowance = 0; err != nil {
		d.log.Debug("the account of the cache directory", "dir", d.dir, "error", err)
	}
}

// account changes what the file usage says, which nobody else does meanwhile. It
// is not known where the file is not there or makes no sense; then nothing is
// written unless the result is another than 0.
func (d *diskCache) account(change func(used int64, known bool) int64) error {
	f, err := lockCacheFile(d.base, "usage", diskLockWait)
	if err != nil {
		return err
	}
	defer f.Close()
	var b [16]byte
	_, err = f.ReadAt(b[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	used := int64(binary.LittleEndian.Uint64(b[:]))
	known := err == nil && used >= 0 && binary.LittleEndian.Uint64(b[8:]) == ^uint64(used)
	if !known {
		used = 0
	}
	now := change(used, known)
	if now == used {
		return nil
	}
	binary.LittleEndian.PutUint64(b[:], uint64(now))
	binary.LittleEndian.PutUint64(b[8:], ^uint64(now))
	_, err = f.WriteAt(b[:], 0)
	return err
}

// errLocked tells that another process has a lock.
var errLocked = errors.New("another process holds the lock")

// lockCacheFile opens and locks a file, which ends when it is closed. It waits so
// long for others.
func lockCacheFile(base *os.Root, name string, wait time.Duration) (*os.File, error) {
	f, err := base.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(wait); ; {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(end) {
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				err = errLocked
			}
			return nil, err
		}
		<-time.After(2 * time.Millisecond)
	}
}
