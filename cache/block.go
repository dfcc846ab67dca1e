package cache

import (
	"context"

	"ftpfs/ftpclient"
)

// block is a piece of a file's version, within the blockSize octets of its key.
// It is filled from its beginning on, by one that has promised it; who reads it
// holds it, and waits for what he needs. Octets that are there are never changed.
type block struct {
	of  *blocks
	key blockKey
	lo  int64 // where in the file it begins

	fromDisk bool // what came last; changed and read by who fills it

	// Guarded by blocks.mu; buf[:n] may be read by who holds the block.
	buf     []byte
	from    *piece // what buf is a part of; nil: of nothing
	ahead   bool   // nobody has asked for it yet
	since   int64  // blocks.brought when it was put where it is
	n       int64
	holds   int
	coming  bool  // somebody fills it
	err     error // why that one could not, for those who waited
	waiters []blockWaiter
}

// blockWaiter waits until the block has the octets up to end of the file.
type blockWaiter struct {
	end  int64
	done chan struct{}
}

func (bl *block) cost() int64 {
	return blockBytes + int64(len(bl.key.path)+cap(bl.buf))
}

// end is where what is there ends. The caller holds mu or fills the block.
func (bl *block) end() int64 { return bl.lo + bl.n }

// covers tells whether the octets are there or promised. The caller holds mu.
func (bl *block) covers(lo, hi int64) bool {
	end := bl.end()
	if bl.coming {
		end = bl.lo + int64(len(bl.buf))
	}
	return bl.lo <= lo && hi <= end
}

// room is where the next octets go, for who fills the block.
func (bl *block) room() []byte { return bl.buf[bl.n:] }

// grow adds n octets that were written to room. The last wake is of who waits
// for no more than is there.
func (bl *block) grow(n int) {
	bl.of.mu.Lock()
	defer bl.of.mu.Unlock()
	bl.n += int64(n)
	bl.wake(bl.end())
}

// wake lets those go on who wait for octets up to end. The caller holds mu.
func (bl *block) wake(end int64) {
	kept := bl.waiters[:0]
	for _, w := range bl.waiters {
		if w.end <= end {
			close(w.done)
		} else {
			kept = append(kept, w)
		}
	}
	bl.waiters = kept
}

// settle ends the promise to fill the block, and the hold of who gave it. err is
// for those who wait for more than is there.
func (bl *block) settle(err error) {
	bl.of.kept.put(bl)
	bl.of.mu.Lock()
	defer bl.of.mu.Unlock()
	bl.coming, bl.err = false, err
	bl.wake(1<<63 - 1)
	if bl.n == 0 {
		if bl.of.has(bl) {
			bl.of.remove(bl.key)
		}
	}
	bl.of.free(bl)
}

// read returns the octets from off to end, as far as they are within the block,
// and waits for them. It returns fewer if the rest is not coming, none at all with
// nil if somebody has to be asked for them. If it has failed to come while it was
// waited for, the reason is returned and nothing else: who took what there is and
// asked for the rest would be long at it where each try brings some octets. They
// are valid as long as the block is held.
func (bl *block) read(ctx context.Context, off, end int64) ([]byte, error) {
	for waited := false; ; waited = true {
		data, wait, err := bl.ready(off, end)
		if wait == nil {
			if err != nil && (waited || len(data) == 0) {
				return nil, err
			}
			bl.of.tally.read(len(data), waited)
			return data, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, canceled("read", bl.key.path, ctx)
		}
	}
}

// ready is read without waiting: wait is closed when it should be called again.
// With fewer octets than are wanted comes the reason why the others did not.
func (bl *block) ready(off, end int64) (data []byte, wait <-chan struct{}, err error) {
	bl.of.mu.Lock()
	defer bl.of.mu.Unlock()
	end = min(end, bl.lo+int64(len(bl.buf)))
	switch have := bl.end(); {
	case have >= end:
		return bl.buf[off-bl.lo : end-bl.lo], nil, nil
	case !bl.coming:
		return bl.buf[min(off, have)-bl.lo : have-bl.lo], nil, bl.err
	}
	w := blockWaiter{end, make(chan struct{})}
	bl.waiters = append(bl.waiters, w)
	return nil, w.done, nil
}

// errChanged is the error of a file of which the content that was opened is no
// longer there.
func errChanged(path string, why error) error {
	return &ftpclient.Error{Op: "RETR", Path: path, Kind: ftpclient.KindChanged, Err: why}
}
