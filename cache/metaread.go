package cache

import (
	"context"
	"time"

	"ftpfs/ftpclient"
)

// lookup returns the entry of name in dir. Without one, known tells that the
// name does not exist, which is believed as long as the row says; otherwise the
// listing cannot say. It waits for a listing that is on its way no longer than
// until the name has arrived or is known not to exist; with sketchy, until it is
// known to be a directory.
func (m *meta) lookup(ctx context.Context, dir, name string, sketchy bool) (r row, found, known bool, err error) {
	err = m.with(ctx, dir, name, m.freshName, func(l *listing, fl *flight) bool {
		if fl == nil {
			known = l.complete
			r, found = m.rowOf(l, name)
			return true
		}
		if r, found = m.early(fl, name); !found {
			r, found, known = m.sketched(fl, name, sketchy)
		}
		return found || known
	})
	return r, found, known, err
}

// lookupSince looks for name in a listing of dir that is no older than most, getting
// one if need be. known tells that it has all names.
func (m *meta) lookupSince(ctx context.Context, dir, name string, most time.Duration) (found, known bool, err error) {
	young := func(l *listing) time.Duration { return most - m.now().Sub(l.fetched) }
	err = m.with(ctx, dir, name, young, func(l *listing, fl *flight) bool {
		if fl == nil {
			known = l.complete
			_, found = l.find(name)
			return true
		}
		_, found = m.early(fl, name)
		return found
	})
	return found, known, err
}

// sketched is lookup in what is known of a listing that is arriving. The caller
// holds mu.
func (m *meta) sketched(fl *flight, name string, sketchy bool) (r row, found, missing bool) {
	e, exact, dir, missing := fl.sketched(name)
	if fl.sketch != nil {
		r = row{Entry: e, fetched: fl.asked, fresh: m.fresh(fl.sketch), sketchy: !exact}
	}
	return r, exact || dir && sketchy, missing
}

// known returns what lookup would find without waiting.
func (m *meta) known(dir, name string) (row, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Get(dir); ok && m.freshName(l) > 0 {
		return m.rowOf(l, name)
	}
	if fl := m.flights[dir]; fl != nil {
		return m.early(fl, name)
	}
	return row{}, false
}

// lacks tells whether name is known not to be in dir.
func (m *meta) lacks(dir, name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.dirs.Peek(dir)
	if !ok || m.fresh(l) <= 0 {
		return false
	}
	_, found := l.find(name)
	return l.complete && !found
}

// rowOf returns the entry of name. The caller holds mu.
func (m *meta) rowOf(l *listing, name string) (row, bool) {
	i, ok := l.find(name)
	if !ok {
		return row{fetched: l.fetched, fresh: m.freshName(l)}, false
	}
	return row{Entry: l.entry(i), fetched: l.fetched, fresh: m.freshName(l), aged: l.aged[i]}, true
}

// early returns the entry of name if it has arrived. The caller holds mu.
func (m *meta) early(fl *flight, name string) (row, bool) {
	e, ok := fl.told(name)
	if !ok {
		return row{}, false
	}
	return row{Entry: e, fetched: fl.l.fetched, fresh: m.fresh(fl.l)}, true
}

// await waits until dir is listed.
func (m *meta) await(ctx context.Context, dir string) error {
	return m.with(ctx, dir, "", m.fresh, func(_ *listing, fl *flight) bool { return fl == nil })
}

// with calls f, under the lock, with a listing of dir that fresh believes, getting
// one if need be, and then name first, if there is one. Only one is on its way at a time, whoever asks; ctx ends the
// wait, not the work. While it is on its way f is called with it, each time that
// it has grown; f returns true when it needs no more. One that was asked for more
// than the TTL ago, and of which nothing has arrived yet, is only waited for.
func (m *meta) with(ctx context.Context, dir, name string, fresh func(*listing) time.Duration, f func(l *listing, fl *flight) bool) error {
	begun := m.now()
	var fl *flight
	var old time.Time // what is not after it is too old
	for {
		m.mu.Lock()
		if l, ok := m.dirs.Get(dir); ok && fresh(l) > 0 && fl == nil && l.fetched.After(old) {
			f(l, nil)
			m.tally.hit(old.IsZero())
			if name != "" {
				m.renewEarly(dir, name, l)
			}
			m.mu.Unlock()
			return nil
		}
		if fl == nil {
			fl = m.join(dir, name)
			m.tally.misses.Add(1)
			if begun.Sub(fl.asked) > m.ttl && (fl.l == nil || fl.l.rows == 0) {
				m.mu.Unlock()
				var err error
				if old, err = m.outwait(ctx, dir, fl); err != nil {
					return err
				}
				fl = nil
				continue
			}
		}
		done, err := fl.offer(f)
		more := fl.more
		m.mu.Unlock()
		switch {
		case done:
			return err
		case err != nil:
			fl = nil // it was ahead of need; ask
			continue
		}
		if err := fl.wait(ctx, dir, more); err != nil {
			return err
		}
	}
}

// outwait waits for a flight whose listing is of no use, and returns from when
// that is believed, zero if it has failed.
func (m *meta) outwait(ctx context.Context, dir string, fl *flight) (time.Time, error) {
	select {
	case <-fl.done:
	case <-ctx.Done():
		return time.Time{}, canceled("list", dir, ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if fl.err != nil || fl.l == nil {
		return time.Time{}, nil
	}
	return fl.l.fetched, nil
}

// offer calls f with what there is of a flight. done tells that it has
// answered, or that there is an error that is the caller's. The caller holds mu.
func (fl *flight) offer(f func(*listing, *flight) bool) (done bool, err error) {
	switch {
	case !fl.landed:
		return fl.l != nil && f(fl.l, fl), nil
	case fl.err == nil:
		f(fl.l, nil)
		return true, nil
	}
	return !fl.ahead, fl.err
}

// reader reads one listing by places, also while it is arriving. What is put
// there after it has landed is not read; what is removed is.
type reader struct {
	m     *meta
	dir   string
	l     *listing
	fl    *flight // nil if it had landed before
	rows  int     // of l, once it has landed
	edits uint64  // likewise: the state that is read, but for what is removed meanwhile
}

// open returns a reader of a fresh listing of dir. It waits for the first
// entries, so that a directory that cannot be listed is an error here.
func (m *meta) open(ctx context.Context, dir string) (r *reader, err error) {
	err = m.with(ctx, dir, "", m.fresh, func(l *listing, fl *flight) bool {
		if fl != nil && l.rows == 0 {
			return false
		}
		l.opened = true
		r = &reader{m: m, dir: dir, l: l, fl: fl, rows: l.rows, edits: l.edits}
		return true
	})
	return r, err
}

// read fills rows with the entries from a place on; one that is not there any
// more has no name. It waits until there is one at least, and returns 0 at the
// end.
func (r *reader) read(ctx context.Context, from int, rows []Dirent) (int, error) {
	for {
		r.m.mu.Lock()
		n, more, err := r.readNow(from, rows)
		r.m.mu.Unlock()
		if n > 0 || more == nil || err != nil {
			return n, err
		}
		if err := r.fl.wait(ctx, r.dir, more); err != nil {
			return 0, err
		}
	}
}

// readNow is read without waiting: more is what there is to wait for. The
// caller holds mu.
func (r *reader) readNow(from int, rows []Dirent) (n int, more <-chan struct{}, err error) {
	var changes map[string]*ftpclient.Entry
	switch {
	case r.fl != nil && !r.fl.landed:
		r.rows, more, changes = r.l.rows, r.fl.more, r.fl.changes
	case r.fl != nil && r.fl.err != nil:
		r.rows = r.l.rows
	case r.fl != nil:
		r.rows, r.edits, r.fl = r.fl.rows, r.fl.edits, nil
	}
	for n = 0; n < len(rows) && from+n < r.rows; n++ {
		rows[n] = Dirent{}
		if name := r.l.name(from + n); name != "" {
			if e, changed := changes[name]; !changed || e != nil {
				rows[n] = Dirent{Name: name, Type: r.l.at(from + n).kind()}
			}
		}
	}
	if l, ok := r.m.dirs.Peek(r.dir); ok && l == r.l && n > 0 {
		l.read = r.m.now()
	}
	if n == 0 && r.fl != nil && r.fl.landed {
		return 0, nil, r.fl.err
	}
	return n, more, nil
}

// has tells whether name is in what has been read of a listing that has landed.
func (r *reader) has(name string) bool {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	i, ok := r.l.find(name)
	return ok && i < r.rows
}

// had tells whether name was in it, and was removed, before it was read or later.
func (r *reader) had(name string) bool {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	return r.l.had(name, r.rows)
}

// subdirs returns the listing's directories once all of it is there.
func (r *reader) subdirs() (names []string, landed bool) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	if r.fl != nil && !r.fl.landed {
		return nil, false
	}
	return r.l.subdirs(), true
}
