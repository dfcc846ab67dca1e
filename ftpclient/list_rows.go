package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// verdict is what a dialect says of a line.
type verdict uint8

const (
	notRow  verdict = iota // no line of this dialect
	aRow                   // an entry
	noEntry                // names nothing: a heading, a total
	halfRow                // goes on in the next line
)

// rowParser reads one line of a LIST in one dialect.
type rowParser func(line string) (Entry, verdict)

// dialect is a way in which servers print rows. RFC 959 section 4.1.3 leaves
// it to the server.
type dialect struct {
	name string
	// parser begins a listing. The sample is its first lines, for what no
	// single line tells, as the order of day and month; now decides years that
	// are not told.
	parser func(sample []string, now time.Time) rowParser
	// finish completes the entries when all lines were read; nil where there
	// is nothing to do.
	finish func([]Entry) []Entry
	// whole dialects are so lax that one line that is not theirs excludes them.
	whole bool
}

// dialects are in the order in which they win where several fit as well.
var dialects = []dialect{
	{name: "MacOS", parser: simpleRows(parseMacOSRow)},
	{name: "Unix", parser: simpleRows(parseUnixRow)},
	{name: "DOS", parser: dosRows},
	{name: "NetWare", parser: simpleRows(parseNetWareRow)},
	{name: "VMS", parser: vmsRows, finish: newestVersions},
	{name: "MVS", parser: mvsRows},
	{name: "PDS", parser: pdsRows},
	{name: "JES", parser: jesRows},
	{name: "z/VM", parser: zvmRows},
	{name: "OS/400", parser: os400Rows},
	{name: "NonStop", parser: nonStopRows},
	{name: "OS/2", parser: simpleRows(parseOS2Row)},
	{name: "EPLF", parser: simpleRows(parseEPLFRow)},
	{name: "Connect:Enterprise", parser: simpleRows(parseEnterpriseRow)},
	{name: "VxWorks", parser: vxWorksRows},
	{name: "dls", parser: dlsRows, whole: true},
}

// simpleRows is a dialect in which every line stands for itself.
func simpleRows(parse func(line string, now time.Time) (Entry, bool)) func([]string, time.Time) rowParser {
	return func(_ []string, now time.Time) rowParser {
		return func(line string) (Entry, verdict) {
			if isTotal(line) {
				return Entry{}, noEntry
			}
			return asRow(parse(line, now))
		}
	}
}

func asRow(e Entry, ok bool) (Entry, verdict) {
	if !ok {
		return Entry{}, notRow
	}
	return e, aRow
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

// listedSize reads a size in octets, nothing but digits.
func listedSize(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// afterWords returns what follows the first n words of a line, with the spaces
// before it, for names that may hold spaces.
func afterWords(line string, n int) string {
	for range n {
		_, line = cutField(line)
	}
	return line
}
