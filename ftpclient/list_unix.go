package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// parseUnixRow reads a row in the manner of ls -l:
//
//	-rw-r--r--   1 owner group  531 Jan 29 03:26 name
//
// Owner and group may be missing, hold spaces or run into the size, the link
// count into what precedes it; the date has many forms (matchDate). What
// cannot vary is the order: mode, something, size, date, one space, name. So
// the row is read from its date: the first date that a size stands before.
func parseUnixRow(line string, now time.Time) (Entry, bool) {
	line = strings.TrimLeft(line, " ")
	e, rest, ok := unixMode(line)
	if !ok {
		return Entry{}, false
	}
	words := splitWords(line, len(line)-len(rest))
	for i := 1; i < len(words); i++ {
		size, ok := unixSize(words[i-1].text, e.Type)
		if !ok {
			continue
		}
		d, ok := matchDate(words[i:], now)
		if !ok {
			continue
		}
		if !e.nameAfter(line, words[i+d.words-1].end, d.padded) {
			return Entry{}, false
		}
		e.Size, e.ModTime, e.Precision = size, d.time, d.precision
		e.ownedBy(line, words[:i-1])
		if e.Type == TypeSymlink {
			e.splitTarget()
		}
		return e, true
	}
	return Entry{}, false
}

// word is a part of a line between white space.
type word struct {
	text string
	end  int // in the line
}

// maxWords is enough for any row up to its date; names are not split.
const maxWords = 64

func splitWords(line string, from int) []word {
	words := make([]word, 0, 12)
	for i := from; i < len(line) && len(words) < maxWords; {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		start := i
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
		if i > start {
			words = append(words, word{line[start:i], i})
		}
	}
	return words
}

// unixTypes are the first letters of a row.
var unixTypes = map[byte]Type{
	'-': TypeFile, 'f': TypeFile, 'd': TypeDir, 'l': TypeSymlink,
	'b': TypeOther, 'c': TypeOther, 'p': TypeOther, 's': TypeOther, 'D': TypeOther,
}

// unixMode reads type and permissions and the mark of an ACL behind them.
func unixMode(line string) (e Entry, rest string, ok bool) {
	if len(line) < 10 {
		return e, "", false
	}
	if e.Type, ok = unixTypes[line[0]]; !ok {
		return e, "", false
	}
	end := 10
	for i := range 9 {
		bits, ok := modeBits(i, line[1+i])
		if !ok && i >= 6 && line[1+i] == ' ' { // quirkShortPermissions
			end = 1 + i
			break
		}
		if !ok {
			return e, "", false
		}
		e.Mode |= bits
	}
	e.HasMode = true
	rest = line[end:]
	if rest != "" && strings.IndexByte("+.@", rest[0]) >= 0 {
		return e, rest[1:], true
	}
	if rest == "" || rest[0] != ' ' && rest[0] != '\t' && !isDigit(rest[0]) {
		return e, "", false
	}
	return e, rest, true
}

// modeBits reads the i-th of the nine permission letters.
func modeBits(i int, letter byte) (uint32, bool) {
	bit := uint32(0o400) >> i
	special := [3]uint32{0o4000, 0o2000, 0o1000}[i/3]
	switch {
	case letter == '-':
		return 0, true
	case i%3 == 0 && letter == 'r', i%3 == 1 && letter == 'w', i%3 == 2 && letter == 'x':
		return bit, true
	case i%3 != 2:
		return 0, false
	case i < 8 && letter == 's', i == 8 && letter == 't':
		return bit | special, true
	case i < 8 && (letter == 'S' || letter == 'l' || letter == 'L'), i == 8 && letter == 'T':
		return special, true
	}
	return 0, false
}

// unixSize reads the word before the date: digits, perhaps behind the letters
// of a group that ran into them; a device's minor number counts for no size.
func unixSize(s string, t Type) (int64, bool) {
	i := len(s)
	for i > 0 && isDigit(s[i-1]) {
		i--
	}
	if i == len(s) {
		return roundedSize(s)
	}
	if t == TypeOther {
		return -1, true
	}
	if i > 0 && !isLetter(s[i-1]) {
		return 0, false
	}
	n, err := strconv.ParseUint(s[i:], 10, 64)
	if err != nil || n > 1<<63-1 {
		return -1, err == nil
	}
	return int64(n), true
}

// roundedSize accepts "33.5k", which tells no size.
func roundedSize(s string) (int64, bool) {
	if len(s) < 2 || strings.IndexByte("kKMGT", s[len(s)-1]) < 0 {
		return 0, false
	}
	_, err := strconv.ParseFloat(s[:len(s)-1], 64)
	return -1, err == nil
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80 }

// nameAfter takes what follows one space after the date for the name. After a
// date without the time that its column has room for, the padding goes too.
func (e *Entry) nameAfter(line string, end int, padded bool) bool {
	if end+1 >= len(line) {
		return false
	}
	e.Name = line[end+1:]
	if padded {
		e.Name = strings.TrimLeft(e.Name, " ")
	}
	return e.Name != ""
}

// ownedBy takes owner and group from what stands between mode and size. Names
// may hold single spaces; where two columns show, they count.
func (e *Entry) ownedBy(line string, words []word) {
	if len(words) > 0 && strings.Trim(words[0].text, "0123456789") == "" {
		words = words[1:] // the link count
	}
	if e.Type == TypeOther && len(words) > 0 && strings.HasSuffix(words[len(words)-1].text, ",") {
		words = words[:len(words)-1] // a device's major number
	}
	if len(words) == 0 {
		return
	}
	first, last := words[0], words[len(words)-1]
	owner, group, columns := strings.Cut(line[first.end-len(first.text):last.end], "  ")
	if group = strings.TrimLeft(group, " "); !columns || strings.Contains(group, "  ") {
		owner, group = first.text, strings.TrimLeft(line[first.end:last.end], " ")
	}
	e.Owner, e.Group = owner, group
}

// splitTarget splits "name -> target". Where both hold an arrow the size,
// which is the target's length, decides; else the first arrow does.
func (e *Entry) splitTarget() {
	const arrow = " -> "
	first := strings.Index(e.Name, arrow)
	if first < 0 {
		return
	}
	at := first
	for i := first; i >= 0; {
		if int64(len(e.Name)-i-len(arrow)) == e.Size {
			at = i
			break
		}
		next := strings.Index(e.Name[i+1:], arrow)
		if next < 0 {
			break
		}
		i += 1 + next
	}
	e.Name, e.Target = e.Name[:at], e.Name[at+len(arrow):]
}
