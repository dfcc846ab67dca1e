package ftpclient

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The limits of one reply. RFC 959 sets none; a server must not be able to
// make us hold more than this.
const (
	maxReplyLine  = 64 << 10
	maxReplyBytes = 1 << 20
	maxReplyLines = 10000

	// maxPreliminary is how many 1yz replies may come before the one that
	// counts: each has a deadline of its own, all of them must have an end.
	maxPreliminary = 16
)

// reply is one server reply (RFC 959 section 4.2). lines are without line
// ends; the first and the last are without the code and its separator, those
// between are as they came.
type reply struct {
	code  int
	lines []string
	to    string // the command that it answers, as traces show it
}

// text is the whole reply without codes, one line per line.
func (r reply) text() string { return strings.Join(r.lines, "\n") }

// The first digit says what a reply is (RFC 959 section 4.2.1).
func (r reply) preliminary() bool  { return r.code/100 == 1 }
func (r reply) completed() bool    { return r.code/100 == 2 }
func (r reply) intermediate() bool { return r.code/100 == 3 }
func (r reply) transient() bool    { return r.code/100 == 4 }
func (r reply) permanent() bool    { return r.code/100 == 5 }

// outOfTurn tells that it is neither a success nor a refusal, but the answer to
// something else.
func (r reply) outOfTurn() bool { return !r.completed() && !r.transient() && !r.permanent() }

// notImplemented tells that the server does not have the command at all.
func (r reply) notImplemented() bool {
	return r.code == 500 || r.code == 502 || r.code == 504 || r.code == 202
}

// protocolError tells what was read in place of a reply.
type protocolError struct{ what string }

func (e *protocolError) Error() string { return e.what }

// replyReader splits a control connection into replies.
type replyReader struct {
	br   *bufio.Reader
	bare bool // LF alone ended the last line
}

func newReplyReader(r io.Reader) *replyReader {
	return &replyReader{br: bufio.NewReaderSize(r, 16<<10)}
}

// final reads the reply to op, each part of it within d. Preliminary ones are
// read over: to most commands there should be none (RFC 959 section 6), but one
// that comes all the same would else be taken for the reply, and the reply for
// that to the next command. A server that sends nothing else is no FTP server.
func (c *conn) final(op string, d time.Duration) (reply, error) {
	return c.finalBy(op, d, c.in.read)
}

// finalBy is final with the way to read a reply.
func (c *conn) finalBy(op string, d time.Duration, read func() (reply, error)) (reply, error) {
	for range maxPreliminary {
		r, err := c.receive(op, d, read)
		if err != nil || !r.preliminary() {
			return r, err
		}
	}
	return reply{}, c.fail(op, &protocolError{"preliminary replies without end"})
}

// pending tells whether octets came that no reply has used.
func (r *replyReader) pending() bool { return r.br.Buffered() > 0 }

// await waits until an octet has come, or returns why none will.
func (r *replyReader) await() error {
	_, err := r.br.Peek(1)
	return err
}

// read returns the next reply. An end of the stream between replies is
// io.EOF, inside one io.ErrUnexpectedEOF, anything that is not a reply a
// *protocolError.
func (r *replyReader) read() (reply, error) {
	rep, size, more, err := r.first()
	if more {
		limit := replyLimit{lines: maxReplyLines, bytes: maxReplyBytes - size}
		err = r.rest(&rep, limit, func(line string) { rep.lines = append(rep.lines, line) })
	}
	return rep, err
}

// readLines is read for a reply of many lines: those between the first and the
// last go to line and are not kept.
func (r *replyReader) readLines(limit replyLimit, line func(string)) (reply, error) {
	rep, _, more, err := r.first()
	if more {
		err = r.rest(&rep, limit, line)
	}
	return rep, err
}

// replyLimit is the most that is read of one reply.
type replyLimit struct{ lines, bytes int }

// first reads the first line of a reply; more tells that others follow.
func (r *replyReader) first() (rep reply, size int, more bool, err error) {
	line, err := r.line()
	if err != nil {
		return reply{}, 0, false, err
	}
	code, sep, ok := splitCode(line)
	if !ok {
		return reply{}, 0, false, &protocolError{notFTP(line)}
	}
	return reply{code: code, lines: []string{afterCode(line)}}, len(line), sep == '-', nil
}

// rest reads a multi-line reply up to the line that has the same code and a
// space, or nothing, behind it; other codes inside are text.
func (r *replyReader) rest(rep *reply, limit replyLimit, inner func(string)) error {
	for n := 1; ; n++ {
		line, err := r.line()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		limit.bytes -= len(line)
		if limit.bytes < 0 || n >= limit.lines {
			return &protocolError{"a reply without end"}
		}
		if code, sep, ok := splitCode(line); ok && code == rep.code && sep == ' ' {
			rep.lines = append(rep.lines, afterCode(line))
			return nil
		}
		inner(line)
	}
}

// line reads up to LF, which a CR may precede; a CR alone ends nothing, names
// may hold it.
func (r *replyReader) line() (string, error) {
	var long []byte
	for {
		part, err := r.br.ReadSlice('\n')
		if len(long)+len(part) > maxReplyLine {
			return "", &protocolError{"a reply line without end"}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part...)
			continue
		}
		if err == io.EOF && len(long)+len(part) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		if long != nil {
			part = append(long, part...)
		}
		part, ended := bytes.CutSuffix(part[:len(part)-1], []byte{'\r'})
		r.bare = !ended
		return string(stripTelnet(part)), nil
	}
}

// The Telnet bytes that a reply may hold (RFC 854, RFC 1123 section 4.1.2.12).
const (
	telnetSE   = 240
	telnetWILL = 251
	telnetIAC  = 255
)

// stripTelnet removes Telnet commands and turns a doubled IAC into one. It
// works in place. An IAC before an octet that is no Telnet command is text:
// vsftpd and Pure-FTPd do not double it (quirkRawIAC).
func stripTelnet(b []byte) []byte {
	if bytes.IndexByte(b, telnetIAC) < 0 {
		return b
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] != telnetIAC || i+1 == len(b) || b[i+1] < telnetSE {
			out = append(out, b[i])
			continue
		}
		i++
		switch {
		case b[i] == telnetIAC:
			out = append(out, telnetIAC)
		case b[i] >= telnetWILL:
			i++ // the option
		}
	}
	return out
}

// splitCode reads the three digits of a reply line and what separates them
// from the text; a line of a code alone counts as separated by a space.
func splitCode(line string) (code int, sep byte, ok bool) {
	if len(line) < 3 || line[0] < '1' || line[0] > '6' {
		return 0, 0, false
	}
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, 0, false
		}
		code = code*10 + int(line[i]-'0')
	}
	switch {
	case len(line) == 3:
		return code, ' ', true
	case line[3] == ' ' || line[3] == '-':
		return code, line[3], true
	}
	return 0, 0, false
}

func afterCode(line string) string {
	if len(line) <= 4 {
		return ""
	}
	return line[4:]
}

// notFTP names what answers where an FTP server was expected.
func notFTP(line string) string {
	switch {
	case strings.HasPrefix(line, "SSH-"):
		return "an SSH server answers there (" + clip(quoteText(line)) + "), not an FTP server"
	case strings.HasPrefix(line, "HTTP/"), strings.HasPrefix(line, "<"):
		return "a web server answers there (" + clip(quoteText(line)) + "), not an FTP server"
	}
	return fmt.Sprintf("no FTP reply: %s", clip(quote(line)))
}

func clip(s string) string { return clipAt(s, 80) }

func clipAt(s string, most int) string {
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
