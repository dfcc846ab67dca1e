package cache

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

const (
	firstAhead = 2 * blockSize  // read ahead of a reader that has just begun
	maxAhead   = 64 * blockSize // and of one that has gone on for long
	nearAhead  = 4 * blockSize  // a gap that is read through rather than jumped
	disorder   = 8 * blockSize  // reads in order come this much out of order, by several threads
	maxTries   = 3              // of a download or an upload whose connection failed
)

// fetcher brings the blocks of one file into the cache by one download, which
// goes on as long as it is read in order and is reopened where a reader jumps.
//
// A goroutine runs while there is something to fetch; between its runs the
// download is parked, and the client may take its connection. Whoever needs a
// block queues for it, first come first served, and readers of the same block
// share one wait, so each turn of the queue makes somebody progress.
type fetcher struct {
	f *File

	mu      sync.Mutex
	queue   []*want // guarded by mu, as all below
	running bool
	next    int64 // where a reader that goes on in order reads next
	window  int64 // how far ahead of it is fetched
	ahead   int64 // the end of what is to be fetched ahead
	reached int64 // the end of what was fetched last
	closed  bool

	// For the running goroutine.
	stream Stream
	pos    int64  // of the stream
	epoch  uint64 // of the content that the stream was opened on
}

// want is a block that somebody waits for; done is closed when data and err
// are set.
type want struct {
	index int64
	done  chan struct{}
	data  []byte
	err   error
}

func newFetcher(f *File) *fetcher { return &fetcher{f: f} }

// read fills p from off of the server's version.
func (t *fetcher) read(ctx context.Context, p []byte, off int64) error {
	path, base, _ := t.f.source()
	t.note(off, int64(len(p)))
	for len(p) > 0 {
		k := blockKey{path, base, off / blockSize}
		data, ok := t.f.v.blocks.get(k)
		if !ok {
			w := t.wait(k.index, off+int64(len(p)))
			select {
			case <-w.done:
			case <-ctx.Done():
				return canceled("read", path, ctx)
			}
			if data = w.data; w.err != nil {
				return w.err
			}
		}
		at := off % blockSize
		if at >= int64(len(data)) {
			return t.short(path)
		}
		n := copy(p, data[at:])
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// note widens the read-ahead of a reader that goes on where it was, and ends
// it for one that jumps.
func (t *fetcher) note(off, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch end := off + n; {
	case t.next == 0 && off == 0:
		t.window, t.next = firstAhead, end
	case t.next > 0 && off <= t.next+disorder && end >= t.next-disorder:
		t.window = min(max(2*t.window, firstAhead), maxAhead, t.f.v.blocks.budget/4)
		t.next = max(t.next, end)
	default:
		t.window, t.next = 0, end
	}
	t.ahead = t.next + t.window
	if t.reached > off && t.reached-t.next < t.window/2 {
		t.start()
	}
}

// wait queues for a block of which a read up to end needs something.
func (t *fetcher) wait(index, end int64) *want {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ahead = max(t.ahead, end)
	for _, w := range t.queue {
		if w.index == index {
			return w
		}
	}
	w := &want{index: index, done: make(chan struct{})}
	if t.closed {
		w.err = refuse("read", "", ftpclient.KindClosed)
		close(w.done)
		return w
	}
	t.queue = append(t.queue, w)
	t.start()
	return w
}

// start makes sure that the goroutine runs. The caller holds mu.
func (t *fetcher) start() {
	if t.running || t.closed {
		return
	}
	t.running = true
	t.f.v.work.Go(t.run)
}

// run fetches until nothing is wanted.
func (t *fetcher) run() {
	for {
		w := t.pick()
		if w == nil {
			return
		}
		data, err := t.block(w.index)
		t.mu.Lock()
		if len(t.queue) > 0 && t.queue[0] == w {
			t.queue = t.queue[1:]
		}
		if t.reached = t.pos; err != nil {
			t.ahead = 0
		}
		t.mu.Unlock()
		w.data, w.err = data, err
		close(w.done)
		t.finish()
	}
}

// pick returns what to fetch next, or nil after it has put the download to rest.
func (t *fetcher) pick() *want {
	for {
		w, end := t.decide()
		if w != nil || !end {
			return w
		}
		t.drop()
	}
}

// decide is pick, but for the download's end, which takes its time.
func (t *fetcher) decide() (next *want, end bool) {
	path, base, _ := t.f.source()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case len(t.queue) > 0:
		return t.queue[0], false
	case t.stream == nil:
		t.running = false
		return nil, false
	case t.closed || t.pos >= base.size || t.stream.Contended():
		return nil, true
	}
	for i := t.pos / blockSize; i*blockSize < min(t.ahead, base.size); i++ {
		if !t.f.v.blocks.has(blockKey{path, base, i}) {
			return &want{index: i, done: make(chan struct{})}, false
		}
	}
	t.stream.Park()
	t.running = false
	return nil, false
}

// block brings a block of the file into the cache. It tries again where the
// connection failed.
func (t *fetcher) block(index int64) ([]byte, error) {
	for try := 1; ; try++ {
		if _, err := t.f.v.settle(t.f.v.ctx, t.f.where()); err != nil {
			return nil, err
		}
		path, base, epoch := t.f.source()
		k := blockKey{path, base, index}
		if data, ok := t.f.v.blocks.get(k); ok {
			return data, nil
		}
		data, err := t.fill(path, base, epoch, index)
		if err == nil {
			if !t.f.changed(epoch) {
				t.f.v.blocks.put(k, data)
			}
			return data, nil
		}
		t.drop()
		if ftpclient.KindOf(err) == ftpclient.KindNotExist && t.f.moved(path) {
			continue
		}
		if !t.f.v.again(err, try) {
			return nil, err
		}
	}
}

// moved reports whether the file is no longer at path, or about not to be.
func (f *File) moved(path string) bool {
	now, _, _ := f.source()
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return now != path || f.v.moveOf(path, 0) != nil
}

// fill reads one block from the download.
func (t *fetcher) fill(path string, base version, epoch uint64, index int64) ([]byte, error) {
	start := index * blockSize
	end := min(start+blockSize, base.size)
	data := make([]byte, max(0, end-start))
	err := t.seek(path, epoch, start)
	if err == nil {
		err = t.pass(path, base, epoch, start)
	}
	if err == nil {
		var n int
		n, err = io.ReadFull(t.stream, data)
		t.pos += int64(n)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = t.short(path)
	}
	return data, err
}

// short is the error of a file of which the opened content is no longer there.
func (t *fetcher) short(path string) error {
	return &ftpclient.Error{Op: "RETR", Path: t.f.v.abs(path), Kind: ftpclient.KindChanged,
		Err: errors.New("the file is not what it was when it was opened")}
}

// finish reads the server's last word on a download of which all octets have
// come. They are what was asked for, whatever it says.
func (t *fetcher) finish() {
	path, base, _ := t.f.source()
	if t.stream == nil || t.pos < base.size {
		return
	}
	var more [1]byte
	if _, err := t.stream.Read(more[:]); err != nil && err != io.EOF {
		t.f.v.log.Debug("end of a download", "file", t.f.v.abs(path), "error", err)
	}
	t.drop()
}

// pass reads up to start. What is on the way is kept: a reader whose reads come
// out of order wants it next.
func (t *fetcher) pass(path string, base version, epoch uint64, start int64) error {
	for t.pos < start {
		data := make([]byte, min(blockSize, start-t.pos))
		n, err := io.ReadFull(t.stream, data)
		if t.pos%blockSize == 0 && n == blockSize && !t.f.changed(epoch) {
			t.f.v.blocks.put(blockKey{path, base, t.pos / blockSize}, data)
		}
		if t.pos += int64(n); err != nil {
			return err
		}
	}
	return nil
}

// seek makes the download stand at start, or not far before it.
func (t *fetcher) seek(path string, epoch uint64, start int64) error {
	if t.stream != nil && (!t.stream.Resume() || t.epoch != epoch || t.stream.Contended() ||
		start < t.pos || start-t.pos > nearAhead) {
		t.drop()
	}
	if t.stream == nil {
		if t.f.lost() {
			return t.short(path)
		}
		s, err := t.f.v.remote.Retrieve(t.f.v.ctx, t.f.v.abs(path), start)
		if err != nil {
			return err
		}
		t.stream, t.pos, t.epoch = s, start, epoch
	}
	return nil
}

// drop ends the download.
func (t *fetcher) drop() {
	if t.stream == nil {
		return
	}
	if err := t.stream.Close(); err != nil {
		t.f.v.log.Debug("end of a download", "file", t.f.v.abs(t.f.where()), "error", err)
	}
	t.stream = nil
}

// close ends the download and all waits for it.
func (t *fetcher) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if !t.running && t.stream != nil {
		t.running = true
		t.f.v.work.Go(t.run)
	}
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
