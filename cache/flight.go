package cache

import (
	"context"
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

	// guarded by meta.mu until done is closed
	changes map[string]*ftpclient.Entry // nil: the name is gone
	dropped bool                        // its result must not be kept
	l       *listing                    // so far; nil of one ahead
	more    chan struct{}               // closed, and replaced, when l has grown
	landed  bool
	rows    int   // of l, when it landed
	err     error // why it did not
}

func (m *meta) newFlight(ahead bool) *flight {
	return &flight{done: make(chan struct{}), more: make(chan struct{}), asked: m.now(), ahead: ahead,
		changes: map[string]*ftpclient.Entry{}}
}

// join returns the flight to a directory, which begins if there is none. The
// caller holds mu.
func (m *meta) join(dir string) *flight {
	fl := m.flights[dir]
	if fl == nil {
		fl = m.newFlight(false)
		fl.l = newListing(&ftpclient.Listing{}, fl.asked)
		m.flights[dir] = fl
		go m.fly(dir, fl)
	}
	return fl
}

// fly fetches a listing and lands it.
func (m *meta) fly(dir string, fl *flight) {
	got, err := m.list(dir, func(entries []ftpclient.Entry) { m.grow(fl, entries) })
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
	if l, ok := m.dirs.Peek(dir); ok && m.fresh(l) > 0 || m.flights[dir] != nil {
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
	if m.flights[dir] == fl {
		delete(m.flights, dir)
	}
	switch fl.err = err; {
	case err != nil && fl.ahead:
	case err != nil:
		m.dirs.Remove(dir)
	default:
		m.complete(dir, fl, got)
		if !fl.dropped {
			m.keep(dir, fl.l)
		}
	}
	fl.landed = true
	close(fl.done)
	close(fl.more)
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
	}
	for name, e := range fl.changes {
		fl.l.set(name, e)
	}
	fl.l.weigh()
	fl.rows = fl.l.rows
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
	i, ok := fl.l.find(name)
	if _, changed := fl.changes[name]; !ok || changed {
		return e, false
	}
	e = fl.l.entry(i)
	return e, e.Precision == time.Second
}
