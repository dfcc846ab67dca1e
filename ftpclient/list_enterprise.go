package ftpclient

import (
	"strings"
	"time"
)

// parseEnterpriseRow reads a row of a mailbox of Connect:Enterprise for Unix:
// ten flags, protocol and transfer mode, originator, batch number, and from the
// size on as ls.
//
//	-C--E-----FTP B QUA1I1      18128       41 Aug 12 13:56 QUADTEST
//
// Source: the listings of Apache Commons Net, which takes originator and number
// for owner and group.
func parseEnterpriseRow(line string, now time.Time) (Entry, bool) {
	const flags = 10
	words := splitWords(line, 0)
	if len(words) < 8 || line[0] == ' ' || len(words[0].text) <= flags {
		return Entry{}, false
	}
	const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	first := words[0].text
	if strings.Trim(first[:flags], capitals+"-") != "" || strings.Trim(first[flags:], capitals) != "" || len(words[1].text) != 1 {
		return Entry{}, false
	}
	_, okNumber := listedSize(words[3].text)
	size, ok := listedSize(words[4].text)
	d, okDate := matchDate(words[5:], now)
	if !okNumber || !ok || !okDate {
		return Entry{}, false
	}
	e := Entry{
		Type: TypeFile, Size: size, ModTime: d.time, Precision: d.precision,
		Owner: words[2].text, Group: words[3].text,
	}
	return e, e.nameAfter(line, words[5+d.words-1].end, d.padded)
}
