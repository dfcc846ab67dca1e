package ftpclient

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// monthNamed reads a month's name, as ls prints it in the languages and
// encodings that servers were seen in, or "6月", "6월".
func monthNamed(s string) (time.Month, bool) {
	s = lowerASCII(strings.TrimRight(s, ".,"))
	if m, ok := monthNames[s]; ok {
		return m, true
	}
	for _, suffix := range []string{"月", "월"} {
		if digits, ok := strings.CutSuffix(s, suffix); ok {
			n, err := strconv.Atoi(digits)
			return time.Month(n), err == nil && n >= 1 && n <= 12
		}
	}
	return 0, false
}

// lowerASCII leaves octets that are no ASCII alone; strings.ToLower would
// replace those of other encodings.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// monthLists are the names by language, January first.
var monthLists = []string{
	"jan feb mar apr may jun jul aug sep oct nov dec",
	"january february march april may june july august september october november december",
	"januar februar märz april mai juni juli august september oktober november dezember",
	"jän feb mär apr mai jun jul aug sep okt nov dez",
	"janv févr mars avr mai juin juil août sept oct nov déc",
	"jan fév mars avril mai juin juillet août septembre octobre novembre décembre",
	"ene feb mar abr may jun jul ago sep oct nov dic",
	"gen feb mar apr mag giu lug ago set ott nov dic",
	"jan fev mar abr mai jun jul ago set out nov dez",
	"jan feb mrt apr mei jun jul aug sep okt nov dec",
	"jan feb mars april maj juni juli aug sep okt nov dec",
	"sty lut mar kwi maj cze lip sie wrz paź lis gru",
	"янв фев мар апр май июн июл авг сен окт ноя дек",
	"янв фев мар апр мая июн июл авг сен окт ноя дек",
	"jan feb márc ápr máj jún júl aug szept okt nov dec",
	"jan feb mar apr mai jun jul aug sep okt nov des",
	"tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
	"led úno bře dub kvě čen čec srp zář říj lis pro",
	"oca şub mar nis may haz tem ağu eyl eki kas ara",
	"gen febr març abr maig juny jul ag set oct nov des",
	"jan feb mar apr maj jun jul avg sep okt nov dec",
	"ian feb mar apr mai iun iul aug sep oct nov dec",
	"січ лют бер кві тра чер лип сер вер жов лис гру",
	"ιαν φεβ μαρ απρ μαΐ ιουν ιουλ αυγ σεπ οκτ νοε δεκ",
}

// monthNames holds them in UTF-8, and in the older encodings that have the
// letters: Latin-1, KOI8-R, Windows-1251.
var monthNames = func() map[string]time.Month {
	names := make(map[string]time.Month)
	for _, year := range monthLists {
		for i, name := range strings.Fields(year) {
			names[name] = time.Month(i + 1)
			names[capital(name)] = time.Month(i + 1)
			for _, encode := range []func(rune) byte{latin1, koi8r, windows1251} {
				if old, ok := encoded(name, encode); ok {
					names[old] = time.Month(i + 1)
				}
			}
		}
	}
	return names
}()

// capital makes the first letter a capital one, which lowerASCII leaves where
// it is no ASCII.
func capital(name string) string {
	first, n := utf8.DecodeRuneInString(name)
	return lowerASCII(string(unicode.ToUpper(first))) + name[n:]
}

// encoded writes a name in an encoding of one octet a letter.
func encoded(name string, encode func(rune) byte) (string, bool) {
	var b []byte
	for _, r := range name {
		c := byte(r)
		if r >= 0x80 {
			c = encode(r)
		}
		if c == 0 {
			return "", false
		}
		b = append(b, c)
	}
	return string(b), true
}

func latin1(r rune) byte {
	if r < 0x100 {
		return byte(r)
	}
	return 0
}

// koi8r has the small Russian letters from 0xC0 on in this order.
func koi8r(r rune) byte {
	const letters = "юабцдефгхийклмнопярстужвьызшэщчъ"
	if i := strings.IndexRune(letters, r); i >= 0 {
		return byte(0xC0 + i/2) // two octets each in UTF-8
	}
	return 0
}

func windows1251(r rune) byte {
	if r >= 'а' && r <= 'я' {
		return byte(0xE0 + r - 'а')
	}
	return 0
}
