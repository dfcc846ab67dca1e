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

// lineParser reads one listing line. ok false means that the line is not one;
// skip true that it names nothing, as cdir or "total 8" do.
type lineParser func(line string) (e Entry, skip, ok bool)

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
	parse lineParser
	facts bool // lines of MLSD, all of which are entries
	after bool // the line before this was an entry

	rows, padded int // rows of names, and those that begin with a space
}

// line takes one line.
func (l *listReader) line(line []byte, flaw string) {
	after := l.after
	l.after = false
	if flaw != "" {
		l.skip(string(line), flaw)
		return
	}
	e, skip, ok := l.parse(string(line))
	switch {
	case ok && !skip:
		l.entry(string(line), e)
	case !ok && strings.TrimSpace(string(line)) != "":
		if l.facts && after { // the rest of a name with a newline (quirkNewlineInName)
			l.skip(l.Entries[len(l.Entries)-1].Name, "newline in a name")
			l.Entries = l.Entries[:len(l.Entries)-1]
		}
		l.skip(string(line), "not understood")
	}
}

// entry takes an entry, unless its name is none that a directory can hold.
func (l *listReader) entry(line string, e Entry) {
	l.rows++
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
		l.Entries = append(l.Entries, e)
		l.after = true
	}
}

// result is the listing when all lines were taken. Where every name of a LIST
// begins with a space, that is a wider column and no name (quirkWideColumn).
func (l *listReader) result() *Listing {
	if l.facts || l.rows < 2 || l.padded < l.rows {
		return &l.Listing
	}
	rows := l.Entries
	l.Entries, l.rows, l.padded = nil, 0, 0
	for _, e := range rows {
		e.Name = e.Name[1:]
		l.entry(e.Name, e)
	}
	return l.result()
}

func (l *Listing) skip(line, reason string) {
	if len(line) > 1024 {
		line = line[:1024]
	}
	l.Skipped = append(l.Skipped, Skipped{Line: line, Reason: reason})
}
