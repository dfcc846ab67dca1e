package cache

import (
	"slices"
	"time"
)

// How far the directories beside those that names are looked up in are listed
// ahead: as walkFirst and walkGrowth.
const (
	besideFirst  = 8
	besideGrowth = 4
	besideMost   = 64
)

// looked is told of each directory that a program looks up a name in, before it
// is listed. Two of one parent that had to be listed one soon after the other, as
// for "head a/x b/x", begin a walk of those that come next in the parent, not
// of what is in them.
func (k *walker) looked(dir string) {
	if k.v.opts.TTL <= 0 || dir == "" {
		return
	}
	listed := k.v.meta.has(dir)
	k.mu.Lock()
	now := time.Now()
	parent, _ := split(dir)
	w := k.besideOf(parent, now)
	switch {
	case w != nil:
		w.comeTo(dir)
	case !listed:
		if last, ok := k.missed[parent]; ok && last.dir != dir && now.Sub(last.at) <= walkSoon && k.walkOf(dir) == nil {
			w = k.beside(parent, last.dir, dir)
		}
		k.miss(parent, opening{dir, now})
	}
	if w != nil {
		w.moved = now
		k.keep(w)
	}
	k.mu.Unlock()
	if w != nil {
		k.kick()
	}
}

// miss notes a directory that had to be listed. mu is held.
func (k *walker) miss(parent string, o opening) {
	if len(k.missed) >= recentMost {
		clear(k.missed)
	}
	k.missed[parent] = o
}

// besideOf returns the walk of the directories in parent. mu is held.
func (k *walker) besideOf(parent string, now time.Time) *walk {
	for _, w := range slices.Backward(k.walks) {
		if w.flat && w.top == parent && now.Sub(w.moved) <= walkIdle {
			return w
		}
	}
	return nil
}

// beside begins a walk of the directories in parent that come after two, in the
// order in which these came: that of the parent's listing, or of their names. It
// returns nil if there are none. mu is held.
func (k *walker) beside(parent, first, second string) *walk {
	names := k.v.meta.subdirs(parent)
	_, a := split(first)
	_, b := split(second)
	if i := slices.Index(names, b); i < 1 || names[i-1] != a {
		slices.Sort(names)
		if b < a {
			return nil
		}
	}
	next := slices.Index(names, b) + 1
	if next == 0 || next == len(names) {
		return nil
	}
	w := &walk{top: parent, flat: true, known: map[string]bool{}, ahead: map[string]int{}}
	for _, name := range names[next:min(len(names), next+walkQueue)] {
		w.queue = append(w.queue, join(parent, name))
	}
	return w
}

// comeTo tells a flat walk that its reader is at dir. What comes before it and
// is not listed yet he has passed.
func (w *walk) comeTo(dir string) {
	if _, ahead := w.ahead[dir]; ahead {
		w.use(dir)
		w.opened++
	} else if i := slices.Index(w.queue, dir); i >= 0 {
		w.queue = w.queue[i+1:]
		w.opened++
	}
}

// far is how many directories may be listed ahead of the reader.
func (w *walk) far() int {
	if w.flat {
		return min(besideFirst+besideGrowth*w.opened, besideMost)
	}
	return walkFirst + walkGrowth*w.opened
}
