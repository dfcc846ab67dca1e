package cache

import (
	"context"
	"errors"
	"io"
	"time"

	"ftpfs/ftpclient"
)

// run is one download of a file, or several one after the other, from pos on as
// far as is wanted. A goroutine works on it while active.
type run struct {
	t *fetcher

	// Guarded by t.mu. pos is changed by the goroutine only, with wants.
	from    int64 // where it began
	pos     int64 // up to here it has come
	next    int64 // where a reader that goes on in order reads next
	window  int64 // how far ahead of it is fetched
	until   int64 // the end of what is to be fetched now
	steady  bool  // somebody reads in order
	end     int64 // of the file, when it was looked at last
	limit   int64 // of a lane: the end of its segment; else 0
	spare   bool  // it is a lane that uses what nobody else needs,
	fresh   bool  // and has brought nothing yet
	passed  bool  // its reader has jumped elsewhere
	active  bool
	retired bool
	wants   []promise
	more    chan struct{} // tells the goroutine that there is more to do; buffered

	// The goroutine's own, while active.
	stream Stream
	at     int64  // where stream stands
	epoch  uint64 // of the content that stream was opened on
	told   bool   // the server said at its beginning that the file has the size that is expected
	tries  int    // that failed since something came that was worth it
	turned bool   // a download of it was ended for somebody else
}

// promise is a block that the run has promised to fill, up to end.
type promise struct {
	bl  *block
	end int64
}

// goesOn notes that the reader reads up to end. The caller holds t.mu.
func (r *run) goesOn(end int64) {
	if end > r.next {
		r.next, r.steady = end, true
	}
	r.passed = false
	if r.limit > 0 {
		for _, o := range r.t.lanes.runs {
			o.start()
		}
		return
	}
	if r.pos-r.next < r.window/2 {
		if r.awaited() {
			r.window = max(min(max(2*r.window, firstAhead), r.t.f.v.share()), blockSize)
		}
		r.until = max(r.until, r.next+r.window)
		r.start()
	}
}

// awaited tells whether the reader takes what comes as soon as it is there. The
// caller holds t.mu.
func (r *run) awaited() bool { return r.pos <= r.next+blockSize }

// share is how far ahead one run may be, with all that there are.
func (v *Volume) share() int64 {
	return min(maxAhead, v.blocks.budget/2/max(2, v.downloads.Load()))
}

// ReadAhead is how much each of many readers may have asked for ahead of what he
// reads, in octets, twice: it is in memory until he has it, be the budget what it may.
func (v *Volume) ReadAhead() int64 {
	return min(max(v.blocks.budget/manyReaders/2/blockSize*blockSize, blockSize), wholeMost)
}

// follows tells whether a read that begins at off may be the next of the run's
// reader. A download that has just begun brings twice as much with the next round
// trip as it has so far, which is when another would bring its first octets; the
// kernel, which reads ahead more each time, may ask for the later part first. The
// caller holds t.mu.
func (r *run) follows(off, end int64) bool {
	slack := int64(disorder)
	if !r.steady {
		slack = min(blockSize, 2*(r.pos-r.from)+end-off)
	}
	return off <= r.next+slack && end >= r.next-slack
}

// reaches tells whether the run comes to off soon. The caller holds t.mu.
func (r *run) reaches(off int64) bool {
	near := int64(nearAhead)
	if r.steady {
		near = disorder
	}
	return !r.retired && off >= r.pos && off <= max(r.until, r.limit, r.pos)+near
}

// want has a block filled up to end, which begin has returned for it. The caller
// holds t.mu.
func (r *run) want(bl *block, end int64) {
	r.wants = append(r.wants, promise{bl, end})
	r.until = max(r.until, end)
	r.start()
}

// start makes sure that the goroutine runs, if there is something to do for it.
// The caller holds t.mu.
func (r *run) start() {
	if r.active {
		select {
		case r.more <- struct{}{}:
		default:
		}
		return
	}
	if len(r.wants) > 0 || r.pos < r.until || r.retired || r.limit > 0 {
		r.active = true
		r.t.f.v.downloads.Add(1)
		r.t.f.v.work.Go(r.work)
	}
}

// retire ends the run, when what it has promised is there. The caller holds t.mu.
func (r *run) retire() {
	r.retired = true
	r.t.runs = without(r.t.runs, r)
	if r.stream != nil || r.active {
		r.start()
	}
}

// work fetches until nothing is wanted.
func (r *run) work() {
	defer r.t.f.v.downloads.Add(-1)
	waited := false
	for {
		p, rests := r.pick()
		switch {
		case rests:
			return
		case p.bl == nil && !waited && r.lingers():
			waited = true
			continue
		case p.bl == nil:
			r.drop()
		default:
			r.bring(p)
		}
		waited = false
	}
}

// linger is how long the download of a reader who has jumped waits for more.
const linger = 10 * time.Millisecond

// lingers waits, before a download is dropped, whether its reader goes on there.
func (r *run) lingers() bool {
	r.t.mu.Lock()
	asked := !r.steady && !r.retired && !r.passed && !r.t.closed && r.stream != nil && r.pos < r.end
	r.t.mu.Unlock()
	if !asked || r.contended() {
		return false
	}
	select {
	case <-r.more:
	case <-time.After(linger):
	case <-r.t.f.v.ctx.Done():
	}
	return true
}

// pick takes what is to be brought next. Without a block the download is to be
// dropped, unless the run rests.
func (r *run) pick() (p promise, rests bool) {
	path, base, epoch := r.t.f.source()
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	until := r.goal(base.size)
	if epoch != r.t.epoch {
		until = 0 // its readers are about to ask for the other content
	}
	for len(r.wants) > 0 || r.pos < until {
		index := r.pos / blockSize
		if p, ok := r.owed(index); ok {
			p.end = max(p.end, min(until, p.bl.lo+int64(len(p.bl.buf))))
			return p, false
		}
		most := (index + 1) * blockSize
		if r.pos < until && !r.contended() {
			end := min(most, until)
			if bl := r.t.f.v.blocks.begin(blockKey{path, base, index}, r.pos, end, min(most, base.size), true); bl != nil {
				return promise{bl, end}, false
			}
			if r.meets(index) {
				break
			}
		} else if len(r.wants) == 0 {
			break
		}
		r.pos = most
	}
	r.end = base.size
	return promise{}, r.rest(base.size)
}

// meets hands the run's reader over to another run, if that is just bringing the
// block where this one has come to: two that pass by each other would have gaps to
// jump, again and again. The caller holds t.mu.
func (r *run) meets(index int64) bool {
	if r.limit > 0 || len(r.wants) > 0 {
		return false
	}
	for _, o := range r.t.runs {
		if o == r || !o.active || o.limit > 0 || o.pos/blockSize != index {
			continue
		}
		o.next, o.window, o.until = max(o.next, r.next), max(o.window, r.window), max(o.until, r.until)
		o.steady = o.steady || r.steady
		o.start()
		r.retire()
		return true
	}
	return false
}

// goal is up to where the run fetches now. The caller holds t.mu.
func (r *run) goal(size int64) int64 {
	switch {
	case r.t.closed || r.retired:
		return 0
	case r.limit == 0:
		return min(r.until, size)
	case r.pos >= r.limit:
		r.t.nextSegment(r, size)
	}
	return min(r.limit, size)
}

// owed takes the promised block of an index. The caller holds t.mu.
func (r *run) owed(index int64) (p promise, ok bool) {
	for i, p := range r.wants {
		if p.bl.key.index <= index {
			r.wants = append(r.wants[:i], r.wants[i+1:]...)
			return p, true
		}
	}
	return p, false
}

// contended tells whether the download is to be ended for somebody else.
func (r *run) contended() bool {
	ends := r.stream != nil && r.stream.Contended()
	r.turned = r.turned || ends
	return ends
}

// rest ends the work, unless the download has to be dropped before. The caller
// holds t.mu.
func (r *run) rest(size int64) bool {
	switch {
	case r.stream == nil:
	case r.t.closed || r.retired || !r.steady || r.pos >= size || r.contended():
		return false
	default:
		r.stream.Park()
	}
	if r.active = false; r.t.lanes.has(r) {
		r.t.lanes.since = time.Time{} // what comes after a rest tells nothing of the network
	}
	return true
}

// bring fills a block up to p.end, from one download after the other if need be.
func (r *run) bring(p promise) {
	var err error
	from := p.bl.end()
	for {
		before := p.bl.end()
		if err = r.fill(p); err == nil {
			r.tries = 0
			break
		}
		if p.bl.end()-before >= worth(err) {
			r.tries = 0
		}
		r.drop()
		if !r.onceMore(err) {
			break
		}
	}
	end := p.bl.end()
	r.t.mu.Lock()
	r.pos = max(r.pos, end)
	r.t.mu.Unlock()
	switch {
	case err == nil:
		if !p.bl.fromDisk {
			r.t.came(r, end-from)
		}
		p.bl.settle(nil)
		r.finish()
	case r.gaveUp(err):
		r.fail(p, nil)
	default:
		r.fail(p, err)
	}
}

// fail gives up what was promised. Who waits for it is told why, or asks again.
func (r *run) fail(p promise, err error) {
	r.t.mu.Lock()
	owing := append(r.wants, p)
	r.until, r.wants = r.pos, nil
	r.t.failed(r)
	r.t.mu.Unlock()
	if err == errMeanwhile {
		err = nil
	}
	for _, w := range owing {
		w.bl.settle(err)
	}
}

// worth is how many octets of a block a download must have brought before err cut
// it off, so that there is a prospect in further tries. A deadline that passes takes
// somebody's time.
func worth(err error) int64 {
	if ftpclient.KindOf(err) == ftpclient.KindTimeout {
		return blockSize / 2
	}
	return blockSize / 8
}

// errMeanwhile tells that a block is of a content that the file no longer has.
var errMeanwhile = errors.New("changed meanwhile")

// onceMore reports whether the block is to be tried again after err. What broke
// off is continued at once, the first time.
func (r *run) onceMore(err error) bool {
	if r.tries++; r.tries > maxTries {
		return false
	}
	f := r.t.f
	if err == errMeanwhile || errors.Is(err, ftpclient.ErrNotAhead) {
		return false
	}
	switch k := ftpclient.KindOf(err); {
	case k == ftpclient.KindNotExist:
		return f.moved(f.where())
	case r.tries == 1 && (k == ftpclient.KindTruncated || k == ftpclient.KindNetwork):
		return f.v.ctx.Err() == nil
	case k == ftpclient.KindTruncated:
		return r.tries < maxTries
	}
	return f.v.again(err, r.tries)
}

// fill reads into a block, up to the promised end unless the download is to be ended before.
func (r *run) fill(p promise) error {
	if r.t.f.v.blocks.kept.fill(p.bl) {
		return nil
	}
	if err := r.seek(p.bl.key, p.bl.end()); err != nil {
		return err
	}
	for p.bl.end() < p.end {
		n, err := r.stream.Read(p.bl.room()[:p.end-p.bl.end()])
		if r.at += int64(n); n > 0 {
			p.bl.grow(n)
		}
		if err != nil && p.bl.end() < p.end {
			return r.early(p.bl.key.path, err)
		}
		if p.bl.end() < p.end && (r.contended() || r.t.f.changed(r.epoch)) {
			break // who wants the rest asks again
		}
	}
	return nil
}

func (r *run) isSteady() bool {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	return r.steady
}

// seek makes the download stand at off, which it may read up to.
func (r *run) seek(k blockKey, off int64) error {
	if r.stream != nil && (!r.stream.Resume() || r.t.f.changed(r.epoch) || r.contended() ||
		off < r.at || off-r.at > nearAhead) {
		r.drop()
	}
	if r.stream == nil {
		if err := r.open(k, off); err != nil {
			return err
		}
	}
	n, err := io.CopyN(io.Discard, r.stream, off-r.at)
	if r.at += n; err != nil {
		return r.early(k.path, err)
	}
	return nil
}

// finish reads the server's last word on a download of which all octets have
// come. They are what was asked for, whatever it says.
func (r *run) finish() {
	_, base, _ := r.t.f.source()
	if r.stream == nil || r.at < base.size {
		return
	}
	var more [1]byte
	if _, err := r.stream.Read(more[:]); err != nil && err != io.EOF {
		r.t.f.v.log.Debug("end of a download", "file", r.t.f.v.abs(r.t.f.where()), "error", err)
	}
	r.drop()
}

// drop ends the download.
func (r *run) drop() {
	if r.stream == nil {
		return
	}
	if err := r.stream.Close(); err != nil {
		r.t.f.v.log.Debug("end of a download", "file", r.t.f.v.abs(r.t.f.where()), "error", err)
	}
	r.t.mu.Lock()
	r.stream = nil
	r.t.mu.Unlock()
}

// open opens the download of the file at off.
func (r *run) open(k blockKey, off int64) error {
	f := r.t.f
	if _, err := f.v.settle(f.v.ctx, f.where()); err != nil {
		return err
	}
	if f.lost() {
		return r.t.short(k.path)
	}
	path, base, epoch := f.source()
	if path != k.path || base != k.version {
		return errMeanwhile
	}
	steady := r.isSteady()
	o := ftpclient.RetrieveOptions{Offset: off, Spare: r.spare, Jump: !steady, Patient: steady && r.turned}
	if share := f.v.share(); share < maxAhead/4 {
		o.Unread = share / 2 // turns are short, and what has come at their end is lost
	}
	s, err := f.v.retrieve(f.v.ctx, path, o)
	if err != nil {
		return err
	}
	if err := f.check(s, path, base); err != nil {
		s.Close()
		return err
	}
	_, r.told = s.Verified()
	r.t.mu.Lock()
	r.stream = s
	r.t.mu.Unlock()
	r.at, r.epoch = off, epoch
	return nil
}

// retrieve opens a download and has the server say what the file is, where that
// costs nothing, or where it is not read from its beginning.
func (v *Volume) retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (Stream, error) {
	o.Verify = o.Offset > 0 || v.remote.Features().Pipelining == ftpclient.Yes
	return v.remote.Retrieve(ctx, v.abs(p), o)
}

func without[T comparable](list []T, drop T) []T {
	kept := make([]T, 0, len(list))
	for _, x := range list {
		if x != drop {
			kept = append(kept, x)
		}
	}
	return kept
}
