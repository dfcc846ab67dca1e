package cache

import (
	"context"
	"errors"
	"time"

	"ftpfs/ftpclient"
)

// flight is a listing on its way. One that was asked for grows while it
// arrives, and who waits for the directory reads what is there; one ahead of
// need comes in one piece.
//
// A change that ends while it is on its way is applied to it when it lands, so
// what was changed here is never seen undone.
type flight struct {
	done  chan struct{} // closed when it has landed
	asked time.Time
	ahead bool // nobody had asked for it; its failure is nobody's
	early bool // what it is to replace is still believed, whatever becomes of it

	// guarded by meta.mu until done is closed
	changes map[string]*ftpclient.Entry // nil: the name is gone
	dropped bool                        // its result must not be kept
	l       *listing                    // so far; nil of one ahead
	sketch  *listing                    // of which names and types are right; nil if there is none
	first   *ftpclient.Entry            // what was told ahead of a large listing; nil if nothing was
	more    chan struct{}               // closed, and replaced, when l has grown or sketch is there
	landed  bool
	rows    int    // of l, when it landed
	edits   uint64 // of l, likewise
	err     error  // why it did not
}

func (m *meta) newFlight(ahead bool) *flight {
	return &flight{done: make(chan struct{}), more: make(chan struct{}), asked: m.now(), ahead: ahead,
		changes: map[string]*ftpclient.Entry{}}
}

// join returns the flight to a directory, which begins if there is none, then
// with name to be told first. Who wants a name does not wait for a listing ahead
// of need: many others may come before it. The caller holds mu.
func (m *meta) join(dir, name string) *flight {
	fl := m.flights[dir]
	if fl != nil && fl.ahead && name != "" {
		m.overtake(dir, fl)
		fl = nil
	}
	if fl == nil {
		fl = m.newFlight(false)
		fl.l = newListing(&ftpclient.Listing{}, fl.asked)
		m.flights[dir] = fl
		go m.fly(dir, name, fl)
	}
	return fl
}

// renewRows is how many entries a directory has that takes longer to be listed than
// who looks a name up would like to wait.
const renewRows = 300

// renewEarly has such a directory listed anew when names in it are still looked up in
// the last quarter of the TTL, so that nobody waits when that has passed. Of a large
// one that is read for longer than the TTL, it would be done again and again. The
// caller holds mu.
func (m *meta) renewEarly(dir, name string, l *listing) {
	if l.live < renewRows || l.rows >= m.large || m.fresh(l) > m.ttl/4 || m.fresh(l) <= 0 || m.flights[dir] != nil {
		return
	}
	m.join(dir, name).early = true
}

// overtake has those who wait for a listing ahead of need wait for another. What
// becomes of it is of no use: it would not have the changes made from now on. The
// caller holds mu.
func (m *meta) overtake(dir string, fl *flight) {
	delete(m.flights, dir)
	m.ended(fl, errOvertaken)
}

var errOvertaken = errors.New("listed sooner by somebody else")

// ended has those who wait for a flight go on. The caller holds mu.
func (m *meta) ended(fl *flight, err error) {
	fl.err, fl.landed, fl.sketch = err, true, nil
	close(fl.done)
	close(fl.more)
}

// fly fetches a listing and lands it.
func (m *meta) fly(dir, name string, fl *flight) {
	got, err := m.list(dir, ftpclient.Arriving{
		Name:   name,
		Take:   func(entries []ftpclient.Entry) { m.grow(fl, entries) },
		Sketch: func(got *ftpclient.Listing) { m.sketch(fl, got) },
		First:  func(e ftpclient.Entry) { m.first(fl, e) },
	})
	m.land(dir, fl, got, err)
}

// grow adds entries to a listing that is arriving.
func (m *meta) grow(fl *flight, entries []ftpclient.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range entries {
		fl.l.set(entries[i].Name, &entries[i])
	}
	fl.l.fetched = m.believedFrom(fl)
	fl.wake()
}

// sketch takes the names and types of a listing that is arriving.
func (m *meta) sketch(fl *flight, got *ftpclient.Listing) {
	l := newListing(got, fl.asked)
	m.mu.Lock()
	defer m.mu.Unlock()
	fl.sketch = l
	fl.wake()
}

// first takes the entry that was asked for ahead of the listing.
func (m *meta) first(fl *flight, e ftpclient.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fl.first = &e
	fl.wake()
}

// wake has those who wait look again. The caller holds mu.
func (fl *flight) wake() {
	close(fl.more)
	fl.more = make(chan struct{})
}

// believedFrom is when the TTL begins of a listing that has arrived now: when it
// was asked for, so that what is answered is not older. But a large one, which
// came in parts, is believed for as long as it took to arrive, and for half the
// TTL at least: or it would be out of date before it is used, and listed again
// and again.
func (m *meta) believedFrom(fl *flight) time.Time {
	if m.ttl <= 0 || fl.l == nil || fl.l.rows < m.large {
		return fl.asked
	}
	now := m.now()
	believe := max(m.ttl/2, now.Sub(fl.asked))
	if late := now.Add(believe - m.ttl); late.After(fl.asked) {
		return late
	}
	return fl.asked
}

// begin announces a listing that comes ahead of need; land must follow. It
// returns false if there is one already, or on its way.
func (m *meta) begin(dir string) (*flight, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hasLocked(dir) {
		return nil, false
	}
	fl := m.newFlight(true)
	m.flights[dir] = fl
	return fl, true
}

// land takes what became of a flight.
func (m *meta) land(dir string, fl *flight, got *ftpclient.Listing, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if fl.err == errOvertaken {
		return
	}
	if m.flights[dir] == fl {
		delete(m.flights, dir)
	}
	switch {
	case err != nil && (fl.ahead || fl.early):
	case err != nil:
		m.dirs.Remove(dir)
	default:
		m.complete(dir, fl, got)
		if !fl.dropped {
			m.keep(dir, fl.l)
		}
	}
	m.ended(fl, err)
}

// complete makes the listing of a flight of what has arrived at its end and
// what was known before. The caller holds mu.
func (m *meta) complete(dir string, fl *flight, got *ftpclient.Listing) {
	if fl.l == nil || fl.l.rows == 0 {
		fl.l = newListing(got, m.believedFrom(fl))
	} else {
		fl.l.retime(got.Retime)
		for i := range got.Entries {
			fl.l.set(got.Entries[i].Name, &got.Entries[i])
		}
		fl.l.complete = fl.l.complete && got.Complete()
		fl.l.fetched = m.believedFrom(fl)
	}
	if old, ok := m.dirs.Peek(dir); ok {
		fl.l.keepTimes(old)
		fl.l.opened = fl.l.opened || old.opened
	}
	for name, e := range fl.changes {
		fl.l.set(name, e)
	}
	fl.l.weigh()
	fl.rows, fl.edits = fl.l.rows, fl.l.edits
}

// wait waits until a flight has grown beyond what the caller has seen, of which
// more is the sign, or has landed. The caller does not hold mu.
func (fl *flight) wait(ctx context.Context, dir string, more <-chan struct{}) error {
	select {
	case <-more:
		return nil
	case <-ctx.Done():
		return canceled("list", dir, ctx)
	}
}

// told returns the entry of name if it has arrived and nothing that comes later
// can change it: times that are not exact may be those of another zone. The
// caller holds mu.
func (fl *flight) told(name string) (e ftpclient.Entry, ok bool) {
	if fl.l == nil {
		return e, false
	}
	if _, changed := fl.changes[name]; changed {
		return e, false
	}
	if i, ok := fl.l.find(name); ok {
		e = fl.l.entry(i)
	} else if fl.first != nil && fl.first.Name == name {
		e = *fl.first
	}
	return e, e.Precision == time.Second
}

// sketched returns the entry of name if more is known of it than that it is
// there: all, or that it is a directory, of which the type is enough for who goes
// through it. missing tells that name does not exist. The caller holds mu.
func (fl *flight) sketched(name string) (e ftpclient.Entry, exact, dir, missing bool) {
	if _, changed := fl.changes[name]; fl.sketch == nil || changed {
		return e, false, false, false
	}
	i, ok := fl.sketch.find(name)
	if !ok {
		return e, false, false, fl.sketch.complete
	}
	e = fl.sketch.entry(i)
	return e, e.Precision == time.Second, e.Type == ftpclient.TypeDir, false
}
