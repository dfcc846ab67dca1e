package ftpclient

import (
	"strings"
	"time"
)

// zvmRows reads the minidisks and directories of z/VM (IBM TCP/IP for z/VM,
// User's Guide, "DIR subcommand"): file name, file type, record format and
// length, records, blocks, date, time, label.
//
//	README   ANONYMOU V         71         26          1 1997-04-02 12:33:20 TCP291
//	WEBSHARE          DIR        -          -          -  5/30/97 18:44:17 -
//
// Commands take name and type with a dot between them, as is done here.
// Records are padded or have no ends, as the transfer's type wants it, so that
// the size is unknown (quirkBlocks). Short dates are American ones.
func zvmRows([]string, time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		words := strings.Fields(line)
		e := Entry{Size: -1}
		switch {
		case len(words) == 9 && (words[2] == "F" || words[2] == "V"):
			e.Name, e.Type = words[0]+"."+words[1], TypeFile
			for _, number := range words[3:6] {
				if _, ok := listedSize(number); !ok {
					return Entry{}, notRow
				}
			}
		case len(words) == 8 && strings.Join(words[1:5], " ") == "DIR - - -":
			e.Name, e.Type = words[0], TypeDir
		default:
			return Entry{}, notRow
		}
		date, at := words[len(words)-3], words[len(words)-2]
		day, ok := zvmDay(date)
		_, _, _, _, okClock := clock(at)
		if !ok || !okClock {
			return Entry{}, notRow
		}
		e.setDay(day.Year(), day.Month(), day.Day(), at)
		return e, aRow
	}
}

func zvmDay(s string) (time.Time, bool) {
	if _, first4, _ := numericParts(s); first4 {
		return yearMonthDay.day(s)
	}
	return monthDayYear.day(s)
}
