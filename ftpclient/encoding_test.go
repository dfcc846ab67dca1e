package ftpclient

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

func charsetNamed(t testing.TB, name string) *charset {
	t.Helper()
	c, err := newCharset(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Names that people use, decoded as others decode them.
func TestCharsetsByName(t *testing.T) {
	for _, tc := range []struct{ name, octets, want string }{
		{"latin1", "\xe9t\xe9", "été"},
		{"ISO-8859-1", "\x80", "\u0080"},
		{"iso-8859-15", "\xa4", "€"},
		{"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"KOI8-R", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"cp437", "\x81", "ü"},
		{"Shift_JIS", "\x83\x5c\x83\x74\x83\x67", "ソフト"},
		{"sjis", "\x95\x5c", "表"},
		{"EUC-JP", "\xc6\xfc\xcb\xdc", "日本"},
		{"euc-kr", "\xc7\xd1", "한"},
		{"GB18030", "\xd6\xd0\x81\x30\x84\x36", "中¥"},
		{"GBK", "\xd6\xd0", "中"},
		{"Big5", "\xb3\x5c", "許"},
	} {
		c := charsetNamed(t, tc.name)
		if got := c.local(tc.octets); got != tc.want {
			t.Errorf("%s: %q is %q, want %q", tc.name, tc.octets, got, tc.want)
		}
		if back, ok := c.octets(tc.want); !ok || back != tc.octets {
			t.Errorf("%s: %q goes out as %q, %v", tc.name, tc.want, back, ok)
		}
	}
}

func TestCharsetsRefused(t *testing.T) {
	for _, name := range []string{"UTF-16", "utf-16le", "UTF-16BE", "IBM037", "ISO-2022-JP", "hz-gb-2312", "klingon", " "} {
		if c, err := newCharset(name); err == nil {
			t.Errorf("%s is taken as %+v", name, c)
		}
	}
	for _, name := range []string{"UTF-8", "utf8"} {
		if c, err := newCharset(name); c != nil || err != nil {
			t.Errorf("%s: %+v, %v; nothing is to be done", name, c, err)
		}
	}
	_, err := New(Options{Host: "h", Encoding: "UTF-16"})
	if err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("New: %v", err)
	}
}

// allCharsets are all encodings there are that names may be in.
func allCharsets(t testing.TB) (all []*charset) {
	t.Helper()
	var encs []encoding.Encoding
	for _, family := range [][]encoding.Encoding{charmap.All, japanese.All, korean.All, simplifiedchinese.All, traditionalchinese.All, unicode.All} {
		encs = append(encs, family...)
	}
	for _, enc := range encs {
		name, err := ianaindex.IANA.Name(enc)
		if err != nil {
			continue
		}
		if c, err := newCharset(name); err == nil && c != nil {
			all = append(all, c)
		}
	}
	if len(all) < 35 {
		t.Fatalf("only %d encodings", len(all))
	}
	return all
}

// checkNames checks what holds of every name, of the server or from here.
func checkNames(t *testing.T, c *charset, name string) {
	t.Helper()
	local := c.local(name)
	if back, ok := c.octets(local); !ok || back != name {
		t.Errorf("%s: %q is %q here, which goes out as %q, %v", c.name, name, local, back, ok)
	}
	if strings.ContainsAny(local, "/\x00") {
		t.Errorf("%s: %q is %q here", c.name, name, local)
	}
	if octets, ok := c.octets(name); ok && (c.local(octets) != name || strings.ContainsAny(octets, "/\x00")) {
		t.Errorf("%s: %q goes out as %q, which is %q here", c.name, name, octets, c.local(octets))
	}
}

// Every octet in every encoding, and every two octets in those where two make
// a character.
func TestCharsetsGiveNamesBack(t *testing.T) {
	for _, c := range allCharsets(t) {
		_, single := c.enc.(*charmap.Charmap)
		for a := range 256 {
			for b := range 256 {
				name := string([]byte{byte(a), byte(b)})
				if strings.ContainsAny(name, "/\x00") || single && b != 'x' {
					continue
				}
				checkNames(t, c, name)
			}
		}
		for _, name := range []string{"", "\xff", "\xff\xff", "\xffx", "\xff\xc3\xa9", "日本", "é", "\xff日本", "€", "\x81\x30\x81", "😀", "\uFFFD", "a\uFFFDb"} {
			checkNames(t, c, name)
		}
	}
}

// No octet of a character is one that FTP, a path or a listing gives a meaning.
func TestCharsetsLeaveSyntaxAlone(t *testing.T) {
	for _, c := range allCharsets(t) {
		for lead := 0x80; lead < 0x100; lead++ {
			for _, b := range []byte("\x00\r\n\t \"/->;=,") {
				if s, ok := c.decode(string([]byte{byte(lead), b})); ok && s[len(s)-1] != b {
					t.Errorf("%s: %02x %02x is %q", c.name, lead, b, s)
				}
			}
		}
	}
}

// Bytes in, same bytes out, and so no two names of the server have one here.
func FuzzCharset(f *testing.F) {
	for _, s := range []string{"\xe9t\xe9", "日本", "\xff\xff", "\x83\x5c", "\x81\x30\x81\x30", "\x8f\xa2\xaf", "\xc3\x28", "\xff\xe9"} {
		f.Add([]byte(s))
	}
	all := allCharsets(f)
	f.Fuzz(func(t *testing.T, name []byte) {
		if bytes.ContainsAny(name, "/\x00") {
			return
		}
		for _, c := range all {
			checkNames(t, c, string(name))
		}
	})
}

// A directory of several encodings: each name is one, and tells which it is.
func TestMixedEncodings(t *testing.T) {
	c := charsetNamed(t, "EUC-JP")
	euc, utf := "\xa5\xbd", "ソ" // and UTF-8 of it is no EUC-JP
	if got := c.local(euc); got != utf {
		t.Errorf("%q: %q", euc, got)
	}
	if got := c.local(utf); got == utf || utf8.ValidString(got) {
		t.Errorf("%q is %q", utf, got)
	}
	for _, name := range []string{"😀", "\xa5\xbd", "\xff\xa5\xbd", "\xffplain"} {
		if octets, ok := c.octets(name); ok {
			t.Errorf("%q goes out as %q, and would come back as %q", name, octets, c.local(octets))
		}
	}
}
