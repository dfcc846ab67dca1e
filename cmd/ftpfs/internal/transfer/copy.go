package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"sync"
)

// buffers are for copyAll. They are large: each read of a data connection sets a
// deadline.
var buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// copyAll copies to the end of r. An error of w is without the name of its file.
func copyAll(w io.Writer, r io.Reader) (n int64, err error) {
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	for {
		m, err := r.Read(*b)
		if m > 0 {
			k, werr := w.Write((*b)[:m])
			n += int64(k)
			if werr != nil {
				return n, reason(werr)
			}
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return n, err
		}
	}
}

// fromNet makes LF of the CR LF that lines end with on the net (RFC 959 section
// 3.1.1.1).
type fromNet struct {
	r    io.Reader
	cr   bool // one is held back
	rest []byte
	err  error
	buf  [32 << 10]byte
}

func (f *fromNet) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		n, err := f.r.Read(f.buf[:len(f.buf)-1])
		f.rest, f.err = f.convert(f.buf[:n], err == io.EOF), err
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// convert returns what b and the CR before it are here.
func (f *fromNet) convert(b []byte, end bool) []byte {
	if f.cr {
		b = append([]byte{'\r'}, b...)
	}
	f.cr = false
	if !end && len(b) > 0 && b[len(b)-1] == '\r' {
		f.cr, b = true, b[:len(b)-1]
	}
	return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
}

// toNet makes CR LF of line ends, and leaves alone those that are so already.
type toNet struct {
	in   *bufio.Reader
	last byte
	lf   bool // is owed
}

func newToNet(r io.Reader) *toNet { return &toNet{in: bufio.NewReaderSize(r, 64<<10)} }

func (t *toNet) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if t.lf {
			p[n], t.lf, t.last = '\n', false, '\n'
			n++
			continue
		}
		if n > 0 && t.in.Buffered() == 0 {
			return n, nil // what there is, rather than to wait
		}
		c, err := t.in.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil // the next Read has it again
			}
			return 0, err
		}
		if c == '\n' && t.last != '\r' {
			c, t.lf = '\r', true
		}
		p[n], t.last = c, c
		n++
	}
	return n, nil
}
