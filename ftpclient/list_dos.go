package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// dosLayouts are the dates of DOS rows, as IIS and Windows CE print them.
var dosLayouts = []string{
	"01-02-06 03:04PM", "01-02-2006 03:04PM", "01-02-06 15:04", "01-02-2006 15:04",
	"2006-01-02 15:04", "01/02/2006 03:04PM", "01/02/06 03:04PM",
}

// parseDOSRow reads "11-14-97  04:21PM  953 MYFILE.INI". The size ends in a
// fixed column, so that exactly one space separates it from the name; <DIR>
// is followed by padding.
func parseDOSRow(line string, _ time.Time) (Entry, bool) {
	date, rest := cutField(line)
	clock, rest := cutField(rest)
	if suffix, after := cutField(rest); suffix == "AM" || suffix == "PM" {
		clock, rest = clock+suffix, after
	}
	what, rest := cutField(rest)
	e := Entry{Size: -1, Precision: time.Minute}
	for _, layout := range dosLayouts {
		if t, err := time.ParseInLocation(layout, date+" "+strings.ToUpper(clock), time.UTC); err == nil {
			e.ModTime = t
			break
		}
	}
	if e.ModTime.IsZero() || rest == "" {
		return Entry{}, false
	}
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
	size, err := strconv.ParseInt(strings.ReplaceAll(what, ",", ""), 10, 64)
	if err != nil || size < 0 || len(rest) < 2 {
		return Entry{}, false
	}
	e.Type, e.Size, e.Name = TypeFile, size, rest[1:]
	return e, true
}

// cutField returns the first word and what follows it, spaces included.
func cutField(s string) (word, rest string) {
	s = strings.TrimLeft(s, " ")
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
