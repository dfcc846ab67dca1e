package cache

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"ftpfs/ftpclient"
)

// meta holds what is known of directories: one listing each, believed until it
// expires and corrected by every change that goes through the volume.
//
// A change that ends while a listing of its directory is on its way is applied
// to that listing when it arrives, so what was changed here is never seen undone.
type meta struct {
	ttl    time.Duration
	budget int64
	now    func() time.Time
	list   func(dir string) (*ftpclient.Listing, error) // on the volume's own context

	mu      sync.Mutex
	dirs    *simplelru.LRU[string, *listing] // guarded by mu, as all below
	bytes   int64
	flights map[string]*flight
}

// listing is the content of one directory. It is guarded by meta.mu.
type listing struct {
	rows     []ftpclient.Entry // a row without a name was removed
	index    map[string]int
	aged     map[string]bool // directories whose content changed here, and so their times there
	complete bool
	fetched  time.Time
	bytes    int64
}

// flight is a listing on its way; done is closed when l and err are set.
type flight struct {
	done    chan struct{}
	asked   time.Time
	ahead   bool                        // nobody had asked for it; its failure is nobody's
	changes map[string]*ftpclient.Entry // nil: the name is gone
	dropped bool                        // its result must not be kept
	l       *listing
	err     error
}

func (m *meta) newFlight(ahead bool) *flight {
	return &flight{done: make(chan struct{}), asked: m.now(), ahead: ahead, changes: map[string]*ftpclient.Entry{}}
}

// row is an entry with the time it was learned and for how long it is believed.
type row struct {
	ftpclient.Entry
	fetched time.Time
	fresh   time.Duration
	aged    bool
}

// rowBytes is what an entry costs beside the bytes of its strings: the struct,
// its place in the index and the allocator's rounding.
const rowBytes = 256

func newMeta(ttl time.Duration, budget int64, list func(string) (*ftpclient.Listing, error)) *meta {
	m := &meta{ttl: ttl, budget: budget, now: time.Now, list: list, flights: map[string]*flight{}}
	m.dirs, _ = simplelru.NewLRU[string, *listing](1<<31-1, func(_ string, l *listing) { m.bytes -= l.bytes })
	return m
}

// lookup returns the entry of name in dir. Without one, known tells that the
// name does not exist; otherwise the listing cannot say.
func (m *meta) lookup(ctx context.Context, dir, name string) (r row, found, known bool, err error) {
	err = m.with(ctx, dir, func(l *listing) {
		known = l.complete
		if i, ok := l.index[name]; ok {
			r, found = row{l.rows[i], l.fetched, m.fresh(l), l.aged[name]}, true
		}
	})
	return r, found, known, err
}

// entries returns a copy of what is in dir.
func (m *meta) entries(ctx context.Context, dir string) (rows []Dirent, err error) {
	err = m.with(ctx, dir, func(l *listing) {
		rows = make([]Dirent, 0, len(l.index))
		for i := range l.rows {
			if l.rows[i].Name != "" {
				rows = append(rows, Dirent{Name: l.rows[i].Name, Type: l.rows[i].Type})
			}
		}
	})
	return rows, err
}

// with calls f, under the lock, with a listing of dir that is fresh, getting
// one if need be. Only one is on its way at a time, whoever asks, and one that
// was asked for too long before is only waited for; ctx ends the wait, not the
// work.
func (m *meta) with(ctx context.Context, dir string, f func(*listing)) error {
	begun := m.now()
	for {
		m.mu.Lock()
		if l, ok := m.dirs.Get(dir); ok && m.fresh(l) > 0 {
			f(l)
			m.mu.Unlock()
			return nil
		}
		fl := m.flights[dir]
		if fl == nil {
			fl = m.newFlight(false)
			m.flights[dir] = fl
			go m.fly(dir, fl)
		}
		m.mu.Unlock()
		select {
		case <-fl.done:
		case <-ctx.Done():
			return canceled("list", dir, ctx)
		}
		switch {
		case begun.Sub(fl.asked) > m.ttl:
		case fl.err == nil:
			m.mu.Lock()
			defer m.mu.Unlock()
			f(fl.l)
			return nil
		case !fl.ahead:
			return fl.err
		}
	}
}

// fly fetches a listing and lands it.
func (m *meta) fly(dir string, fl *flight) {
	got, err := m.list(dir)
	m.land(dir, fl, got, err)
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

// land takes what became of a flight. A listing is believed from the moment it
// was asked for, so that nothing older than the TTL is ever answered.
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
		fl.l = newListing(got, fl.asked)
		if old, ok := m.dirs.Peek(dir); ok {
			fl.l.keepTimes(old)
		}
		for name, e := range fl.changes {
			fl.l.set(name, e)
		}
		if !fl.dropped {
			m.keep(dir, fl.l)
		}
	}
	close(fl.done)
}

// subdirs returns the names of the directories that are known to be in dir.
func (m *meta) subdirs(dir string) (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		for i := range l.rows {
			if l.rows[i].Type == ftpclient.TypeDir && l.rows[i].Name != "" {
				names = append(names, l.rows[i].Name)
			}
		}
	}
	return names
}

func newListing(got *ftpclient.Listing, at time.Time) *listing {
	l := &listing{index: make(map[string]int, len(got.Entries)), complete: got.Complete(), fetched: at}
	for i := range got.Entries {
		l.set(got.Entries[i].Name, &got.Entries[i])
	}
	return l
}

// keepTimes takes over the times of an older listing where the new ones say the
// same less exactly, as those of LIST do of something made or touched here:
// programs take a time that goes back to the full minute for a change. They
// stay inexact: something may have changed within the minute.
func (l *listing) keepTimes(old *listing) {
	for i := range l.rows {
		e := &l.rows[i]
		j, ok := old.index[e.Name]
		if !ok || e.Precision <= time.Second || old.rows[j].Type != e.Type {
			continue
		}
		if more := old.rows[j].ModTime.Sub(e.ModTime); more > 0 && more < e.Precision {
			e.ModTime = old.rows[j].ModTime
		}
	}
}

// set puts, replaces or (e nil) removes the entry of name.
func (l *listing) set(name string, e *ftpclient.Entry) {
	i, ok := l.index[name]
	if e == nil {
		delete(l.aged, name)
	}
	switch {
	case e == nil && ok:
		l.bytes -= cost(&l.rows[i])
		l.rows[i] = ftpclient.Entry{}
		delete(l.index, name)
	case e == nil:
	case ok:
		l.bytes += cost(e) - cost(&l.rows[i])
		l.rows[i] = *e
		l.rows[i].Name = name
	default:
		l.index[name] = len(l.rows)
		l.rows = append(l.rows, *e)
		l.rows[len(l.rows)-1].Name = name
		l.bytes += cost(e)
	}
}

func cost(e *ftpclient.Entry) int64 {
	return rowBytes + int64(len(e.Name)+len(e.Target)+len(e.Owner)+len(e.Group)+len(e.Unique))
}

// keep stores l under the budget. The newest listing stays whatever its size.
func (m *meta) keep(dir string, l *listing) {
	m.dirs.Remove(dir)
	m.dirs.Add(dir, l)
	m.bytes += l.bytes
	for m.bytes > m.budget && m.dirs.Len() > 1 {
		m.dirs.RemoveOldest()
	}
}

// fresh is for how long from now l is believed.
func (m *meta) fresh(l *listing) time.Duration {
	return max(0, m.ttl-m.now().Sub(l.fetched))
}

// put records that name in dir is e now; e nil means it is gone. The time of
// dir has changed by that.
func (m *meta) put(dir, name string, e *ftpclient.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putLocked(dir, name, e)
	m.age(dir)
}

// age records that the time of dir is not known any more. The caller holds mu.
func (m *meta) age(dir string) {
	parent, name := split(dir)
	l, ok := m.dirs.Peek(parent)
	if !ok || dir == "" {
		return
	}
	if _, ok := l.index[name]; ok {
		if l.aged == nil {
			l.aged = map[string]bool{}
		}
		l.aged[name] = true
	}
}

func (m *meta) putLocked(dir, name string, e *ftpclient.Entry) {
	if fl := m.flights[dir]; fl != nil {
		fl.changes[name] = e
	}
	if l, ok := m.dirs.Peek(dir); ok {
		before := l.bytes
		l.set(name, e)
		m.bytes += l.bytes - before
	}
}

// update changes the entry of name in dir, if it is known.
func (m *meta) update(dir, name string, change func(*ftpclient.Entry)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		if i, ok := l.index[name]; ok {
			e := l.rows[i]
			change(&e)
			if e.ModTime != l.rows[i].ModTime {
				delete(l.aged, name)
			}
			m.putLocked(dir, name, &e)
			return
		}
	}
	m.dropLocked(dir) // a listing on its way may bring what was there before
}

// empty records that dir was just made.
func (m *meta) empty(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropLocked(dir)
	m.keep(dir, newListing(&ftpclient.Listing{}, m.now()))
	m.age(dir)
}

// drop forgets the listing of dir.
func (m *meta) drop(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropLocked(dir)
}

func (m *meta) dropLocked(dir string) {
	m.dirs.Remove(dir)
	if fl := m.flights[dir]; fl != nil {
		fl.dropped = true
		delete(m.flights, dir)
	}
}

// dropTree forgets dir and all below it.
func (m *meta) dropTree(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.dirs.Keys() {
		if within(d, dir) {
			m.dropLocked(d)
		}
	}
	for d := range m.flights {
		if within(d, dir) {
			m.dropLocked(d)
		}
	}
}

// move carries the listings of from and all below it to to.
func (m *meta) move(from, to string) {
	m.dropTree(to)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.dirs.Keys() {
		if !within(d, from) {
			continue
		}
		l, _ := m.dirs.Peek(d)
		m.dropLocked(d)
		m.keep(to+strings.TrimPrefix(d, from), l)
	}
	for d := range m.flights {
		if within(d, from) {
			m.dropLocked(d)
		}
	}
}

// within reports whether path is dir or below it.
func within(path, dir string) bool {
	return dir == "" || path == dir || strings.HasPrefix(path, dir) && path[len(dir)] == '/'
}

// peek returns the entry of name in dir if it is known, fresh or not.
func (m *meta) peek(dir, name string) (ftpclient.Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		if i, ok := l.index[name]; ok {
			return l.rows[i], true
		}
	}
	return ftpclient.Entry{}, false
}

// renewed records what the server says of the time of a directory.
func (m *meta) renewed(dir, name string, e *ftpclient.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.dirs.Peek(dir)
	if !ok {
		return
	}
	if i, ok := l.index[name]; ok {
		l.rows[i].ModTime, l.rows[i].Precision = e.ModTime, e.Precision
		delete(l.aged, name)
	}
}
