package ftpclient

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// wire is the transport below a TLS connection. It is for the goroutine that
// reads.
type wire struct {
	net.Conn
	ended bool // the peer has closed it
	poll  bool // reads take what is there and do not wait
}

// Read notes the end of the stream: crypto/tls reports one without
// close_notify, which anybody on the way can make, like a proper one if it is
// between two records.
func (w *wire) Read(p []byte) (int, error) {
	if w.poll {
		if ready, known := readable(w.Conn); known && !ready {
			return 0, os.ErrDeadlineExceeded // which crypto/tls takes for temporary
		}
	}
	n, err := w.Conn.Read(p)
	if n == 0 && err == io.EOF {
		w.ended = true
	}
	return n, err
}

// SetWriteDeadline does nothing: deadlines are for both directions here. The
// one who would call it is crypto/tls, which gives its close_notify five
// seconds; behind a full send buffer on a slow line that is too little.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// readable tells without waiting whether a read of nc would return at once.
// Where that cannot be found out, known is false.
func readable(nc net.Conn) (ready, known bool) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false, false
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return true, true // the read will tell
	}
	ready = true
	var b [1]byte
	err = rc.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		ready = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK
		return true
	})
	return ready || err != nil, true
}
