package cache

import (
	"errors"
	"time"

	"ftpfs/ftpclient"
)

// When one file is read by several downloads at a time.
const (
	laneMost    = 4                   // downloads of one file
	laneMeasure = 3 * time.Second / 2 // how long a rate is measured
	laneWorth   = 8 * time.Second     // of the file's rest, at the rate of now, or no other is tried
	laneGain    = 0.6                 // of one lane's part of the rate, that another must add
	laneSegment = 3 * time.Second     // what one lane takes at a time
	segmentMin  = 8 * blockSize
	segmentMost = 128 * blockSize
)

// lanes are the downloads by which a large file is read that one does not bring
// as fast as its reader takes it: over long round trips with small windows, or
// where the server throttles each connection. Another is tried on a connection
// that is to spare, and kept if all together are faster by far; after one that
// was not, no more are tried. Each lane takes a segment behind those of the
// others, then the next. All fields are guarded by fetcher.mu.
type lanes struct {
	runs    []*run // the first is the one that the reader is known by
	segment int64
	since   time.Time // from when on it is measured; zero: from the next octets on
	octets  int64     // that came since
	rate    float64   // of the octets, a second, before the last was added
	trial   bool      // the last is yet to show that it pays
	enough  bool
}

// came notes octets that a run has brought, and adds or drops a lane when it is
// time.
func (t *fetcher) came(r *run, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.lanes
	if !l.has(r) {
		if len(l.runs) > 1 && l.busy() || !r.steady || r.retired {
			return
		}
		t.single()
		*l = lanes{runs: []*run{r}, since: time.Now(), enough: l.enough}
	}
	if l.trial && r == l.runs[len(l.runs)-1] && r.fresh {
		l.since, l.octets, r.fresh = time.Now(), 0, false // from here on it counts
	}
	if l.since.IsZero() {
		l.since, l.octets = time.Now(), 0
		return
	}
	l.octets += n
	passed := time.Since(l.since)
	if passed < laneMeasure {
		return
	}
	rate := float64(l.octets) / passed.Seconds()
	l.since, l.octets = time.Now(), 0
	switch {
	case l.trial && rate < l.rate*(1+laneGain/float64(len(l.runs)-1)):
		l.enough = true
		t.dropLane()
	case l.trial:
		l.trial = false
		fallthrough
	default:
		t.addLane(rate)
	}
}

func (l *lanes) has(r *run) bool {
	for _, o := range l.runs {
		if o == r {
			return true
		}
	}
	return false
}

func (l *lanes) busy() bool {
	for _, o := range l.runs {
		if o.active {
			return true
		}
	}
	return false
}

// top is the end of what the lanes have taken.
func (l *lanes) top() (top int64) {
	for _, r := range l.runs {
		top = max(top, r.limit)
	}
	return top
}

// addLane tries another lane if the reader waits for the network and there is
// enough left to read. The caller holds mu.
func (t *fetcher) addLane(rate float64) {
	l := &t.lanes
	first := l.runs[0]
	_, base, _ := t.f.source()
	from := max(l.top(), roundUp(first.pos))
	worth := time.Duration(float64(base.size-from)/max(rate, 1)*float64(time.Second)) > laneWorth
	starved := first.awaited() || len(l.runs) > 1
	if l.enough || len(l.runs) == laneMost || !worth || !starved || t.f.v.remote.Features().Rest == ftpclient.No {
		return
	}
	perLane := rate / float64(len(l.runs)) * laneSegment.Seconds()
	l.segment = roundUp(min(max(int64(perLane), segmentMin), segmentMost, t.f.v.blocks.budget/4/laneMost))
	if first.limit == 0 {
		first.limit = from + l.segment
		from = first.limit
	}
	if from >= base.size {
		return
	}
	r := &run{t: t, pos: from, limit: min(from+l.segment, base.size), steady: true, fresh: true, spare: true, next: noReader,
		more: make(chan struct{}, 1)}
	t.runs = append(t.runs, r)
	l.runs = append(l.runs, r)
	l.rate, l.trial = rate, true
	r.start()
}

// noReader is where the reader of a lane is that no reader is known by.
const noReader = -1 << 60

func roundUp(off int64) int64 { return (off + blockSize - 1) / blockSize * blockSize }

// dropLane ends the last lane. What it has not brought of its segment is left to
// who asks for it. The caller holds mu.
func (t *fetcher) dropLane() {
	l := &t.lanes
	last := l.runs[len(l.runs)-1]
	l.runs = l.runs[:len(l.runs)-1]
	l.trial = false
	last.retire()
	if len(l.runs) == 1 {
		t.single()
	}
}

// single goes back to what one run does. The caller holds mu.
func (t *fetcher) single() {
	l := &t.lanes
	if len(l.runs) == 0 {
		return
	}
	first := l.runs[0]
	for _, r := range l.runs[1:] {
		r.retire()
	}
	l.runs = l.runs[:1]
	first.limit = 0
	if !first.retired && first.pos-first.next <= maxAhead {
		first.until = max(first.until, first.next+first.window)
		first.start()
	}
}

// nextSegment gives a lane what it is to bring next, unless that is too far
// ahead of the reader. The caller holds mu.
func (t *fetcher) nextSegment(r *run, size int64) {
	l := &t.lanes
	top := l.top()
	if !l.has(r) || top >= size || top-l.runs[0].next > min(t.f.v.blocks.budget/2, int64(len(l.runs)+1)*l.segment) {
		return
	}
	r.pos, r.limit = top, min(top+l.segment, size)
}

// laneTo returns the lane that brings the octet at off, else nil. The caller
// holds mu.
func (t *fetcher) laneTo(off int64) *run {
	for _, r := range t.lanes.runs {
		if r.limit > 0 && !r.retired && r.pos <= off && off < r.limit {
			return r
		}
	}
	return nil
}

// failed ends the lanes of which one that is nobody's spare has failed: nothing more
// is fetched until somebody asks, and then by one. The caller holds mu.
func (t *fetcher) failed(r *run) {
	if l := &t.lanes; l.has(r) {
		for _, o := range without(l.runs, r) {
			o.retire()
		}
		*l = lanes{enough: l.enough}
	}
	r.limit = 0
}

// gaveUp takes the error of a lane that has found no connection to spare, or has
// lost it: the others go on.
func (r *run) gaveUp(err error) bool {
	if !r.spare {
		return false
	}
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	l := &r.t.lanes
	if errors.Is(err, ftpclient.ErrNotAhead) {
		l.enough = true
	}
	if l.has(r) {
		l.trial = l.trial && l.runs[len(l.runs)-1] != r
		l.runs = without(l.runs, r)
		if len(l.runs) == 1 {
			r.t.single()
		}
	}
	r.retire()
	return true
}
