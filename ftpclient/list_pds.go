package ftpclient

import (
	"strings"
	"time"
)

// pdsRows reads the members of a partitioned data set of z/OS, of sources with
// ISPF statistics or without, and of load modules:
//
//	Name     VV.MM   Created       Changed      Size  Init   Mod   Id
//	SAVE03    01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001
//	SAVE04
//
//	Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode
//	EAGRTPRC  005F48   000011 EAGRTALT 00 FO             RN RU            31    ANY
//
// Sizes are lines in the first, and the length in storage in the second, not
// what RETR sends: they are unknown. A bare name is only taken under one of the
// headings. Names are as commands take them. Sources: the listings of Apache
// Commons Net and FluentFTP.
func pdsRows([]string, time.Time) rowParser {
	headed := false
	return func(line string) (Entry, verdict) {
		words := strings.Fields(line)
		switch {
		case isPDSHeading(words):
			headed = true
			return Entry{}, noEntry
		case len(words) == 0 || !isMember(words[0]):
			return Entry{}, notRow
		}
		e := Entry{Name: words[0], Type: TypeFile, Size: -1}
		switch {
		case len(words) == 1 && headed, isModule(words):
			return e, aRow
		case len(words) < 8 || len(words[1]) != 5 || words[1][2] != '.':
			return Entry{}, notRow
		}
		_, okCreated := slashedDay(words[2])
		changed, ok := slashedDay(words[3])
		if !ok || !okCreated {
			return Entry{}, notRow
		}
		e.setDay(changed.Year(), changed.Month(), changed.Day(), words[4])
		return e, aRow
	}
}

func isPDSHeading(words []string) bool {
	return len(words) > 3 && words[0] == "Name" &&
		(words[1] == "VV.MM" && words[2] == "Created" || words[1] == "Size" && words[2] == "TTR")
}

// isMember recognises a member's name: up to eight letters, digits and
// national characters, no digit first.
func isMember(s string) bool {
	return len(s) <= 8 && !isDigit(s[0]) && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#@") == ""
}

// isModule recognises size and place in hexadecimal, and the modes at the end.
func isModule(words []string) bool {
	hex := func(s string) bool { return len(s) == 6 && strings.Trim(s, "0123456789ABCDEF") == "" }
	mode := func(s string) bool { return s == "24" || s == "31" || s == "64" || s == "ANY" }
	n := len(words)
	return n >= 6 && hex(words[1]) && hex(words[2]) && mode(words[n-1]) && mode(words[n-2])
}
