package ftpclient

import (
	"strings"
	"time"
)

// dlsColumn is where the size of a dls row ends.
const dlsColumn = 23

// dlsRows reads what servers with dls in place of ls print: a name that shows
// a directory by a slash, a size that ends in a fixed column ("-" or "=" of
// what has none), perhaps a date, and a description that anybody may have
// written. A name that reaches the column stands on a line of its own.
//
//	README              763  Jul 11 21:05  Information about this server
//	pub/                  =  Public area
//	morgan               14  -> ../real/morgan
//	TIMIT.mostlikely.Z
//	                  79215
//
// It says so little about its form that it must fit all lines. Source: the
// formats that Lynx and mirror.pl tell of.
func dlsRows(_ []string, now time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		if line[0] == ' ' || line[0] == '\t' {
			return Entry{}, notRow
		}
		name, rest := cutField(line)
		if rest == "" {
			return Entry{}, halfRow
		}
		size, after := cutField(rest)
		end := len(line) - len(after)
		if end != dlsColumn && end != len(name)+1+dlsColumn { // in a line of its own
			return Entry{}, notRow
		}
		return asRow(dlsEntry(name, size, after, now))
	}
}

func dlsEntry(name, size, after string, now time.Time) (Entry, bool) {
	e := Entry{Name: name, Type: TypeFile, Size: -1}
	if base, dir := strings.CutSuffix(name, "/"); dir {
		e.Name, e.Type = base, TypeDir
	}
	n, ok := listedSize(size)
	if !ok && size != "-" && size != "=" {
		return Entry{}, false
	}
	if ok && e.Type == TypeFile {
		e.Size = n
	}
	words := splitWords(after, 0)
	if d, ok := matchDate(words, now); ok {
		e.ModTime, e.Precision = d.time, d.precision
		after = after[words[d.words-1].end:]
	}
	if target, link := strings.CutPrefix(strings.TrimLeft(after, " "), "-> "); link && e.Type == TypeFile {
		e.Type, e.Target, e.Size = TypeSymlink, target, -1
	}
	return e, e.Name != ""
}
