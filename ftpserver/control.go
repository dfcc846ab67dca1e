package ftpserver

import (
	"errors"
	"net"
	"strings"
	"time"
)

// line is a command line as it was read, or the reader's last word.
type line struct {
	text string
	err  error

	held    bool // it is AUTH, and the reader waits for session.resume
	ahead   bool // bytes after it were read already
	segment int  // of those that were read, counted from 1, in which it began
}

// readLines is the reader's goroutine: it ends with the connection or ctx.
// Behind AUTH it waits, as what comes next may be the handshake.
func (s *session) readLines(conn net.Conn, lines chan<- line) {
	defer close(lines)
	r := newLineReader(conn, s.srv.profile.literalIAC)
	segment := 0
	for {
		if r.r.Buffered() == 0 {
			segment++
		}
		text, err := r.next()
		verb, _ := splitLine(text)
		l := line{text, err, verb == "AUTH", r.r.Buffered() > 0, segment}
		select {
		case lines <- l:
		case <-s.ctx.Done():
			return
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			return
		}
		if !l.held {
			continue
		}
		select {
		case secure := <-s.resume:
			if secure != nil {
				r = newLineReader(secure, s.srv.profile.literalIAC)
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// splitLine splits a command line into the verb in upper case and what
// follows the one space after it, leading and trailing spaces included. What
// is left of a Telnet Synch before the verb is dropped.
func splitLine(text string) (verb, arg string) {
	for len(text) > 0 && (text[0] == telnetIAC || text[0] == telnetDM || text[0] == telnetIP) {
		text = text[1:]
	}
	verb, arg, _ = strings.Cut(text, " ")
	return strings.ToUpper(verb), arg
}

// hangUp sends our FIN and waits a moment for the peer's, reading on, so that
// unread input does not turn the end into a reset that overtakes our reply.
func (s *session) hangUp(lines <-chan line) {
	if s.lost {
		return
	}
	s.closeControl()
	s.conn.SetReadDeadline(time.Now().Add(hangUpWait))
	for l := range lines {
		if l.held {
			s.resume <- nil
		}
	}
}
