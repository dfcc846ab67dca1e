package cache

import (
	"slices"
	"strings"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// How far a walk is listed ahead of its reader.
const (
	walkSoon    = 3 * time.Second // two openings that belong together are no farther apart
	walkIdle    = 5 * time.Second // a reader that opens nothing for so long has ended
	walkFirst   = 64              // directories ahead of a reader that has just begun,
	walkGrowth  = 8               // and more for each that it opens
	walkEntries = 50_000          // entries of the directories ahead
	walkQueue   = 10_000          // directories that wait to be listed
	walkKnown   = 4 * walkQueue   // that are known to have waited
	walkLanes   = 3               // connections, where one cannot list several at once
	recentMost  = 16
)

// walker recognises programs that go through a tree one directory after the
// other (ls -R, find, du, tar), and has the directories listed before they are
// opened. A directory and one in it opened one soon after the other begin a
// walk of the highest directory of which that is so. What the reader has just
// opened comes first, then what is below, breadth first.
//
// The connections it uses are those that ListAhead has to spare; a listing that
// arrives is as good as one that was asked for, and expires like it.
//
// Lock order: mu, then meta's.
type walker struct {
	v *Volume

	mu      sync.Mutex
	recent  []opening          // the last directories that were opened, the oldest first
	missed  map[string]opening // by parent, the last in it that had to be listed for a name
	walks   []*walk            // the one that moved last is the last
	flying  map[string]aheadOf // by absolute path, each once
	running int
}

type opening struct {
	dir string
	at  time.Time
}

// walk is one tree that somebody reads.
type walk struct {
	top    string
	flat   bool            // only the directories in top, not those in them
	queue  []string        // to be listed, the next first
	known  map[string]bool // was in queue; not all, of a large tree
	ahead  map[string]int  // entries of the directories that were listed and not opened yet
	sum    int             // of ahead
	opened int             // by the reader, after the one that began the walk
	moved  time.Time
	filled time.Time // when ahead last grew
}

// aheadOf is a listing on its way, and the walk it is for.
type aheadOf struct {
	dir string
	fl  *flight
	w   *walk
}

func newWalker(v *Volume) *walker {
	return &walker{v: v, missed: map[string]opening{}, flying: map[string]aheadOf{}}
}

// opened is told of each directory that a program opens, before it is listed.
func (k *walker) opened(dir string) {
	if k.v.opts.TTL <= 0 {
		return // nothing is believed that was not just asked for
	}
	k.mu.Lock()
	now := time.Now()
	w := k.walkOf(dir)
	if w == nil {
		if top, ok := k.topOf(dir, now); ok {
			w = &walk{top: top, known: map[string]bool{}, ahead: map[string]int{}, opened: -1}
			k.begin(w, dir)
		}
	}
	if w != nil {
		w.opened++
		w.use(dir)
		w.moved = now
		k.keep(w)
	}
	k.recent = append(k.recent, opening{dir, now})
	if len(k.recent) > recentMost {
		k.recent = k.recent[1:]
	}
	k.mu.Unlock()
	k.kick()
}

// keep makes w the walk that moved last, and forgets those that have ended. mu
// is held.
func (k *walker) keep(w *walk) {
	k.walks = append(slices.DeleteFunc(k.walks, func(o *walk) bool { return o == w || w.moved.Sub(o.moved) > walkIdle }), w)
}

// walkOf returns the walk that a directory is part of. mu is held.
func (k *walker) walkOf(dir string) *walk {
	for _, w := range slices.Backward(k.walks) {
		if !w.flat && within(dir, w.top) && time.Since(w.moved) <= walkIdle {
			return w
		}
	}
	return nil
}

// topOf returns the highest directory above dir from which the reader came down
// to it, directory by directory. mu is held.
func (k *walker) topOf(dir string, now time.Time) (top string, ok bool) {
	for dir != "" {
		dir, _ = split(dir)
		if !slices.ContainsFunc(k.recent, func(o opening) bool { return o.dir == dir && now.Sub(o.at) <= walkSoon }) {
			break
		}
		top, ok = dir, true
	}
	return top, ok
}

// begin queues what is known to be in the directories from dir's parent up to
// the top of its walk. mu is held.
func (k *walker) begin(w *walk, dir string) {
	w.known[dir] = true
	for dir != w.top {
		dir, _ = split(dir)
		w.known[dir] = true
		w.push(dir, k.v.meta.subdirs(dir), false)
	}
}

// use takes dir from what is ahead of the reader.
func (w *walk) use(dir string) {
	w.sum -= w.ahead[dir]
	delete(w.ahead, dir)
}

// push queues directories in dir, those that programs leave out by default last.
func (w *walk) push(dir string, names []string, front bool) {
	slices.SortStableFunc(names, func(a, b string) int {
		return boolInt(strings.HasPrefix(a, ".")) - boolInt(strings.HasPrefix(b, "."))
	})
	if len(w.known) > walkKnown {
		w.forget()
	}
	paths := make([]string, 0, len(names))
	for _, name := range names {
		p := join(dir, name)
		if !w.known[p] && len(w.queue)+len(paths) < walkQueue {
			w.known[p] = true
			paths = append(paths, p)
		}
	}
	if front {
		w.queue = slices.Concat(paths, w.queue)
		return
	}
	w.queue = append(w.queue, paths...)
}

// forget leaves known what is ahead of the reader. What is behind him would be queued
// again if he listed its parent once more, and is not listed then as long as it is fresh.
func (w *walk) forget() {
	w.known = make(map[string]bool, len(w.queue)+len(w.ahead))
	for _, dir := range w.queue {
		w.known[dir] = true
	}
	for dir := range w.ahead {
		w.known[dir] = true
	}
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// listed is told of the directories in one that a program has opened.
func (k *walker) listed(dir string, entries []Dirent) {
	k.mu.Lock()
	w := k.walkOf(dir)
	if w != nil {
		var names []string
		for _, e := range entries {
			if e.Type == ftpclient.TypeDir {
				names = append(names, e.Name)
			}
		}
		w.push(dir, names, true)
	}
	k.mu.Unlock()
	if w != nil {
		k.kick()
	}
}

// kick has the queues worked on, if there is anything in them.
func (k *walker) kick() {
	lanes := walkLanes
	if k.v.remote.Features().StatList == ftpclient.Yes {
		lanes = 1
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running >= lanes || k.ready() == nil || k.v.ctx.Err() != nil {
		return
	}
	k.running++
	k.v.work.Go(func() {
		// Whoever opens the next directory tries again, if there is no
		// connection to spare, or if it fails.
		_ = k.v.remote.ListAhead(k.v.ctx, k.next, k.got)
		k.mu.Lock()
		k.running--
		k.mu.Unlock()
	})
}

// ready returns a walk that may be listed farther ahead. mu is held.
func (k *walker) ready() *walk {
	now := time.Now()
	for _, w := range slices.Backward(k.walks) {
		if now.Sub(w.moved) > walkIdle || len(w.queue) == 0 {
			continue
		}
		if now.Sub(w.filled) > k.v.opts.TTL {
			clear(w.ahead) // they have expired
			w.sum = 0
		}
		if len(w.ahead) < w.far() && w.sum < walkEntries {
			return w
		}
	}
	return nil
}

// next implements what ListAhead asks.
func (k *walker) next() (string, bool) {
	if k.v.moving() {
		return "", false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for w := k.ready(); w != nil; w = k.ready() {
		dir := w.queue[0]
		w.queue = w.queue[1:]
		abs := k.v.abs(dir)
		if _, flies := k.flying[abs]; flies {
			continue // what comes first would be taken for the answer to both
		}
		fl, ok := k.v.meta.begin(dir)
		if !ok {
			continue
		}
		k.flying[abs] = aheadOf{dir, fl, w}
		w.ahead[dir] = 0
		w.filled = time.Now()
		return abs, true
	}
	return "", false
}

// got takes what ListAhead tells.
func (k *walker) got(abs string, l *ftpclient.Listing, err error) {
	k.mu.Lock()
	a := k.flying[abs]
	delete(k.flying, abs)
	if l != nil && err == nil {
		k.arrived(a, k.v.received(a.dir, l))
	} else {
		a.w.use(a.dir)
	}
	k.mu.Unlock()
	k.v.meta.land(a.dir, a.fl, l, err)
}

// arrived notes the entries of a directory, and queues those that are
// directories. mu is held.
func (k *walker) arrived(a aheadOf, l *ftpclient.Listing) {
	if _, unused := a.w.ahead[a.dir]; unused {
		a.w.ahead[a.dir] = len(l.Entries)
		a.w.sum += len(l.Entries)
	}
	if a.w.flat {
		return
	}
	var names []string
	for i := range l.Entries {
		if l.Entries[i].Type == ftpclient.TypeDir {
			names = append(names, l.Entries[i].Name)
		}
	}
	a.w.push(a.dir, names, false)
}
