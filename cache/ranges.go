package cache

import "slices"

// span is the half-open interval [lo, hi) of a file.
type span struct{ lo, hi int64 }

// ranges is a set of octets of a file: sorted spans that neither overlap nor
// touch. The zero value is the empty set.
type ranges []span

// add returns the set with [lo, hi) in it.
func (r ranges) add(lo, hi int64) ranges {
	if lo >= hi {
		return r
	}
	first, _ := slices.BinarySearchFunc(r, lo, func(s span, lo int64) int {
		if s.hi < lo {
			return -1
		}
		return 1
	})
	last := first
	for last < len(r) && r[last].lo <= hi {
		lo, hi = min(lo, r[last].lo), max(hi, r[last].hi)
		last++
	}
	return slices.Replace(r, first, last, span{lo, hi})
}

// cut returns the set without anything at or after end.
func (r ranges) cut(end int64) ranges {
	for len(r) > 0 && r[len(r)-1].lo >= end {
		r = r[:len(r)-1]
	}
	if n := len(r); n > 0 {
		r[n-1].hi = min(r[n-1].hi, end)
	}
	return r
}

// without returns the set without anything before from.
func (r ranges) without(from int64) ranges {
	for len(r) > 0 && r[0].hi <= from {
		r = r[1:]
	}
	if r = slices.Clone(r); len(r) > 0 {
		r[0].lo = max(r[0].lo, from)
	}
	return r
}

// total is how many octets are in the set.
func (r ranges) total() (n int64) {
	for _, s := range r {
		n += s.hi - s.lo
	}
	return n
}

// missing returns what of [lo, hi) is not in the set.
func (r ranges) missing(lo, hi int64) []span {
	var gaps []span
	for _, s := range r {
		if s.hi <= lo {
			continue
		}
		if s.lo >= hi {
			break
		}
		if s.lo > lo {
			gaps = append(gaps, span{lo, s.lo})
		}
		lo = s.hi
	}
	if lo < hi {
		gaps = append(gaps, span{lo, hi})
	}
	return gaps
}
