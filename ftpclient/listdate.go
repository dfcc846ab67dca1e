package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// listDate is a date found in a row.
type listDate struct {
	time      time.Time
	precision time.Duration
	words     int  // how many it took
	padded    bool // spaces after it are padding, not name
}

// matchDate reads the date that words begin with:
//
//	Jan 29 03:26   Jan 29 1997   29 Jan 03:26   29. Jan 1997   Jan 29 03:26:11 1997
//	6月 3日 2003年   3 29 03:26   2005-06-07 21:22   2005-06-07   24-04-2003 17:12
//	09-26 2000     09-26 13:45     2005-06-07 21:22:33.000000000 +0200
//
// Seconds are kept, but count only where the zone is told: else it is not
// known to the minute either (as in setDay).
func matchDate(words []word, now time.Time) (listDate, bool) {
	if len(words) < 2 {
		return listDate{}, false
	}
	if m, ok := monthNamed(words[0].text); ok && len(words) > 2 {
		if d, ok := dayOf(words[1].text); ok {
			return clockOrYear(words, 2, m, d, now)
		}
		return listDate{}, false
	}
	if d, ok := dayOf(words[0].text); ok && len(words) > 2 {
		if m, ok := monthNamed(words[1].text); ok {
			return clockOrYear(words, 2, m, d, now)
		}
		day, ok := dayOf(words[1].text)
		if ok && d <= 12 && strings.Contains(words[2].text, ":") {
			return clockOrYear(words, 2, time.Month(d), day, now)
		}
		return listDate{}, false
	}
	return numericDate(words, now)
}

// clockOrYear reads the third part of a date.
func clockOrYear(words []word, i int, m time.Month, d int, now time.Time) (listDate, bool) {
	s := words[i].text
	if year, ok := yearWord(s); ok {
		return wholeDay(year, m, d, i+1, false)
	}
	h, mi, sec, precision, ok := clock(s)
	if !ok {
		return listDate{}, false
	}
	if precision == time.Second && i+1 < len(words) {
		if year, ok := yearWord(words[i+1].text); ok {
			return onDay(year, m, d, h, mi, sec, time.Minute, i+2)
		}
	}
	t, ok := yearOf(now, m, d, h, mi, sec)
	return listDate{time: t, precision: time.Minute, words: i + 1}, ok
}

// numericDate reads a date in one word, and the time behind it.
func numericDate(words []word, now time.Time) (listDate, bool) {
	if !isDigit(words[0].text[0]) {
		return listDate{}, false
	}
	if m, d, ok := monthDay(words[0].text); ok {
		return clockOrYear(words, 1, m, d, now)
	}
	y, m, d, ok := wideDate(words[0].text)
	if !ok {
		return listDate{}, false
	}
	h, mi, sec, precision, ok := clock(words[1].text)
	if !ok {
		return wholeDay(y, m, d, 1, true)
	}
	l, ok := onDay(y, m, d, h, mi, sec, time.Minute, 2)
	if east, zoned := zoneWord(words[2:]); zoned && precision == time.Second {
		l.time, l.precision, l.words = l.time.Add(-east), precision, 3
	}
	return l, ok
}

// monthDay reads "09-26".
func monthDay(s string) (time.Month, int, bool) {
	i := strings.IndexAny(s, "-/.")
	if i < 1 || i > 2 || len(s)-i > 5 {
		return 0, 0, false
	}
	m, okMonth := listedSize(s[:i])
	d, okDay := listedSize(s[i+1:])
	return time.Month(m), int(d), okMonth && okDay && m >= 1 && m <= 12
}

// wideDate reads a date whose year has four digits: year first, or else day or
// month first, of which the one above 12 is the day.
func wideDate(s string) (int, time.Month, int, bool) {
	n, first4, ok := numericParts(s)
	if !ok {
		return 0, 0, 0, false
	}
	if !first4 {
		n[0], n[2] = n[2], n[0]
		if n[1] > 12 {
			n[1], n[2] = n[2], n[1]
		}
	}
	return n[0], time.Month(n[1]), n[2], n[0] >= 1000 && n[1] >= 1 && n[1] <= 12
}

// zoneWord reads the zone of ls --full-time: "+0200" are two hours east.
func zoneWord(words []word) (east time.Duration, ok bool) {
	if len(words) < 2 || len(words[0].text) != 5 {
		return 0, false
	}
	t, err := time.Parse("-0700", words[0].text)
	if err != nil {
		return 0, false
	}
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second, true
}

func wholeDay(year int, m time.Month, d, words int, padded bool) (listDate, bool) {
	l, ok := onDay(year, m, d, 0, 0, 0, 24*time.Hour, words)
	l.padded = padded
	return l, ok
}

// onDay refuses days that the month does not have.
func onDay(year int, m time.Month, d, h, mi, sec int, precision time.Duration, words int) (listDate, bool) {
	t := time.Date(year, m, d, h, mi, sec, 0, time.UTC)
	if h < 24 && t.Day() != d {
		return listDate{}, false
	}
	return listDate{time: t, precision: precision, words: words}, true
}

// clock reads HH:MM or HH:MM:SS with an optional fraction; 24:00 is legal.
func clock(s string) (h, m, sec int, precision time.Duration, ok bool) {
	s, _, _ = strings.Cut(s, ".")
	parts := strings.Split(strings.TrimSuffix(s, ","), ":")
	if len(parts) < 2 || len(parts) > 3 {
		return
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || len(p) > 2 || p[0] == '-' || p[0] == '+' {
			return
		}
		n[i] = v
	}
	if n[0] > 24 || n[1] > 59 || n[2] > 60 || n[0] == 24 && (n[1] > 0 || n[2] > 0) {
		return
	}
	if precision = time.Minute; len(parts) == 3 {
		precision = time.Second
	}
	return n[0], n[1], n[2], precision, true
}

func yearWord(s string) (int, bool) {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "年"), "년")
	n, ok := listedSize(s)
	return int(n), ok && len(s) == 4 && n >= 1000
}

func dayOf(s string) (int, bool) {
	s = strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(s, ".,"), "日"), "일")
	n, ok := listedSize(s)
	return int(n), ok && len(s) <= 2 && n >= 1 && n <= 31
}
