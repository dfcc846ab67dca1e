package ftpclient

import (
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sendPart is how much the system is told to send at a time: what passes within one
// DataTimeout.
const sendPart = 256 << 10

// sendsFiles tells whether the system can send from a file: in the clear, over a socket
// of our own.
func (d *dataConn) sendsFiles() bool {
	_, ok := d.nc.(*net.TCPConn)
	return ok && d.tls == nil
}

// sendSections is send of head and then of what r has.
func (t *transfer) sendSections(head []byte, r SectionReader) (int64, error) {
	if _, err := t.Write(head); err != nil {
		return t.bytes, t.writeFailed(err)
	}
	for {
		file, off, n, err := r.NextSection(sendPart)
		if n > 0 {
			if werr := t.sendFile(file, off, n); werr != nil {
				return t.bytes, t.writeFailed(werr)
			}
		}
		if err != nil {
			return t.sourceEnds(err)
		}
	}
}

// sendFile sends n octets of a file from off, each part of them within DataTimeout.
func (d *dataConn) sendFile(file *os.File, off, n int64) error {
	from, err := file.SyscallConn()
	if err != nil {
		return err
	}
	to, err := d.nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	for n > 0 {
		d.c.deadline(d.nc, d.c.opts.DataTimeout)
		m, err := sendSome(to, from, off, int(n))
		d.count(m)
		off, n = off+int64(m), n-int64(m)
		switch {
		case err != nil:
			return err
		case m == 0:
			return io.ErrUnexpectedEOF // the file has become shorter
		}
	}
	return nil
}

// sendSome is one sendfile(2), which it waits for.
func sendSome(to, from syscall.RawConn, off int64, most int) (n int, err error) {
	var closed, waited error
	closed = from.Control(func(file uintptr) {
		waited = to.Write(func(socket uintptr) bool {
			for {
				n, err = unix.Sendfile(int(socket), int(file), &off, most)
				if err != unix.EINTR {
					return err != unix.EAGAIN
				}
			}
		})
	})
	switch n = max(n, 0); {
	case closed != nil:
		return n, closed
	case waited != nil:
		return n, waited
	}
	return n, err
}
