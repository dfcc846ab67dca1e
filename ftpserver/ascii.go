package ftpserver

import (
	"bytes"
	"io"
)

// TYPE A moves text with CRLF line ends (RFC 959 section 3.1.1.1), and files
// here have LF: every LF is sent as CRLF, every CRLF is stored as LF. A line
// that ends with CRLF in the file is sent as it is, as vsftpd, ProFTPD and
// pyftpdlib do; a CR elsewhere is kept both ways.

// asciiReader turns each LF of r that has no CR before it into CRLF.
type asciiReader struct {
	r      io.Reader
	buf    [32 << 10]byte
	unread []byte // of buf
	lf     bool   // a CR was delivered and its LF is due
	last   byte   // the last byte delivered
}

func newASCIIReader(r io.Reader) *asciiReader { return &asciiReader{r: r} }

func (a *asciiReader) Read(p []byte) (int, error) {
	if len(a.unread) == 0 && !a.lf {
		n, err := a.r.Read(a.buf[:])
		if n == 0 {
			return 0, err
		}
		a.unread = a.buf[:n] // an error with data comes again at the next Read
	}
	n := 0
	for n < len(p) {
		b := byte('\n')
		switch {
		case a.lf:
			a.lf = false
		case len(a.unread) == 0:
			return n, nil
		default:
			b = a.unread[0]
			a.unread = a.unread[1:]
			if b == '\n' && a.last != '\r' {
				b, a.lf = '\r', true
			}
		}
		p[n], a.last = b, b
		n++
	}
	return n, nil
}

// asciiWriter turns each CRLF into LF on its way to w. flush must end it.
type asciiWriter struct {
	w  io.Writer
	cr bool // a CR was taken and what follows decides
}

func (a *asciiWriter) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p)+1)
	for _, b := range p {
		if a.cr && b != '\n' {
			out = append(out, '\r')
		}
		if a.cr = b == '\r'; !a.cr {
			out = append(out, b)
		}
	}
	if _, err := io.Copy(a.w, bytes.NewReader(out)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes a CR that was the last byte.
func (a *asciiWriter) flush() error {
	if !a.cr {
		return nil
	}
	a.cr = false
	_, err := a.w.Write([]byte{'\r'})
	return err
}
