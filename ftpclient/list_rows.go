package ftpclient

import (
	"strings"
	"time"
)

// rowParser reads one line of a LIST in one dialect. now decides years that
// are not told.
type rowParser func(line string, now time.Time) (Entry, bool)

// rowParsers are tried in this order.
var rowParsers = []rowParser{parseUnixRow, parseDOSRow}

// rowReader reads the lines of one LIST. It stays with the dialect of its
// first row.
type rowReader struct {
	now     time.Time
	dialect rowParser
}

func (rr *rowReader) parse(line string) (e Entry, skip, ok bool) {
	if isTotal(line) {
		return Entry{}, true, true
	}
	if rr.dialect != nil {
		e, ok = rr.dialect(line, rr.now)
		return e, false, ok
	}
	for _, p := range rowParsers {
		if e, ok = p(line, rr.now); ok {
			rr.dialect = p
			return e, false, true
		}
	}
	return Entry{}, false, false
}

// isTotal recognises the first line of ls: one word in whatever language, and
// a number of blocks.
func isTotal(line string) bool {
	label, number, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok || label == "" || number == "" {
		return false
	}
	for i := range len(label) {
		if !isLetter(label[i]) && !(label[i] == ':' && i == len(label)-1) {
			return false
		}
	}
	return isDigit(number[0]) && strings.Trim(number, "0123456789.,KMGTk") == ""
}

// yearOf finds the year of a date that has none: the latest in which it is not
// more than a day after now, a day being what time zones can make.
func yearOf(now time.Time, month time.Month, day, hour, min, sec int) (time.Time, bool) {
	for back := -1; back <= 8; back++ { // 8: from a year without a Feb 29 to one before 1900 or the like
		t := time.Date(now.Year()-back, month, day, hour, min, sec, 0, time.UTC)
		if t.Day() == day && !t.After(now.Add(24*time.Hour)) {
			return t, true
		}
		if hour == 24 && !t.After(now.Add(24*time.Hour)) {
			return t, true
		}
	}
	return time.Time{}, false
}
