package ftpclient

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxListLine is the longest listing line that is held.
const maxListLine = 64 << 10

// readLines calls fn with each line, without its end. flaw says why a line
// cannot be used, if that is known already; a line that is too long is cut.
//
// Lines end in CRLF or in LF. Names may hold either octet, so one of the two
// is chosen for a whole listing, by how its first part ends or, if that is not
// all, what it has more of. A LF that ends no line belongs to a name, which
// FTP cannot send (quirkNewlineInName).
func readLines(r io.Reader, fn func(line []byte, flaw string)) error {
	br := bufio.NewReaderSize(r, maxListLine)
	head, err := br.Peek(maxListLine)
	if err != nil && err != io.EOF {
		return err
	}
	crlf := bytes.HasSuffix(head, []byte("\r\n"))
	if err == nil {
		n := bytes.Count(head, []byte("\r\n"))
		crlf = n > bytes.Count(head, []byte("\n"))-n
	}
	s := lineSplitter{br: br, crlf: crlf}
	for {
		line, flaw, err := s.next()
		if len(line) > 0 || flaw != "" {
			fn(line, flaw)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// lineSplitter cuts a listing at one kind of line end.
type lineSplitter struct {
	br   *bufio.Reader
	crlf bool
	buf  []byte
}

// next returns the next line; what it returns is valid until the next call.
func (s *lineSplitter) next() (line []byte, flaw string, err error) {
	s.buf = s.buf[:0]
	for {
		part, err := s.br.ReadSlice('\n')
		room := maxListLine - len(s.buf)
		if len(part) > room {
			flaw = "line too long"
		}
		s.buf = append(s.buf, part[:min(len(part), room)]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return s.buf, flaw, err
		case s.crlf && !bytes.HasSuffix(part, []byte("\r\n")):
			if !(len(part) == 1 && len(s.buf) > 1 && s.buf[len(s.buf)-2] == '\r') {
				if flaw == "" {
					flaw = "newline in a name"
				}
				continue
			}
		}
		line = bytes.TrimSuffix(s.buf, []byte("\n"))
		if s.crlf {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		return line, flaw, nil
	}
}

// listReader makes a Listing of lines.
type listReader struct {
	Listing
	rows  *rowReader // of LIST; nil for MLSD, all lines of which are entries
	after bool       // the line before this was an entry
	out   *outflow   // takes entries away while they arrive; nil: all are kept
	// localNames is conn's, for the entries that out takes; the caller of
	// result does it for the others.
	localNames func(*Listing)

	named, padded int // rows with names, and those whose names begin with a space
}

// line takes one line.
func (l *listReader) line(line []byte, flaw string) {
	s := string(line)
	after := l.after
	l.after = false
	switch {
	case flaw != "":
		l.skip(s, flaw)
	case strings.TrimSpace(s) == "":
	case l.rows != nil:
		l.rows.line(s, l.row)
	default:
		l.fact(s, after)
	}
}

// fact takes a line of MLSD. One that is no entry is the rest of a name with a
// newline (quirkNewlineInName), if the line before was one.
func (l *listReader) fact(line string, after bool) {
	e, skip, ok := parseFactsLine(line)
	switch {
	case ok && !skip:
		l.entry(line, e)
	case !ok:
		if after {
			l.skip(l.Entries[len(l.Entries)-1].Name, "newline in a name")
			l.Entries = l.Entries[:len(l.Entries)-1]
		}
		l.skip(line, "not understood")
	}
}

// row takes a line of LIST and what its dialect reads in it.
func (l *listReader) row(line string, e Entry, v verdict) {
	switch v {
	case aRow:
		l.entry(line, e)
	case notRow:
		l.skip(line, "not understood")
	}
}

// entry takes an entry, unless its name is none that a directory can hold.
func (l *listReader) entry(line string, e Entry) {
	l.named++
	if e.Name != "" && e.Name[0] == ' ' {
		l.padded++
	}
	switch {
	case e.Name == "." || e.Name == "..":
		l.dots = true
	case e.Name == "":
		l.skip(line, "empty name")
	case strings.Contains(e.Name, "/"):
		l.skip(line, "slash in a name")
	case strings.ContainsAny(e.Name, "\r\n\x00"):
		l.skip(line, "control character in a name that FTP cannot send")
	default:
		if l.out.wants(l) {
			l.out.drain(l)
		}
		l.Entries = append(l.Entries, e)
		l.after = true
	}
}

// result is the listing when all lines were taken.
func (l *listReader) result() *Listing {
	if l.rows != nil {
		l.rows.end(l.row)
		if finish := l.rows.finish(); finish != nil {
			l.renamed(finish(l.Entries))
		}
		for l.named > 1 && l.padded == l.named {
			l.narrow()
		}
	}
	return &l.Listing
}

// narrow takes a space off every name: where all of a LIST begin with one,
// that is a wider column and no name (quirkWideColumn).
func (l *listReader) narrow() {
	rows := l.Entries
	for i := range rows {
		rows[i].Name = rows[i].Name[1:]
	}
	l.renamed(rows)
}

// renamed takes entries again under other names.
func (l *listReader) renamed(entries []Entry) {
	l.Entries, l.named, l.padded = nil, 0, 0
	for _, e := range entries {
		l.entry(e.Name, e)
	}
}

func (l *Listing) skip(line, reason string) {
	if len(line) > 1024 {
		line = line[:1024]
	}
	l.Skipped = append(l.Skipped, Skipped{Line: line, Reason: reason})
}
