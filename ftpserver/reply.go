package ftpserver

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"
)

// replyTimeout bounds the wait for the peer to take our replies.
const replyTimeout = 30 * time.Second

// reply is what a command is answered with (RFC 959 section 4.2). More than
// one line makes a multi-line reply.
type reply struct {
	code  int
	lines []string
	bare  bool // the lines between the first and the last stand as they are
}

func say(code int, lines ...string) reply { return reply{code: code, lines: lines} }

func sayf(code int, format string, args ...any) reply {
	return say(code, fmt.Sprintf(format, args...))
}

// Error lets a reply travel as an error; see fail.
func (r reply) Error() string { return fmt.Sprintf("%d %s", r.code, strings.Join(r.lines, "\n")) }

var errReadOnly = say(550, syscallText(syscall.EROFS))

// errnoCodes are the codes of errors other than 550 (RFC 959 section 4.2.2).
var errnoCodes = map[syscall.Errno]int{
	syscall.ENOSPC:       452,
	syscall.EDQUOT:       552,
	syscall.EFBIG:        552,
	syscall.ENAMETOOLONG: 553,
	syscall.EBUSY:        450,
	syscall.ETXTBSY:      450,
	syscall.EAGAIN:       450,
	syscall.EIO:          451,
	syscall.EMFILE:       451,
	syscall.ENFILE:       451,
	syscall.ENOMEM:       451,
}

// fail makes the reply for err. It tells what is wrong in the words of
// strerror(3) and nothing else: no path of the host gets out.
func fail(err error) reply {
	var r reply
	if errors.As(err, &r) {
		return r
	}
	errno, ok := errnoOf(err)
	if !ok {
		return say(451, "Local error in processing.")
	}
	if code, ok := errnoCodes[errno]; ok {
		return say(code, syscallText(errno))
	}
	return say(550, syscallText(errno))
}

// failTransfer is fail for an error after 1yz, where 550 is not among the
// replies of RFC 959 section 5.4.
func failTransfer(err error) reply {
	r := fail(err)
	if r.code == 550 || r.code == 450 {
		r.code = 451
	}
	return r
}

// errnoOf finds the errno in err, or the one that stands for a kind of io/fs.
func errnoOf(err error) (syscall.Errno, bool) {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return errno, true
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT, true
	case errors.Is(err, fs.ErrExist):
		return syscall.EEXIST, true
	case errors.Is(err, fs.ErrPermission):
		return syscall.EACCES, true
	case errors.Is(err, fs.ErrInvalid):
		return syscall.EINVAL, true
	}
	return 0, false
}

// syscallText is strerror(3): Go's texts in C's upper case.
func syscallText(errno syscall.Errno) string {
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// send is the only way out for replies. It leaves them in the buffer; flush
// sends them.
func (s *session) send(r reply) {
	if t := s.srv.opts.Trace.Reply; t != nil {
		t(s.id, r.code, strings.Join(r.lines, "\n"))
	}
	if frame := s.srv.profile.frame; frame != nil {
		s.out.WriteString(frame(r)) // flush has its errors
		return
	}
	last := len(r.lines) - 1
	for i, text := range r.lines {
		if i > 0 && i < last && s.srv.profile.rawNames {
			text = s.rawWire(text)
		} else {
			text = wire(text, !s.srv.profile.literalIAC)
		}
		switch {
		case i == last:
			fmt.Fprintf(s.out, "%03d %s\r\n", r.code, text)
		case i == 0:
			fmt.Fprintf(s.out, "%03d-%s\r\n", r.code, text)
		case r.bare:
			fmt.Fprintf(s.out, "%s\r\n", text)
		default:
			// The space keeps a line from being taken for the last one.
			fmt.Fprintf(s.out, " %s\r\n", text)
		}
	}
}

// wire makes text one line of the control connection: line ends and NUL
// become '?', and with telnet 0xFF is doubled, which is its IAC (RFC 854).
func wire(text string, telnet bool) string {
	if !strings.ContainsAny(text, "\r\n\x00") && strings.IndexByte(text, telnetIAC) < 0 {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; c {
		case '\r', '\n', 0:
			b.WriteByte('?')
		case telnetIAC:
			b.WriteByte(c)
			if telnet {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// rawWire is wire for rows of STAT in which names may break lines.
func (s *session) rawWire(row string) string {
	parts := strings.Split(row, "\n")
	for i := range parts {
		parts[i] = wire(parts[i], !s.srv.profile.literalIAC)
	}
	return strings.Join(parts, "\n")
}

// flush sends what is in the buffer; a peer that does not take it in time
// loses the session.
func (s *session) flush() {
	if s.out.Buffered() == 0 {
		return
	}
	s.conn.SetWriteDeadline(time.Now().Add(replyTimeout))
	if err := s.out.Flush(); err != nil {
		s.log.Debug("control connection", "err", err)
		s.closing = true
	}
}

// quoted is a path as 257 shows it (RFC 959 appendix II).
func quoted(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
