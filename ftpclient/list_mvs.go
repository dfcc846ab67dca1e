package ftpclient

import (
	"strings"
	"time"
)

// mvsRows reads the data sets that z/OS lists (IBM z/OS Communications Server,
// IP User's Guide, "DIR subcommand"):
//
//	Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
//	SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    INCOMING.RPTBM023.D061704
//	PEX26F 3390   2017/07/03  115807  FB   29600 29600  PO-E  INCOMING.FIN
//	Migrated                                                  NAME
//	ARCIVE Not Direct Access Device                           NAME
//	Pseudo Directory                                          NAME
//
// A partitioned data set (PO) is a directory of members. The date is that of
// the last reference, to the day: the only one there is. "Used" counts tracks,
// so that the size is unknown (quirkBlocks). Names stay as they are: a plain one is relative
// to the working directory, and one in quotes is absolute, where the server
// would put its prefix before it without them. The Unix files of z/OS are
// listed as by ls. Sources: the listings of Apache Commons Net and FluentFTP.
func mvsRows([]string, time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		words := strings.Fields(line)
		if len(words) > 4 && words[0] == "Volume" && words[1] == "Unit" && words[len(words)-1] == "Dsname" {
			return Entry{}, noEntry
		}
		return asRow(mvsEntry(words))
	}
}

func mvsEntry(words []string) (Entry, bool) {
	if len(words) < 2 {
		return Entry{}, false
	}
	last := len(words) - 1
	e := Entry{Name: words[last], Type: TypeFile, Size: -1}
	switch before := strings.Join(words[:last], " "); {
	case before == "Migrated":
		return e, true
	case before == "Pseudo Directory":
		e.Type, e.prefix = TypeDir, true
		return e, true
	case last == 5 && strings.HasSuffix(before, " Not Direct Access Device"):
		return e, true
	case last != 8 && last != 9: // extents and used run into each other
		return Entry{}, false
	}
	if !mvsAttributes(words[3:last]) {
		return Entry{}, false
	}
	if strings.HasPrefix(words[last-1], "PO") {
		e.Type = TypeDir
	}
	if words[2] == "**NONE**" {
		return e, true
	}
	day, ok := slashedDay(words[2])
	e.ModTime, e.Precision = day, 24*time.Hour
	return e, ok
}

// mvsAttributes recognises "1 15 VB 32756 32760 PS".
func mvsAttributes(words []string) bool {
	n := len(words)
	for i, w := range words {
		var ok bool
		switch {
		case i == n-1:
			ok = len(w) >= 2 && len(w) <= 4 && strings.Trim(w, "ADEFGIMOPRSUV-") == ""
		case i == n-4:
			ok = strings.Trim(w, "FVUBSAMDT") == ""
		default:
			ok = strings.Trim(w, "0123456789+") == ""
		}
		if !ok {
			return false
		}
	}
	return true
}

// slashedDay reads "2004/06/23".
func slashedDay(s string) (time.Time, bool) {
	t, err := time.ParseInLocation("2006/01/02", s, time.UTC)
	return t, err == nil
}
