package status

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Fit cuts printable lines to a terminal of so many columns and rows. The last row
// says how many are not shown, if some are not.
func Fit(lines []string, columns, rows int) []string {
	if len(lines) > rows {
		hidden := len(lines) - rows + 1
		lines = append(append([]string{}, lines[:rows-1]...), fmt.Sprintf("(%d lines more)", hidden))
	}
	fitting := make([]string, len(lines))
	for i, line := range lines {
		fitting[i] = cut(line, columns)
	}
	return fitting
}

// cut cuts a line to so many columns, and ends it in ">" then.
func cut(line string, columns int) string {
	used, last := 0, 0 // last: where it may be cut, with a column to spare
	for i, r := range line {
		if used+columnsOf(r) > columns {
			return strings.TrimRight(line[:last], " ") + ">"
		}
		used += columnsOf(r)
		if used < columns {
			last = i + len(string(r))
		}
	}
	return line
}

// columnsOf is how many columns a character takes (Unicode annex 11).
func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
		return 2
	}
	return 1
}
