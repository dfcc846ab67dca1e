package ftpurl

import (
	"path"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/transfer"
)

// FilePath is the path of a URL.
type FilePath struct {
	Text string // as it was written, for messages
	raw  string // without a scheme and what else is before it; percent-encoded
}

// ParseFile reads the URL of a command without a mount. Unlike that of a mount it
// may have ? in its path, for a pattern. The location has no path.
func ParseFile(raw string) (FilePath, Location, error) {
	if strings.Contains(raw, "#") {
		return FilePath{}, Location{}, exit.Errorf(exit.Usage, "the URL has a fragment, which FTP has not: write # as %%23")
	}
	head, rest := raw, ""
	if i := strings.Index(raw, "://"); i >= 0 {
		if j := strings.IndexByte(raw[i+3:], '/'); j >= 0 {
			head, rest = raw[:i+3+j], raw[i+3+j+1:]
		}
	}
	loc, err := Parse(head)
	if err != nil {
		return FilePath{}, loc, err
	}
	p := FilePath{Text: Redact(raw), raw: cutType(rest)}
	_, err = Decode("path", p.raw)
	return p, loc, err
}

// Path is the absolute path on a server, given the login directory; dir tells that it
// ends in a slash, or that it is that directory.
func (p FilePath) Path(home string) (abs string, dir bool) {
	decoded, _ := Decode("path", p.raw) // ParseFile has checked it
	dir = decoded == "" || strings.HasSuffix(decoded, "/")
	return Location{Dir: decoded}.Root(home), dir
}

// Pattern is path with *, ? and [ that were not percent-encoded taken for what they
// stand for.
func (p FilePath) Pattern(home string) transfer.Pattern {
	decoded, _ := Decode("path", p.raw)
	var b strings.Builder
	if !strings.HasPrefix(decoded, "/") {
		b.WriteString(string(transfer.Literal(path.Join("/", home))) + "/")
	}
	for rest := p.raw; rest != ""; {
		if rest[0] != '%' {
			if rest[0] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		c := unhex(rest[1])<<4 | unhex(rest[2])
		b.WriteString(string(transfer.Literal(string([]byte{c}))))
		rest = rest[3:]
	}
	return transfer.Pattern(b.String())
}
