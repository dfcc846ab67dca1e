package transfer

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"ftpfs/ftpclient"
)

// Match is something that a pattern names, on a server or here.
type Match struct {
	Path    string // absolute on a server
	Entry   ftpclient.Entry
	All     bool // the content of the directory is meant
	Globbed bool // by a pattern, so that there could have been others
}

// ErrNoMatch tells that there is nothing that a pattern fits.
var ErrNoMatch = errors.New("nothing there fits the pattern")

// Pattern is an absolute path of a server in which *, ? and [a-z] stand for others,
// within one element; a backslash takes the meaning of what follows. See [path.Match].
type Pattern string

// Literal is the pattern of one path.
func Literal(p string) Pattern {
	var b strings.Builder
	for i := range len(p) {
		if strings.IndexByte(`*?[\`, p[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(p[i])
	}
	return Pattern(b.String())
}

// check returns [path.ErrBadPattern] for a pattern that is none.
func (p Pattern) check() error {
	_, err := path.Match(string(p), "")
	return err
}

// plain returns the path of a pattern that stands for itself alone.
func plain(p string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?', '[':
			return "", false
		case '\\':
			i++
		}
		if i < len(p) {
			b.WriteByte(p[i])
		}
	}
	return b.String(), true
}

// Expand asks the server what a pattern names, in the order of the names. Names that
// begin with a dot are fitted only by a pattern that does. A slash at the end means
// what is in the directory. follow tells that of a link the file is meant to which it
// leads.
func Expand(ctx context.Context, c *ftpclient.Client, pattern Pattern, follow bool) ([]Match, error) {
	if err := pattern.check(); err != nil {
		return nil, err
	}
	text := string(pattern)
	all := strings.HasSuffix(text, "/")
	if p, ok := plain(text); ok {
		p = path.Clean(p)
		m, err := literal(ctx, c, p, follow)
		m.All = m.Entry.Type == ftpclient.TypeDir && (all || p == "/")
		return []Match{m}, err
	}
	found := []Match{{Path: "/"}}
	var err error
	for element := range strings.SplitSeq(strings.Trim(text, "/"), "/") {
		if found, err = fitting(ctx, c, found, element); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, &ftpclient.Error{Op: "LIST", Path: text, Kind: ftpclient.KindNotExist, Err: ErrNoMatch}
	}
	return settled(ctx, c, found, all, follow)
}

// settled looks at those matches of which no listing has told.
func settled(ctx context.Context, c *ftpclient.Client, found []Match, all, follow bool) (kept []Match, err error) {
	for _, m := range found {
		if !m.Globbed || m.Entry.Name == "" {
			at, err := literal(ctx, c, m.Path, follow)
			if ftpclient.KindOf(err) == ftpclient.KindNotExist {
				continue
			}
			if err != nil {
				return nil, err
			}
			m.Entry = at.Entry
		}
		m.Globbed, m.All = true, all && m.Entry.Type == ftpclient.TypeDir
		kept = append(kept, m)
	}
	if len(kept) == 0 {
		return nil, &ftpclient.Error{Op: "LIST", Path: found[0].Path, Kind: ftpclient.KindNotExist, Err: ErrNoMatch}
	}
	return kept, nil
}

func literal(ctx context.Context, c *ftpclient.Client, p string, follow bool) (Match, error) {
	if p == "/" {
		return Match{Path: p, Entry: ftpclient.Entry{Type: ftpclient.TypeDir, Size: -1}}, nil
	}
	if !follow {
		e, err := c.Stat(ctx, p)
		return Match{Path: p, Entry: e}, err
	}
	e, there, err := lookAt(ctx, c, p)
	if err == nil && !there {
		err = &ftpclient.Error{Op: "SIZE", Path: p, Kind: ftpclient.KindNotExist}
	}
	return Match{Path: p, Entry: e}, err
}

// fitting goes one element down from each directory.
func fitting(ctx context.Context, c *ftpclient.Client, dirs []Match, element string) (found []Match, err error) {
	if name, ok := plain(element); ok {
		for _, d := range dirs {
			found = append(found, Match{Path: path.Join(d.Path, name), Globbed: d.Globbed})
		}
		return found, nil
	}
	for _, d := range dirs {
		if d.Entry.Type == ftpclient.TypeFile && d.Entry.Name != "" {
			continue
		}
		l, err := c.List(ctx, d.Path)
		switch kind := ftpclient.KindOf(err); {
		case err != nil && d.Globbed && (kind == ftpclient.KindNotExist || kind == ftpclient.KindNotDir):
			continue
		case err != nil:
			return nil, err
		}
		slices.SortFunc(l.Entries, func(a, b ftpclient.Entry) int { return strings.Compare(a.Name, b.Name) })
		for _, e := range l.Entries {
			ok, _ := path.Match(element, e.Name) // checked
			if ok && usable(e.Name) && !isPart(e.Name) && strings.HasPrefix(e.Name, ".") == strings.HasPrefix(element, ".") {
				found = append(found, Match{Path: path.Join(d.Path, e.Name), Entry: e, Globbed: true})
			}
		}
	}
	return found, nil
}
