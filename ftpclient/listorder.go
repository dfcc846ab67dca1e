package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// dateOrder says where year, month and day stand in a date of three numbers.
type dateOrder [3]int

var (
	monthDayYear = dateOrder{2, 0, 1}
	dayMonthYear = dateOrder{2, 1, 0}
	yearMonthDay = dateOrder{0, 1, 2}
)

// numericParts splits "04/12/14", "29.06.13", "2013-09-02". first4 tells that
// the first part has four digits, which makes it the year.
func numericParts(s string) (n [3]int, first4, ok bool) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) != 3 || len(parts[1]) > 2 {
		return n, false, false
	}
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || len(p) != 4 && len(p) > 2 {
			return n, false, false
		}
		n[i] = v
	}
	return n, len(parts[0]) == 4, true
}

// day reads a date of that order. Years of two digits are from 1969 to 2068,
// as POSIX strptime has it.
func (o dateOrder) day(s string) (time.Time, bool) {
	n, first4, ok := numericParts(s)
	if !ok || first4 && o != yearMonthDay {
		return time.Time{}, false
	}
	return validDay(wholeYear(n[o[0]]), time.Month(n[o[1]]), n[o[2]])
}

func wholeYear(y int) int {
	switch {
	case y >= 100:
		return y
	case y >= 69:
		return 1900 + y
	}
	return 2000 + y
}

func validDay(y int, m time.Month, d int) (time.Time, bool) {
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == d && t.Month() == m && t.Year() == y
}

// bestOrders returns those of the candidates in which most of the dates are
// days, not after latest if that is not zero.
func bestOrders(dates []string, latest time.Time, candidates ...dateOrder) []dateOrder {
	var best []dateOrder
	most := 0
	for _, o := range candidates {
		n := 0
		for _, s := range dates {
			if t, ok := o.day(s); ok && (latest.IsZero() || !t.After(latest)) {
				n++
			}
		}
		if n > most {
			best, most = nil, n
		}
		if n == most {
			best = append(best, o)
		}
	}
	return best
}

// dashedDate reads "2-JUN-1998" or "12-Jan-14". The month is 0 if its three
// letters are of a language that is not known.
func dashedDate(s string) (y int, m time.Month, d int, ok bool) {
	parts := strings.Split(s, "-")
	if len(parts) != 3 || len(parts[1]) < 3 || len(parts[1]) > 6 || !isLetter(parts[1][0]) || len(parts[2]) != 4 && len(parts[2]) != 2 {
		return 0, 0, 0, false
	}
	d, okDay := dayOf(parts[0])
	n, okYear := listedSize(parts[2])
	if !okDay || !okYear {
		return 0, 0, 0, false
	}
	m, _ = monthNamed(parts[1])
	return wholeYear(int(n)), m, d, true
}

// setDay sets the time of an entry from a day and, if there is one, a clock.
// A day that is none leaves the time unknown. Seconds are kept, but the time
// counts as one to the minute: these servers print their local time, as Unix
// servers do, and what is to the minute is asked for by MDTM (quirkLocalList).
func (e *Entry) setDay(y int, m time.Month, d int, at string) {
	day, ok := validDay(y, m, d)
	if !ok {
		return
	}
	e.ModTime, e.Precision = day, 24*time.Hour
	if h, mi, sec, _, ok := clock(at); ok {
		e.ModTime = time.Date(y, m, d, h, mi, sec, 0, time.UTC)
		e.Precision = time.Minute
	}
}
