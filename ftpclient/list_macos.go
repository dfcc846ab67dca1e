package ftpclient

import (
	"strings"
	"time"
)

// parseMacOSRow reads a row of NetPresenz and Peter's FTP server on classic
// Mac OS, which has the lengths of the resource fork, of the data fork and of
// both where a Unix row has links, owner and group:
//
//	-rw-r--r--    54149       27826    81975 Jul 22  2010 09.jpg
//	drwxr-xr-x               folder        0 Jan  4 14:49 Steak
//
// A row is only taken for one if the third number is the sum of the others.
// Where there is a resource fork the size is unknown (quirkMacForks): RETR sends
// the data fork, or both in MacBinary, but never the sum; the number of a folder counts
// what is in it. Sources: the listings of Apache Commons Net, Chromium (ls-14),
// FluentFTP.
func parseMacOSRow(line string, now time.Time) (Entry, bool) {
	e, rest, ok := unixMode(line)
	if !ok || e.Type != TypeFile && e.Type != TypeDir {
		return Entry{}, false
	}
	words := splitWords(line, len(line)-len(rest))
	n := 3
	if len(words) > 0 && words[0].text == "folder" && e.Type == TypeDir {
		n = 2
	}
	if len(words) < n+3 {
		return Entry{}, false
	}
	e.Size = -1
	if n == 3 && !e.forks(words[0].text, words[1].text, words[2].text) {
		return Entry{}, false
	}
	d, ok := matchDate(words[n:], now)
	if !ok || strings.Trim(words[n-1].text, "0123456789") != "" {
		return Entry{}, false
	}
	e.ModTime, e.Precision = d.time, d.precision
	return e, e.nameAfter(line, words[n+d.words-1].end, d.padded)
}

// forks takes the lengths of a file's forks.
func (e *Entry) forks(resource, data, both string) bool {
	r, ok1 := listedSize(resource)
	d, ok2 := listedSize(data)
	b, ok3 := listedSize(both)
	if !ok1 || !ok2 || !ok3 || e.Type != TypeFile || b-r != d {
		return false
	}
	if r == 0 {
		e.Size = d
	}
	return true
}
