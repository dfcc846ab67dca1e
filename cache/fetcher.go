package cache

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

const (
	firstAhead  = 2 * blockSize  // read ahead of a reader that has just begun
	jumpAhead   = pageSize       // and of one that has jumped: what comes with the first octets
	maxAhead    = 64 * blockSize // and of one that has gone on for long
	nearAhead   = 4 * blockSize  // a gap that is read through rather than jumped
	disorder    = 32 * blockSize // reads in order come this much out of order: the kernel reads ahead
	wholeMost   = 8 * blockSize  // a file that is read from its beginning is fetched whole
	restMost    = 4              // runs that rest
	manyReaders = 128            // that are provided for at a time
	maxTries    = 3              // of a download or an upload whose connection failed
	pageSize    = 4 << 10
)

// fetcher brings the octets of one file into the cache by runs: downloads that
// go on as long as somebody reads in order, and are begun anew where a reader
// jumps. Readers of the same octets share them, wherever they come from.
//
// A run's goroutine works while there is something to fetch; then its download
// is parked, and the client may take its connection.
//
// Lock order: mu, then blocks.mu. Neither is held across the network.
type fetcher struct {
	f *File

	mu     sync.Mutex
	runs   []*run  // the one that was used last is the last; guarded by mu, as all below
	epoch  uint64  // of the content that they bring
	reads  []int64 // where those begin that are under way
	lanes  lanes
	behind []blockKey // of a file that is not kept, what a reader has passed and is still there
	begun  bool       // somebody has read from the beginning
	closed bool
}

func newFetcher(f *File) *fetcher { return &fetcher{f: f} }

// read fills p from off of the server's version.
func (t *fetcher) read(ctx context.Context, p []byte, off int64) error {
	for len(p) > 0 {
		data, done, err := t.view(ctx, off, int64(len(p)))
		if err != nil {
			return err
		}
		n := copy(p, data)
		done()
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// view returns up to n octets from off of the server's version, one at least.
// They are valid until done is called. A block is not waited for beyond what is
// asked of it.
func (t *fetcher) view(ctx context.Context, off, n int64) (data []byte, done func(), err error) {
	path, base, epoch := t.f.source()
	if off >= base.size {
		return nil, nil, t.short(path)
	}
	end := min(off+n, base.size)
	if off == 0 && t.begins() {
		t.f.v.ahead.reads(path)
	}
	r := t.note(off, end, epoch)
	for {
		k := blockKey{path, base, off / blockSize}
		bl, ok := t.f.v.blocks.hold(k, off)
		if !ok {
			if bl, err = t.ask(r, k, off, end); err != nil {
				return nil, nil, err
			}
		}
		if bl == nil {
			continue // somebody has promised it meanwhile
		}
		data, err = bl.read(ctx, off, end)
		if len(data) > 0 {
			if next := off + int64(len(data)); next%blockSize == 0 {
				t.passed(r, k)
			}
			return data, func() { t.f.v.blocks.release(bl) }, nil
		}
		t.f.v.blocks.release(bl)
		if err != nil {
			return nil, nil, err
		}
		before := epoch
		if path, base, epoch = t.f.source(); off >= base.size {
			return nil, nil, t.short(path)
		}
		if end = min(end, base.size); epoch != before {
			r = t.note(off, end, epoch)
		}
	}
}

// begins reports, once, that the file is read from its beginning.
func (t *fetcher) begins() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.begun
	t.begun = true
	return first
}

// renew ends the runs of a content that the file no longer has: what they brought
// ahead of their readers is of no use. For each reader in order one begins that
// brings the first that he waits for and what follows. The caller holds mu.
func (t *fetcher) renew(epoch uint64) {
	t.epoch = epoch
	t.lanes = lanes{enough: t.lanes.enough}
	for _, r := range slices.Clone(t.runs) {
		r.retire()
		if !r.steady {
			continue
		}
		from := r.next
		for _, off := range t.reads {
			if off < from && r.follows(off, off) {
				from = off
			}
		}
		from = from / pageSize * pageSize
		t.runs = append(t.runs, &run{t: t, from: from, pos: from, until: from, next: from, window: r.window, steady: true,
			more: make(chan struct{}, 1)})
	}
}

// reading notes that somebody reads from off until he calls done.
func (t *fetcher) reading(off int64) (done func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads = append(t.reads, off)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		i := slices.Index(t.reads, off)
		t.reads = slices.Delete(t.reads, i, i+1)
	}
}

// note tells the run that a read goes on with, if there is one, and has it fetch
// farther ahead where the reader comes near to what has been fetched.
func (t *fetcher) note(off, end int64, epoch uint64) *run {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.epoch != epoch {
		t.renew(epoch)
	}
	for i, r := range slices.Backward(t.runs) {
		if !r.follows(off, end) {
			continue
		}
		t.runs = append(slices.Delete(t.runs, i, i+1), r)
		r.goesOn(end)
		return r
	}
	return nil
}

// ask has the octet at off brought, with those up to end as far as they are in
// its block, by the run r if it comes there soon. The block that is returned is
// held; it is nil if somebody else brings it.
func (t *fetcher) ask(r *run, k blockKey, off, end int64) (*block, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, refuse("read", k.path, ftpclient.KindClosed)
	}
	lo := off / pageSize * pageSize
	most := min((k.index+1)*blockSize, k.size)
	if lane := t.laneTo(off); lane != nil {
		r = lane
	}
	if r == nil || !r.reaches(off) {
		r = t.newRun(lo, end, k.size)
	} else {
		lo = max(r.pos, k.index*blockSize)
	}
	bl := t.f.v.blocks.begin(k, lo, min(end, most), most, false)
	if bl == nil {
		return nil, nil
	}
	t.f.v.blocks.keep(bl)
	r.want(bl, min(end, most))
	return bl, nil
}

// newRun begins a run for a reader at off. The caller holds mu.
func (t *fetcher) newRun(off, end, size int64) *run {
	r := &run{t: t, from: off, pos: off, next: end, window: jumpAhead, more: make(chan struct{}, 1)}
	switch {
	case off == 0 && size <= wholeMost:
		r.window, r.steady = size, true
	case off == 0:
		r.window, r.steady = firstAhead, true
	}
	r.until = min(end+r.window, size)
	if t.f.isAlone() {
		t.leave()
	}
	t.runs = append(t.runs, r)
	resting := 0
	for _, o := range slices.Backward(slices.Clone(t.runs)) {
		if o.active || o == r {
			continue
		}
		if resting++; resting > restMost {
			o.retire()
		}
	}
	return r
}

// leave tells the runs of a reader who had jumped to them that he has gone elsewhere:
// they need not wait for him. The caller holds mu.
func (t *fetcher) leave() {
	for _, r := range t.runs {
		if r.passed = !r.steady; r.passed && r.active {
			r.start()
		}
	}
}

// short is the error of a file of which the opened content is no longer there.
func (t *fetcher) short(path string) error {
	return errChanged(t.f.v.abs(path), errors.New("the file is not what it was when it was opened"))
}

// close ends the downloads and all waits for them.
func (t *fetcher) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, r := range slices.Clone(t.runs) {
		r.retire()
	}
}

// moved reports whether the file is no longer at path, or about not to be.
func (f *File) moved(path string) bool {
	now, _, _ := f.source()
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return now != path || f.v.moveOf(path, 0) != nil
}

// again reports, after a pause, whether what failed with err at this try is to
// be tried once more. A server that lets deadlines pass gets fewer tries: each
// has taken somebody's time.
func (v *Volume) again(err error, try int) bool {
	if ftpclient.KindOf(err) == ftpclient.KindTimeout {
		try++
	}
	if !ftpclient.Lost(err) || try >= maxTries {
		return false
	}
	select {
	case <-time.After(time.Duration(try) * 300 * time.Millisecond):
		return true
	case <-v.ctx.Done():
		return false
	}
}
