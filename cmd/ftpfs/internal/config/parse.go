package config

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// entry is one key with its value.
type entry struct {
	path  []string // of tables, then the key
	value value
	at    position
}

// value is a TOML value as it was written.
type value struct {
	kind unstable.Kind
	text string  // of a scalar: a string's content, a number's digits
	list []value // of an array
}

// parser collects the entries of a file.
type parser struct {
	unstable.Parser
	file    *File
	table   []string // the one that was opened last
	tableAt position
}

// parse reads the text of f. The library's decoder says what is no TOML, its
// parser where each key stands.
func (f *File) parse(text []byte) error {
	var all map[string]any
	if err := toml.Unmarshal(text, &all); err != nil {
		return f.syntax(err)
	}
	p := &parser{file: f}
	p.Reset(text)
	for p.NextExpression() {
		if err := p.take(p.Expression()); err != nil {
			return err
		}
	}
	return p.Error()
}

// syntax is what the library found, in its words.
func (f *File) syntax(err error) error {
	var d *toml.DecodeError
	if !errors.As(err, &d) {
		return &Problem{File: f.Name, Text: err.Error()}
	}
	line, column := d.Position()
	return f.problem(position{line, column}, "not TOML (%s): write KEY = VALUE, and texts in quotes", strings.TrimPrefix(d.Error(), "toml: "))
}

func (p *parser) take(n *unstable.Node) error {
	switch n.Kind {
	case unstable.Table:
		p.table, p.tableAt = p.key(n)
		p.file.tables = append(p.file.tables, entry{path: p.table, at: p.tableAt})
	case unstable.ArrayTable:
		path, at := p.key(n)
		name := strings.Join(path, ".")
		return p.file.problem(at, "[[%s]] is a list: write [%s]", name, name)
	case unstable.KeyValue:
		p.keyValue(p.table, n)
	}
	return nil
}

// keyValue takes a key below the tables of path. Inline tables are tables.
func (p *parser) keyValue(path []string, n *unstable.Node) {
	key, at := p.key(n)
	path = append(append([]string(nil), path...), key...)
	v := n.Value()
	if v.Kind != unstable.InlineTable {
		p.file.entries = append(p.file.entries, entry{path: path, value: valueOf(v), at: at})
		return
	}
	p.file.tables = append(p.file.tables, entry{path: path, at: at})
	for it := v.Children(); it.Next(); {
		p.keyValue(path, it.Node())
	}
}

// key returns the parts of a dotted key, and where it begins.
func (p *parser) key(n *unstable.Node) (path []string, at position) {
	for it := n.Key(); it.Next(); {
		if len(path) == 0 {
			start := p.Shape(it.Node().Raw).Start
			at = position{start.Line, start.Column}
		}
		path = append(path, string(it.Node().Data))
	}
	return path, at
}

func valueOf(n *unstable.Node) value {
	v := value{kind: n.Kind, text: string(n.Data)}
	if n.Kind == unstable.Array {
		for it := n.Children(); it.Next(); {
			v.list = append(v.list, valueOf(it.Node()))
		}
	}
	return v
}
