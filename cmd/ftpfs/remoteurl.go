package main

import (
	"path"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/transfer"
)

// remotePath is the path of a URL.
type remotePath struct {
	text string // as it was written, for messages
	raw  string // without a scheme and what else is before it; percent-encoded
}

// parseRemote reads the URL of a command without a mount. Unlike that of a mount it
// may have ? in its path, for a pattern. The location has no path.
func parseRemote(raw string) (remotePath, location, error) {
	if strings.Contains(raw, "#") {
		return remotePath{}, location{}, exit.Errorf(exit.Usage, "the URL has a fragment, which FTP has not: write # as %%23")
	}
	head, rest := raw, ""
	if i := strings.Index(raw, "://"); i >= 0 {
		if j := strings.IndexByte(raw[i+3:], '/'); j >= 0 {
			head, rest = raw[:i+3+j], raw[i+3+j+1:]
		}
	}
	loc, err := parseURL(head)
	if err != nil {
		return remotePath{}, loc, err
	}
	p := remotePath{text: redactURL(raw), raw: cutType(rest)}
	_, err = decodePart("path", p.raw)
	return p, loc, err
}

// path is the absolute path on a server, given the login directory; dir tells that it
// ends in a slash, or that it is that directory.
func (p remotePath) path(home string) (abs string, dir bool) {
	decoded, _ := decodePart("path", p.raw) // parseRemote has checked it
	dir = decoded == "" || strings.HasSuffix(decoded, "/")
	return location{Dir: decoded}.root(home), dir
}

// pattern is path with *, ? and [ that were not percent-encoded taken for what they
// stand for.
func (p remotePath) pattern(home string) transfer.Pattern {
	decoded, _ := decodePart("path", p.raw)
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
