package ftpclient

import (
	"strings"
	"time"
)

// parseOS2Row reads a row of a server on OS/2: size, attributes, DIR, date and
// time of 24 hours, name.
//
//	     0           DIR   05-12-97   16:52  Maintenance Desktop
//	149473      A          11-17-98   16:07  POPUPLOG.OS2
//
// Sources: the listings of Chromium and Apache Commons Net.
func parseOS2Row(line string, _ time.Time) (Entry, bool) {
	first, rest := cutField(line)
	e := Entry{Type: TypeFile}
	var ok bool
	if e.Size, ok = listedSize(first); !ok {
		return Entry{}, false
	}
	date, rest := cutField(rest)
	if date != "DIR" && date != "" && strings.Trim(date, "RHSA") == "" {
		date, rest = cutField(rest)
	}
	if date == "DIR" {
		e.Type = TypeDir
		date, rest = cutField(rest)
	}
	at, rest := cutField(rest)
	day, ok := monthDayYear.day(date)
	_, _, _, _, okClock := clock(at)
	if e.Name = strings.TrimLeft(rest, " "); !ok || !okClock || e.Name == "" {
		return Entry{}, false
	}
	e.setDay(day.Year(), day.Month(), day.Day(), at)
	return e, true
}
