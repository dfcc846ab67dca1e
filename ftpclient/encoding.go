package ftpclient

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// charset translates between the names of a server that has them in an
// encoding of its own and the names here, which are UTF-8. A nil charset leaves
// names as they are.
//
// Not every name that such a server has is of that encoding: a directory may
// hold names of several. So a server's name is regular if decoding it and
// encoding the result gives it back, and only then it is decoded. Every other
// name keeps its octets, which are no UTF-8, or else have rawMark before them:
//
//	decoded UTF-8            a regular name
//	octets, no UTF-8         a name that is not regular, as it is
//	rawMark and octets       one that is UTF-8 by itself, or begins with rawMark
//
// Which of the three a name here is, it shows itself, and each has one inverse:
// so local gives every server name its own name, and octets gives it back. A
// name that local would not have made is none that the server has or could get.
type charset struct {
	name string
	enc  encoding.Encoding
}

// rawMark occurs in no UTF-8.
const rawMark = "\xff"

// CheckEncoding says why an encoding cannot be that of a server's names
// (Options.Encoding); nil if it can.
func CheckEncoding(name string) error {
	_, err := newCharset(name)
	return err
}

// newCharset finds an encoding by its IANA name, or by one that web browsers
// know it by. It is nil for UTF-8, which names here are in.
func newCharset(name string) (*charset, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		enc, err = htmlindex.Get(name)
	}
	if err != nil {
		return nil, errors.New("no such encoding: write a name such as ISO-8859-1, windows-1251, KOI8-R, Shift_JIS, GB18030")
	}
	official, err := ianaindex.MIME.Name(enc)
	if err != nil {
		official = name // it has none
	}
	if strings.EqualFold(official, "UTF-8") {
		return nil, nil
	}
	c := &charset{official, enc}
	if !c.keepsASCII() {
		return nil, errors.New("names on a server cannot be in it: FTP itself sends ASCII, which has other octets in it: write the one that the names really have")
	}
	return c, nil
}

// keepsASCII tells whether every character of ASCII is its own octet, and no
// other has one of ASCII alone.
func (c *charset) keepsASCII() bool {
	for b := range byte(0x80) {
		s := string(rune(b))
		if d, ok := c.decode(s); !ok || d != s {
			return false
		}
	}
	return true
}

// decode reads octets, if they are regular.
func (c *charset) decode(octets string) (string, bool) {
	s, err := c.enc.NewDecoder().String(octets)
	if err != nil || strings.ContainsRune(s, utf8.RuneError) {
		return "", false
	}
	back, err := c.enc.NewEncoder().String(s)
	return s, err == nil && back == octets
}

// local is the name here of a server's name.
func (c *charset) local(octets string) string {
	if c == nil || isASCII(octets) {
		return octets
	}
	if s, ok := c.decode(octets); ok {
		return s
	}
	return rawName(octets)
}

// rawName is the name here of one that is not regular.
func rawName(octets string) string {
	if utf8.ValidString(octets) || strings.HasPrefix(octets, rawMark) {
		return rawMark + octets
	}
	return octets
}

// octets is the server's name of a name here; false if there is none.
func (c *charset) octets(local string) (string, bool) {
	if c == nil || isASCII(local) {
		return local, true
	}
	if !utf8.ValidString(local) {
		s := strings.TrimPrefix(local, rawMark)
		return s, c.local(s) == local
	}
	s, err := c.enc.NewEncoder().String(local)
	return s, err == nil && c.local(s) == local
}

// localPath is local for each element of a path.
func (c *charset) localPath(path string) string {
	if c == nil || isASCII(path) {
		return path
	}
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = c.local(e)
	}
	return strings.Join(elements, "/")
}

// octetsPath is octets for each element of a path, with what precedes it in a
// command; false if one of them has none.
func (c *charset) octetsPath(path string) (string, bool) {
	if c == nil || isASCII(path) {
		return path, true
	}
	elements := strings.Split(path, "/")
	for i, e := range elements {
		o, ok := c.octets(e)
		if !ok {
			return "", false
		}
		elements[i] = o
	}
	return strings.Join(elements, "/"), true
}

// words is a reply for people, and for the search of a name in it: decoded as
// far as it can be. No name may be taken from it.
func (c *charset) words(r reply) reply {
	if c == nil {
		return r
	}
	r.lines = slices.Clone(r.lines)
	for i, line := range r.lines {
		parts := strings.Split(line, "/")
		for k, part := range parts {
			if s, ok := c.decode(part); ok {
				parts[k] = s
			}
		}
		r.lines[i] = strings.Join(parts, "/")
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
