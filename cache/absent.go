package cache

import (
	"context"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

const (
	// doubtAfter is how old a listing may be that is believed of a name which it
	// does not have, when a file of that name is to be made.
	doubtAfter = 2 * time.Second
	// emptyFor is how long nobody else is expected in a directory made here.
	emptyFor = time.Minute
	// maxMade bounds the directories that are remembered for that.
	maxMade = 1024
)

// madeDirs are the directories that were made here, and when.
type madeDirs struct {
	mu   sync.Mutex
	when map[string]time.Time
}

func (m *madeDirs) add(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.when == nil || len(m.when) >= maxMade {
		m.when = map[string]time.Time{}
	}
	m.when[dir] = time.Now()
}

// drop forgets dir and what is below it.
func (m *madeDirs) drop(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for d := range m.when {
		if within(d, dir) {
			delete(m.when, d)
		}
	}
}

func (m *madeDirs) lately(dir string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	when, ok := m.when[dir]
	return ok && time.Since(when) < emptyFor
}

// since is the age of the listing of dir, 0 without one.
func (m *meta) since(dir string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		return m.now().Sub(l.fetched)
	}
	return 0
}

// A listing is asked for in place of looks where at least listFor files of its directory
// are new, and it has no more than listedEach entries for each.
const (
	listFor    = 8
	listedEach = 100
)

// listedAbsent reports whether a listing that is not older than doubtAfter says that there
// is no file at p. One is asked for where that costs less than a look for each new file.
func (v *Volume) listedAbsent(ctx context.Context, p string) bool {
	dir, name := split(p)
	age, entries := v.meta.sizeOf(dir)
	if entries < 0 || age >= doubtAfter && !v.listingPays(dir, entries) {
		return false
	}
	found, known, err := v.meta.lookupSince(ctx, dir, name, doubtAfter)
	return err == nil && known && !found
}

// listingPays reports whether a listing of so many entries costs less than a look for each
// of the files of dir that the server does not have yet.
func (v *Volume) listingPays(dir string, entries int) bool {
	n := len(v.unsent(dir))
	return n >= listFor && entries <= listedEach*n
}

// sizeOf is the age of the listing of dir, and how many entries it has; -1 without one.
func (m *meta) sizeOf(dir string) (age time.Duration, entries int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.dirs.Peek(dir); ok {
		return m.now().Sub(l.fetched), l.live
	}
	return 0, -1
}

// stillAbsent reports whether there is no file at p that a listing of some age
// does not have: making one must not overwrite what somebody else has made. Without
// MLST only a listing says no, and who makes more files finds it here.
func (v *Volume) stillAbsent(ctx context.Context, p string) (bool, error) {
	dir, name := split(p)
	if v.meta.since(dir) < doubtAfter || v.made.lately(dir) {
		return true, nil
	}
	if !v.remote.Features().MLST {
		found, known, err := v.meta.lookupSince(ctx, dir, name, doubtAfter)
		if err == nil && (found || known) {
			return !found, nil
		}
	}
	_, err := detached(v, ctx, "create", p, func(ctx context.Context) (ftpclient.Entry, error) {
		return v.remote.Stat(ctx, v.abs(p))
	})
	if k := ftpclient.KindOf(err); err != nil && (k == ftpclient.KindNotExist || k == ftpclient.KindUnsupported) {
		return true, nil
	}
	if err == nil {
		v.meta.drop(dir)
	}
	return false, err
}
