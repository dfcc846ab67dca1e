package ftpclient

import (
	"strings"
	"time"
)

// os400Rows reads what OS/400 (IBM i) prints: owner, size, date, kind, name.
//
//	PEP              4019 04/03/18 18:58:16 *STMF      einladung.zip
//	PEP             36864 04/03/24 14:06:34 *DIR       dir1/
//	CFT             45056 04/12/14 14:19:31 *FILE      ANTHONY1.FILE
//	CFT                                     *MEM       ANTHONY1.FILE/ANTHONY1.MBR
//
// The date has the order of the server's job (DATFMT), which is found from the
// sample (quirkDateOrder); where several are possible that differ, the time is
// unknown. *FILE is a directory of members, but a save file (.SAVF) is a file.
// Of a path the last part is the name, and a slash behind a directory goes;
// a member of a *FILE of the same listing is no entry of this directory.
// Sources: the listings of Apache Commons Net and FluentFTP.
func os400Rows(sample []string, now time.Time) rowParser {
	var dates []string
	for _, line := range sample {
		if words := strings.Fields(line); len(words) > 4 && words[4][0] == '*' {
			dates = append(dates, words[2])
		}
	}
	r := os400Reader{files: make(map[string]bool)}
	r.orders = bestOrders(dates, now.Add(24*time.Hour), dayMonthYear, yearMonthDay, monthDayYear)
	return r.row
}

type os400Reader struct {
	orders []dateOrder
	files  map[string]bool // *FILE rows so far
}

func (r *os400Reader) row(line string) (Entry, verdict) {
	words := strings.Fields(line)
	switch {
	case len(words) >= 3 && words[1] == "*MEM":
		e := Entry{Owner: words[0], Type: TypeFile, Size: -1}
		return r.named(e, afterWords(line, 2))
	case len(words) < 6 || len(words[4]) < 3 || words[4][0] != '*' || words[4] == "*MEM":
		return Entry{}, notRow
	}
	size, ok := listedSize(words[1])
	_, _, okDate := numericParts(words[2])
	_, _, _, precision, okClock := clock(words[3])
	if !ok || !okDate || !okClock || precision != time.Second {
		return Entry{}, notRow
	}
	e := Entry{Owner: words[0], Size: size, Type: os400Type(words[4], line)}
	r.date(&e, words[2], words[3])
	if words[4] == "*FILE" {
		r.files[words[5]] = true
	}
	return r.named(e, afterWords(line, 5))
}

func os400Type(kind, line string) Type {
	switch kind {
	case "*DIR", "*DDIR", "*LIB", "*FLR":
		return TypeDir
	case "*FILE":
		if !strings.HasSuffix(strings.ToUpper(strings.TrimRight(line, " ")), ".SAVF") {
			return TypeDir
		}
		return TypeFile
	case "*STMF", "*DSTMF", "*DOC":
		return TypeFile
	case "*SYMLNK":
		return TypeSymlink
	}
	return TypeOther
}

// date sets the time if all orders that are left agree on the day.
func (r *os400Reader) date(e *Entry, date, at string) {
	var day time.Time
	for i, o := range r.orders {
		t, ok := o.day(date)
		if !ok || i > 0 && !t.Equal(day) {
			return
		}
		day = t
	}
	if len(r.orders) > 0 {
		e.setDay(day.Year(), day.Month(), day.Day(), at)
	}
}

// named sets the name from a path.
func (r *os400Reader) named(e Entry, path string) (Entry, verdict) {
	path = strings.TrimLeft(path, " ")
	if e.Type == TypeDir {
		path = strings.TrimSuffix(path, "/")
	}
	i := strings.LastIndexByte(path, '/')
	if e.Name = path[i+1:]; e.Name == "" {
		return Entry{}, notRow
	}
	if i > 0 && r.files[path[:i]] {
		return Entry{}, noEntry
	}
	return e, aRow
}
