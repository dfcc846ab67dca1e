package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// parseEPLFRow reads a row of the Easily Parsed LIST Format (D. J. Bernstein,
// https://cr.yp.to/ftp/list/eplf.html): a plus, facts that each end in a comma,
// a tab, and all the rest is the name.
//
//	+i8388621.48594,m825718503,r,s280,<tab>djb.html
//	+i8388621.50690,m824255907,/,<tab>514
//
// What can be entered is a directory, else what can be retrieved is a file.
// Facts that are not known are passed over, as the format wants it.
func parseEPLFRow(line string, _ time.Time) (Entry, bool) {
	facts, name, ok := strings.Cut(line, "\t")
	if !ok || facts == "" || facts[0] != '+' || name == "" {
		return Entry{}, false
	}
	e := Entry{Name: name, Size: -1}
	for fact := range strings.SplitSeq(facts[1:], ",") {
		e.setEPLF(fact)
	}
	return e, true
}

func (e *Entry) setEPLF(fact string) {
	switch {
	case fact == "/":
		e.Type = TypeDir
	case fact == "r" && e.Type != TypeDir:
		e.Type = TypeFile
	case strings.HasPrefix(fact, "up"):
		if mode, err := strconv.ParseUint(fact[2:], 8, 32); err == nil {
			e.Mode, e.HasMode = uint32(mode)&0o7777, true
		}
	case strings.HasPrefix(fact, "s"):
		if n, ok := listedSize(fact[1:]); ok {
			e.Size = n
		}
	case strings.HasPrefix(fact, "m"):
		if n, ok := listedSize(fact[1:]); ok && n < 1<<40 {
			e.ModTime, e.Precision = time.Unix(n, 0).UTC(), time.Second
		}
	case strings.HasPrefix(fact, "i"):
		e.Unique = fact[1:]
	}
}
