package cache

import (
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"ftpfs/ftpclient"
)

// meta holds what is known of directories: one listing each, believed until it
// expires and corrected by every change that goes through the volume.
//
// Lock order: mu is taken alone.
type meta struct {
	ttl    time.Duration
	budget int64
	large  int // entries of a large directory
	now    func() time.Time
	list   lister
	tally  listTally

	mu      sync.Mutex
	dirs    *simplelru.LRU[string, *listing] // guarded by mu, as all below
	bytes   int64
	flights map[string]*flight
}

// lister lists a directory on the volume's own context, as Remote.ListFunc.
type lister func(dir string, a ftpclient.Arriving) (*ftpclient.Listing, error)

// row is an entry with the time it was learned and for how long it is believed.
type row struct {
	ftpclient.Entry
	fetched time.Time
	fresh   time.Duration
	aged    bool
	sketchy bool // only the name and the type are known yet
}

func newMeta(ttl time.Duration, budget int64, list lister) *meta {
	m := &meta{ttl: ttl, budget: budget, large: largeRows, now: time.Now, list: list, flights: map[string]*flight{}}
	m.dirs, _ = simplelru.NewLRU[string, *listing](1<<31-1, func(_ string, l *listing) { m.bytes -= l.bytes })
	return m
}

// has tells whether a listing of dir is there or on its way.
func (m *meta) has(dir string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hasLocked(dir)
}

func (m *meta) hasLocked(dir string) bool {
	l, ok := m.dirs.Peek(dir)
	return ok && m.fresh(l) > 0 || m.flights[dir] != nil
}

// subdirs returns the names of the directories that are known to be in dir.
func (m *meta) subdirs(dir string) (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		names = l.subdirs()
	}
	return names
}

// keep stores l under the budget. The newest listing stays whatever its size.
func (m *meta) keep(dir string, l *listing) {
	m.dirs.Remove(dir)
	m.dirs.Add(dir, l)
	m.bytes += l.bytes
	m.trim()
}

// trim drops listings until the rest is within the budget. The caller holds mu.
func (m *meta) trim() {
	for m.bytes > m.budget && m.dirs.Len() > 1 {
		m.dirs.RemoveOldest()
	}
}

// fresh is for how long from now l is believed.
func (m *meta) fresh(l *listing) time.Duration {
	return max(0, m.ttl-m.now().Sub(l.fetched))
}

// beingRead is how long after the last entries were read from a large directory
// its listing is still believed of a name, though the TTL has passed: who reads it
// looks at each name, and would have it listed anew meanwhile.
const beingRead = 2 * time.Second

// largeRows is how many entries make a directory large.
const largeRows = 10_000

// freshName is for how long from now l is believed of a name.
func (m *meta) freshName(l *listing) time.Duration {
	if l.rows < m.large {
		return m.fresh(l)
	}
	return max(m.fresh(l), min(m.ttl, beingRead-m.now().Sub(l.read)))
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
	if ok && dir != "" {
		l.setAged(name)
	}
}

func (m *meta) putLocked(dir, name string, e *ftpclient.Entry) {
	if fl := m.flights[dir]; fl != nil {
		fl.changes[name] = e
	}
	if l, ok := m.dirs.Peek(dir); ok {
		m.change(dir, l, func() { l.set(name, e) })
	}
}

// change changes a listing that is kept. The caller holds mu.
func (m *meta) change(dir string, l *listing, change func()) {
	before := l.bytes
	change()
	if l.wasteful() {
		// Who is reading l goes on with it as it is.
		l = l.compacted()
		m.dirs.Add(dir, l)
	}
	l.weigh()
	m.bytes += l.bytes - before
	m.trim()
}

// update changes the entry of name in dir, if it is known.
func (m *meta) update(dir, name string, change func(*ftpclient.Entry)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		if i, ok := l.find(name); ok {
			e := l.entry(i)
			before := e.ModTime
			change(&e)
			if !e.ModTime.Equal(before) {
				delete(l.aged, i)
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
		if l, ok := m.dirs.Peek(d); ok { // else it has made room for one that was carried before
			m.dropLocked(d)
			m.keep(to+strings.TrimPrefix(d, from), l)
		}
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
		if i, ok := l.find(name); ok {
			return l.entry(i), true
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
	if i, ok := l.find(name); ok {
		m.change(dir, l, func() { l.setTime(i, e.ModTime, e.Precision) })
		delete(l.aged, i)
	}
}
