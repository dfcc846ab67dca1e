package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// lingerWait bounds the wait for the peer to close a data connection of TLS
// after our close_notify.
const lingerWait = time.Second

var (
	errNotResumed  = say(522, "TLS session of the control connection must be resumed on the data connection.")
	errNoHandshake = say(425, "Cannot open data connection: TLS handshake failed.")
	// errNoCloseNotify is that a stream of TLS ended without saying so: it may
	// have been cut by anyone (RFC 8446 section 6.1).
	errNoCloseNotify = say(426, "Data connection closed without TLS close_notify; the file may be incomplete.")
)

// handshake makes c a connection of TLS, as its server in active mode as well
// (RFC 4217 section 7). With resumed, only a peer that resumes the session of
// the control connection is let in.
func (c *dataConn) handshake(ctx context.Context, config *tls.Config, resumed bool) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	conn := tls.Server(c.pacedConn, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return errors.Join(errNoHandshake, err)
	}
	c.tls, c.stream = conn, conn
	if resumed && !conn.ConnectionState().DidResume {
		return errNotResumed
	}
	return nil
}

// finish ends the sending side after all data, by close_notify where there is
// TLS, and FIN. The kernel goes on delivering.
func (c *dataConn) finish() error {
	if c.tls == nil {
		return c.Conn.Close()
	}
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	closeWrite(c.Conn)
	return nil
}

// linger waits for the peer's end and closes: a close with its close_notify
// unread would be a reset, which costs the peer what it has not read yet. It
// closes at once when ctx ends.
func (c *dataConn) linger(ctx context.Context) {
	defer c.Conn.Close()
	defer context.AfterFunc(ctx, func() { c.Conn.Close() })()
	c.Conn.SetReadDeadline(time.Now().Add(lingerWait))
	io.CopyN(io.Discard, c.Conn, 1<<16)
}

// awaitClose sends FIN and waits for the peer's, but not for long.
func (c *dataConn) awaitClose(atMost time.Duration) {
	closeWrite(c.Conn)
	c.Conn.SetReadDeadline(time.Now().Add(atMost))
	io.CopyN(io.Discard, c.Conn, 1<<16)
}

// pacedConn is a connection on which every read and write must make progress
// within the timeout. TLS runs on top of it: a timeout in the middle of a
// record cannot be repaired there.
type pacedConn struct {
	net.Conn
	timeout time.Duration
	ended   bool // the peer's FIN was read
}

func (c *pacedConn) Read(p []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(c.timeout))
	n, err := c.Conn.Read(p)
	c.ended = c.ended || err == io.EOF
	return n, err
}

// Write writes all of p. A timeout counts only if nothing was written in it:
// a slow peer is not a stalled one.
func (c *pacedConn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		c.SetWriteDeadline(time.Now().Add(c.timeout))
		n, err := c.Conn.Write(p[written:])
		written += n
		if err != nil && !(n > 0 && isTimeout(err)) {
			return written, err
		}
	}
	return written, nil
}
