package ftpclient

import (
	"strings"
	"time"
)

// dosRows reads what IIS, Windows CE and other servers on Windows print:
//
//	11-14-97  04:21PM                  953 MYFILE.INI
//	12-05-96  17:03         <DIR>          absoft2
//	2013-09-02  19:06                9,730 File17
//
// The size ends in a fixed column, so that exactly one space separates it from
// the name; <DIR> is followed by padding. Month and day stand in the order of
// the server's locale: the American one, unless another fits more of the sample
// (quirkDateOrder).
func dosRows(sample []string, _ time.Time) rowParser {
	var dates []string
	for _, line := range sample {
		date, _ := cutField(line)
		dates = append(dates, date)
	}
	order := bestOrders(dates, time.Time{}, monthDayYear, dayMonthYear)[0]
	return func(line string) (Entry, verdict) {
		if isTotal(line) {
			return Entry{}, noEntry
		}
		return asRow(parseDOSRow(line, order))
	}
}

func parseDOSRow(line string, order dateOrder) (Entry, bool) {
	date, rest := cutField(line)
	at, rest := cutField(rest)
	if suffix, after := cutField(rest); suffix == "AM" || suffix == "PM" {
		at, rest = at+suffix, after
	}
	what, rest := cutField(rest)
	t, precision, ok := dosTime(date, at, order)
	if !ok || rest == "" {
		return Entry{}, false
	}
	e := Entry{Size: -1, ModTime: t, Precision: precision}
	switch what {
	case "<DIR>":
		e.Type, e.Name = TypeDir, strings.TrimLeft(rest, " ")
		return e, e.Name != ""
	case "<JUNCTION>", "<SYMLINKD>", "<SYMLINK>":
		e.Type = TypeSymlink
		e.Name, e.Target, _ = strings.Cut(strings.TrimLeft(rest, " "), " [")
		e.Target = strings.TrimSuffix(e.Target, "]")
		return e, e.Name != ""
	}
	size, ok := listedSize(strings.ReplaceAll(what, ",", ""))
	if !ok || len(rest) < 2 {
		return Entry{}, false
	}
	e.Type, e.Size, e.Name = TypeFile, size, rest[1:]
	return e, true
}

// dosTime reads date and clock, which may have AM or PM.
func dosTime(date, at string, order dateOrder) (time.Time, time.Duration, bool) {
	if _, first4, _ := numericParts(date); first4 {
		order = yearMonthDay
	}
	day, ok := order.day(date)
	if !ok {
		return time.Time{}, 0, false
	}
	at, half := strings.ToUpper(at), 0
	for i, suffix := range []string{"AM", "PM"} {
		if s, cut := strings.CutSuffix(at, suffix); cut {
			at, half = s, 12*(i+1)
		}
	}
	h, m, sec, precision, ok := clock(at)
	if !ok || half > 0 && (h < 1 || h > 12) {
		return time.Time{}, 0, false
	}
	if half > 0 {
		h = h%12 + half - 12
	}
	return day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second), precision, true
}

// cutField returns the first word and what follows it, spaces included.
func cutField(s string) (word, rest string) {
	s = strings.TrimLeft(s, " ")
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
