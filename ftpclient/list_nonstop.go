package ftpclient

import (
	"strings"
	"time"
)

// nonStopRows reads the files of a Guardian subvolume on HP NonStop (Tandem):
//
//	File         Code             EOF  Last Modification    Owner  RWEP
//	FILE3        101            16354 14-Mar-14 15:09:12 244, 10 "oooo"
//
// A subvolume has files only. EOF is the size in octets. The code may be
// followed by a letter, as O for an open file; the security has quotes and is
// not expressed as a mode, since its letters mean groups and networks. Source:
// FluentFTP's listing.
func nonStopRows([]string, time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0] == "File" && words[1] == "Code" && words[2] == "EOF" {
			return Entry{}, noEntry
		}
		return asRow(nonStopEntry(words))
	}
}

func nonStopEntry(words []string) (Entry, bool) {
	if len(words) < 6 {
		return Entry{}, false
	}
	_, okCode := listedSize(strings.TrimRight(words[1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ+?*"))
	size, ok := listedSize(words[2])
	y, m, d, okDate := dashedDate(words[3])
	_, _, _, _, okClock := clock(words[4])
	group, user, owned := strings.Cut(strings.Join(words[5:], " "), ",")
	if !okCode || !ok || !okDate || !okClock || !owned {
		return Entry{}, false
	}
	e := Entry{Name: words[0], Type: TypeFile, Size: size, Group: group}
	e.Owner, _ = cutField(user)
	e.setDay(y, m, d, words[4])
	return e, true
}
