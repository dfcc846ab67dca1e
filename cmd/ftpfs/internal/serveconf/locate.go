package serveconf

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"ftpfs/cmd/ftpfs/internal/config"
)

// position is a place in a file, from 1 on.
type position struct{ line, column int }

// tables are the keys of each table.
var tables = map[string][]string{
	"user":      {"name", "password", "quota", "rate", "max-sessions", "folder"},
	"anonymous": {"quota", "rate", "max-sessions", "folder"},
	"tftp":      {"listen", "max-size", "quota", "folder"},
	"folder":    {"at", "dir", "access", "list", "read", "overwrite", "mkdir"},
}

// locator finds where everything stands.
type locator struct {
	unstable.Parser
	f        *File
	settings []string
	count    map[string]int // of the tables of a list
	table    string         // that keys belong to now
}

// locate fills f.at and refuses keys that mean nothing. What is no TOML is left
// to the decoder.
func (f *File) locate(text []byte, settings []string) error {
	f.at = make(map[string]position)
	l := &locator{f: f, settings: settings, count: make(map[string]int)}
	l.Reset(text)
	for l.NextExpression() {
		if err := l.take(l.Expression()); err != nil {
			return err
		}
	}
	return nil
}

func (l *locator) take(n *unstable.Node) error {
	path, at := l.key(n)
	switch n.Kind {
	case unstable.Table, unstable.ArrayTable:
		name := l.numbered(path, n.Kind == unstable.ArrayTable)
		l.f.at[name], l.table = at, name
		return l.checkTable(name, path, n.Kind == unstable.ArrayTable)
	case unstable.KeyValue:
		name := strings.Join(path, ".")
		if l.table != "" {
			name = l.table + "." + name
		}
		l.f.at[name] = at
		return l.checkKey(name, path)
	}
	return nil
}

// numbered is the name of a table, with the numbers of lists.
func (l *locator) numbered(path []string, list bool) string {
	var name string
	for i, part := range path {
		name = strings.TrimPrefix(name+"."+part, ".")
		if list && i == len(path)-1 {
			l.count[name]++
		}
		if n := l.count[name]; n > 0 {
			name += "." + strconv.Itoa(n-1)
		}
	}
	return name
}

func (l *locator) key(n *unstable.Node) (path []string, at position) {
	for it := n.Key(); it.Next(); {
		if len(path) == 0 {
			start := l.Shape(it.Node().Raw).Start
			at = position{start.Line, start.Column}
		}
		path = append(path, string(it.Node().Data))
	}
	return path, at
}

func (l *locator) checkTable(name string, path []string, list bool) error {
	last := path[len(path)-1]
	written := strings.Join(path, ".")
	keys, known := tables[path[0]]
	nested := len(path) == 2 && last == "folder" && slices.Contains(keys, last)
	switch {
	case path[0] == "folder" || !known || len(path) > 1 && !nested:
		return l.f.problem(name, "there is no table %s%s: write [[user]], [anonymous] or [tftp], and [[user.folder]] and so on below", written, meant(path[0], slices.Sorted(maps.Keys(tables))))
	case list != (last == "user" || last == "folder"):
		brackets := map[bool]string{true: "[%s]", false: "[[%s]]"}[list]
		return l.f.problem(name, "%s: write "+brackets, written, written)
	}
	return nil
}

func (l *locator) checkKey(name string, path []string) error {
	keys := append(slices.Clone(l.settings), "user", "anonymous", "tftp")
	if l.table != "" {
		parts := slices.DeleteFunc(strings.Split(l.table, "."), func(p string) bool { return strings.Trim(p, "0123456789") == "" })
		keys = tables[parts[len(parts)-1]]
	}
	if !slices.Contains(keys, path[0]) {
		return l.f.problem(name, "there is no setting %s here%s", strings.Join(path, "."), meant(path[0], keys))
	}
	return nil
}

func meant(name string, names []string) string {
	if near := config.Nearest(name, names); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}

// problem is what is wrong at a place, or at the table that it would be in.
func (f *File) problem(at, format string, args ...any) *config.Problem {
	p := &config.Problem{File: f.Name, Text: fmt.Sprintf(format, args...)}
	for ; at != ""; at = at[:max(0, strings.LastIndexByte(at, '.'))] {
		if pos, ok := f.at[at]; ok {
			p.Line, p.Column = pos.line, pos.column
			break
		}
	}
	return p
}
