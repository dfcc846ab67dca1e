package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// value is what a name stands for.
type value struct {
	kind byte // 'f' file, 'd' directory, 0 nothing
	id   int  // of a file's content
}

func (v value) String() string {
	switch v.kind {
	case 'f':
		return fmt.Sprintf("file %d (%d octets)", v.id, v.size())
	case 'd':
		return "directory"
	}
	return "nothing"
}

// span is when something was done: it began, and it had ended.
type span struct{ from, to time.Duration }

// change is one that a name went through.
type change struct {
	span
	val  value
	own  bool // by the mount
	sure bool // it was made; otherwise perhaps
}

// histories are those of all names. Its methods may be called by several
// goroutines.
type histories struct {
	began time.Time

	mu sync.Mutex
	of map[string][]change
}

func newHistories() *histories {
	return &histories{began: time.Now(), of: map[string][]change{}}
}

// now is the time of everything in the model.
func (h *histories) now() time.Duration { return time.Since(h.began) }

func (h *histories) add(name string, c change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.of[name]) == 0 {
		h.of[name] = []change{{span: span{-time.Hour, -time.Hour}, sure: true}}
	}
	h.of[name] = append(h.of[name], c)
}

// window is from when to when something can have been looked at.
type window struct {
	server span          // the server
	own    time.Duration // own changes that ended earlier are in what the server said
	seen   span          // what was asked
}

// allowed returns the values that a name may show. all are its changes.
func allowed(all []change, w window) (vals []change) {
	for _, c := range all {
		onServer := c.from <= w.server.to && !overwritten(all, c, w.server.from)
		overlaid := c.own && c.from <= w.seen.to && c.to >= w.own
		if (onServer || overlaid) && !forgotten(all, c, w.seen.from) {
			vals = append(vals, c)
		}
	}
	return vals
}

// overwritten tells whether c was certainly no longer so at a time.
func overwritten(all []change, c change, at time.Duration) bool {
	return slices.ContainsFunc(all, func(o change) bool { return o.sure && o.from > c.to && o.to < at })
}

// forgotten tells whether an own change had followed on c by a time.
func forgotten(all []change, c change, at time.Duration) bool {
	return slices.ContainsFunc(all, func(o change) bool { return o.own && o.sure && o.from > c.to && o.to < at })
}

// near prints the changes around a window.
func near(all []change, w window) string {
	var b strings.Builder
	for _, c := range all {
		if c.to < w.server.from-3*time.Second || c.from > w.seen.to+time.Second {
			continue
		}
		who := "theirs"
		if c.own {
			who = "own"
		}
		if !c.sure {
			who += ", perhaps"
		}
		fmt.Fprintf(&b, "      %s %v (%s)\n", c.span, c.val, who)
	}
	return b.String()
}

// whereabouts prints where a content was, and when it came and went.
func (h *histories) whereabouts(id int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h.of)) {
		for i, c := range h.of[name] {
			if c.val.id != id || c.val.kind != 'f' {
				continue
			}
			fmt.Fprintf(&b, "      it came to %s in %s", name, c.span)
			if i+1 < len(h.of[name]) {
				fmt.Fprintf(&b, ", and %v in %s", h.of[name][i+1].val, h.of[name][i+1].span)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (s span) String() string {
	return fmt.Sprintf("[%.3f, %.3f]", s.from.Seconds(), s.to.Seconds())
}
