package ftpclient

import "time"

// parseNetWareRow reads a row of a NetWare server: kind, rights in brackets,
// and from there on a Unix row without a group.
//
//	d [RWCEAFMS] ftpadmin                          512 Jun 25  2007 pandora
//	- [R----F--] rhesus             214059       Oct 20 15:27  cx.exe
//
// The rights are those that the user has as a trustee, no permission bits of
// the file, and are not told as such. Sources: Chromium's and Apache Commons
// Net's listings.
func parseNetWareRow(line string, now time.Time) (Entry, bool) {
	kinds := map[byte]Type{'d': TypeDir, '-': TypeFile}
	if len(line) < 13 || kinds[line[0]] == TypeUnknown {
		return Entry{}, false
	}
	from := 1
	if line[from] == ' ' {
		from++
	}
	if !trusteeRights(line[from:]) {
		return Entry{}, false
	}
	words := splitWords(line, from+10)
	for i := 1; i < len(words); i++ {
		size, ok := listedSize(words[i-1].text)
		if _, named := monthNamed(words[i].text); !ok || !named {
			continue
		}
		d, ok := matchDate(words[i:], now)
		if !ok {
			continue
		}
		e := Entry{Type: kinds[line[0]], Size: size, ModTime: d.time, Precision: d.precision}
		if i > 1 {
			e.Owner = line[words[0].end-len(words[0].text) : words[i-2].end]
		}
		return e, e.nameAfter(line, words[i+d.words-1].end, d.padded)
	}
	return Entry{}, false
}

// trusteeRights recognises "[RWCEAFMS]", each letter of which may be a dash.
func trusteeRights(s string) bool {
	const rights = "RWCEAFMS"
	if len(s) < 10 || s[0] != '[' || s[9] != ']' {
		return false
	}
	for i := range len(rights) {
		if s[1+i] != '-' && s[1+i] != rights[i] {
			return false
		}
	}
	return true
}
