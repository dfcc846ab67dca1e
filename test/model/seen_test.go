package model

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// seen is what the mount showed.
type seen struct {
	span
	what  string           // list, stat, read
	path  string           // of the directory that was listed, or of the name
	names map[string]value // in a listing; of files the kind alone is told
	val   value            // of stat and read
	size  int64            // of stat and read
	whole int              // octets of a content before its zeros
	bad   string           // why a content is of no version
}

// log is all that was seen, and how long what was done in the mount took. Its
// methods may be called by several goroutines.
type log struct {
	mu      sync.Mutex
	all     []seen
	longest map[int]time.Duration // of what ended in that second
}

func (l *log) add(s seen) {
	l.took(s.span)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
}

// took notes the duration of an operation of the mount.
func (l *log) took(s span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.longest == nil {
		l.longest = map[int]time.Duration{}
	}
	for at := int(s.from.Seconds()); at <= int(s.to.Seconds()); at++ {
		l.longest[at] = max(l.longest[at], s.to-s.from)
	}
}

// slack is by how much the kernel may count TTL from too late: the longest that
// anything took that was under way in the time before.
func (l *log) slack(before time.Duration, ttl time.Duration) time.Duration {
	longest := time.Duration(0)
	for at := int((before - ttl).Seconds()) - 2; at <= int(before.Seconds()); at++ {
		longest = max(longest, l.longest[at])
	}
	return longest + 50*time.Millisecond // the kernel's clock ticks, and rounds
}

// judge holds what was seen against the model.
type judge struct {
	h        *histories
	listings map[string][]span
	names    []string // that there may be in a directory
	ttl      time.Duration
	log      *log
}

// verdicts returns what must not have been seen, at most a few of it.
func (j *judge) verdicts(most int) (wrong []string) {
	for i := range j.log.all {
		s := &j.log.all[i]
		var why string
		if s.what == "list" {
			why = j.list(s)
		} else {
			why = j.name(s)
		}
		if why != "" {
			if wrong = append(wrong, why); len(wrong) == most {
				return wrong
			}
		}
	}
	return wrong
}

// pureftpdRename begins the name that Pure-FTPd's DELE gives to a file for a moment
// before it removes it: it is on its disk, and so in its listings, and what was listed
// may be looked at.
const pureftpdRename = ".pureftpd-rename."

// list finds the listing of the server that a directory showed.
func (j *judge) list(s *seen) string {
	for name := range s.names {
		if strings.HasPrefix(name, pureftpdRename) {
			continue
		}
		if !slices.Contains(j.names, name) {
			return fmt.Sprintf("%s %s shows %q, which nobody made", s.span, s.path, name)
		}
	}
	why := fmt.Sprintf("%s list %s: it shows %v\n", s.span, s.path, slices.Sorted(maps.Keys(s.names)))
	for _, f := range j.listings[s.path] {
		if f.from < s.from-j.ttl-2*time.Second || f.from > s.to {
			continue
		}
		odd := j.differs(s, f)
		if odd == "" && f.from >= s.from-j.ttl {
			return ""
		}
		if odd == "" {
			odd = "which is it, but was asked for too early\n"
		}
		why += fmt.Sprintf("   listing of the server %s: %s", f, odd)
	}
	return why
}

// differs tells what is not in a listing of the server made in f.
func (j *judge) differs(s *seen, f span) string {
	w := window{server: f, own: s.from - j.ttl, seen: s.span}
	for _, name := range j.names {
		all := j.h.of[s.path+"/"+name]
		if len(all) == 0 {
			if _, ok := s.names[name]; ok {
				return name + ", which was never there\n"
			}
			continue
		}
		is := s.names[name].kind
		later := w // the type can be one that was looked up for the listing
		later.server.to = s.to
		there := slices.ContainsFunc(allowed(all, w), func(c change) bool { return (c.val.kind == 0) == (is == 0) })
		if !there || !slices.ContainsFunc(allowed(all, later), func(c change) bool { return c.val.kind == is }) {
			return fmt.Sprintf("%s is %v\n%s", name, s.names[name], near(all, w))
		}
	}
	return ""
}

// name judges what stat or open said of one.
func (j *judge) name(s *seen) string {
	all := j.h.of[s.path]
	from := s.from - j.ttl - j.log.slack(s.from, j.ttl)
	w := window{server: span{from, s.to}, own: from, seen: s.span}
	vals := allowed(all, w)
	switch {
	case len(all) == 0 && (s.val.kind == 0 || strings.HasPrefix(path.Base(s.path), pureftpdRename)):
		return ""
	case s.bad != "" && !slices.ContainsFunc(all, func(c change) bool { return c.own && c.from <= s.to && c.to >= s.from }):
		return fmt.Sprintf("%s read %s: %s\n%s", s.span, s.path, s.bad, near(all, w))
	case s.bad != "" || slices.ContainsFunc(vals, func(c change) bool { return j.fits(s, c, vals) }):
		return ""
	}
	return fmt.Sprintf("%s %s %s: %v, %d octets; the window begins at %.3f\n%s", s.span, s.what, s.path, s.val, s.size, from.Seconds(), near(all, w)+j.h.whereabouts(s.val.id))
}

// fits tells whether s may show the result of c.
func (j *judge) fits(s *seen, c change, vals []change) bool {
	if c.val.kind != s.val.kind {
		return false
	}
	if s.val.kind != 'f' {
		return true
	}
	whole := s.size == int64(c.val.size())
	sized := slices.ContainsFunc(vals, func(o change) bool { return o.val.kind == 'f' && int64(o.val.size()) == s.size })
	writing := c.own && c.to >= s.from && s.size <= int64(c.val.size()) // not all of it is there yet
	if s.what == "stat" {
		return whole || writing
	}
	if s.whole < int(s.size) && !writing {
		return s.val.id == c.val.id && slices.ContainsFunc(vals, func(o change) bool { return o.val.kind == 'f' && o.val.size() == s.whole })
	}
	return s.val.id == c.val.id && (whole || sized || writing) || s.val.id == 0 && writing
}
