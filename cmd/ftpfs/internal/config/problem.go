package config

import "fmt"

// Problem is what is wrong in a file, and where: a line and a column from 1 on,
// the column in bytes. Line 0 means the file as a whole.
type Problem struct {
	File         string
	Line, Column int
	Text         string // the thing, the reason and the mend; never a secret
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// position is a place in a file.
type position struct{ line, column int }

func (f *File) problem(at position, format string, args ...any) *Problem {
	return &Problem{File: f.Name, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...)}
}
