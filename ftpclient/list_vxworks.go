package ftpclient

import (
	"strings"
	"time"
)

// vxWorksRows reads what servers on VxWorks print, as network devices and
// instruments do:
//
//	  size          date       time       name
//	--------       ------     ------    --------
//	    2048    Feb-28-1998   05:23:30  dir               <DIR>
//	     512    Jan-10-1998   08:34:10  boot.ini
//
// Names are of the DOS file system and hold no spaces.
func vxWorksRows([]string, time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		words := strings.Fields(line)
		switch {
		case len(words) != 4 && len(words) != 5:
			return Entry{}, notRow
		case words[0] == "size" && words[1] == "date", strings.Trim(line, "- ") == "":
			return Entry{}, noEntry
		}
		return asRow(vxWorksEntry(words))
	}
}

func vxWorksEntry(words []string) (Entry, bool) {
	e := Entry{Name: words[3], Type: TypeFile}
	var ok bool
	e.Size, ok = listedSize(words[0])
	date := strings.Split(words[1], "-")
	_, _, _, _, okClock := clock(words[2])
	if !ok || !okClock || len(date) != 3 {
		return Entry{}, false
	}
	m, okMonth := monthNamed(date[0])
	d, okDay := dayOf(date[1])
	y, okYear := yearWord(date[2])
	if !okMonth || !okDay || !okYear {
		return Entry{}, false
	}
	if e.setDay(y, m, d, words[2]); len(words) == 5 {
		e.Type = TypeDir
	}
	return e, len(words) == 4 || words[4] == "<DIR>"
}
