package ftpclient

import (
	"crypto/tls"
	"errors"
	"io"
	"time"
)

const (
	// sessionOld is an age up to which no server finds a TLS session too old.
	sessionOld = time.Minute
	// farewell bounds what is said and heard at the end of a data connection
	// when nothing depends on it.
	farewell = 2 * time.Second
)

var (
	// errCut is a data connection that ended without close_notify.
	errCut = errors.New("the data connection was cut: it ended without TLS's close_notify")
	// errSessionExpired is a TLS session that the server has resumed before
	// and does no more.
	errSessionExpired = errors.New("the TLS session has expired")
	// ErrNoTicket is the cause where a server refuses data connections because
	// they resume no TLS session, after it has given no ticket to resume one by:
	// in TLS 1.2, crypto/tls has no other means.
	ErrNoTicket = errors.New("the server wants TLS sessions resumed and gives no session tickets")
)

// startTLS prepares to make d a secure one.
func (c *conn) startTLS(d *dataConn) {
	d.wire = &wire{Conn: d.raw}
	d.shaking = tls.Client(d.wire, c.tls.data)
	c.deadline(d.shaking, c.opts.DataTimeout)
}

// shakeHands makes d a secure one, after startTLS. Servers do not answer before
// they have got the transfer command. The hands are shaken in any case: an empty
// file needs it too. It touches d and nothing of c that is its owner's.
func (c *conn) shakeHands(d *dataConn) error {
	tc := d.shaking
	if err := tc.Handshake(); err != nil {
		return handshakeError("data", err)
	}
	d.nc, d.tls = tc, tc
	c.set(guardData, tc)
	return c.resumed(tc.ConnectionState().DidResume)
}

// judgeTLS takes the result of shakeHands.
func (c *conn) judgeTLS(d *dataConn, err error) error {
	var e *Error
	switch {
	case err == nil:
		c.tls.anew = !d.tls.ConnectionState().DidResume
		return nil
	case errors.Is(err, errSessionExpired):
		return c.fail("data", err)
	case errors.As(err, &e):
		return c.dataRefused(d, e)
	}
	return c.fail("data", err)
}

// resumed learns whether the server resumes sessions. One that did, and now
// does not for a session that is old, may be about to refuse the transfer
// (quirkSessionExpires): nothing was sent yet, so that it can be repeated on a
// fresh control connection.
func (c *conn) resumed(yes bool) error {
	old := c.tls.sessions.age() >= sessionOld
	switch {
	case yes:
		c.srv.learn(factResume, Yes, "the handshake of a data connection")
	case !old:
		c.srv.learn(factResume, No, "the handshake of a data connection")
	case c.srv.support(factResume) != No:
		return &Error{Op: "data", Kind: KindNetwork, Err: errSessionExpired}
	}
	return nil
}

// dataRefused adds to a handshake that failed what the server says of it, as
// 522 where it wants the session resumed. The connection is given up.
func (c *conn) dataRefused(d *dataConn, e *Error) error {
	d.close(e)
	if c.interrupted() == nil {
		r, err := c.recv("data", abortTimeout)
		switch {
		case errors.Is(err, ErrNoTicket):
			return err
		case err == nil && (r.transient() || r.permanent()):
			e.Code, e.Text = r.code, r.text()
		}
	}
	c.broken = nil // what the handshake said is the reason
	return c.fail("data", e)
}

// ticketless tells that the control connection's session cannot be resumed.
func (c *conn) ticketless() bool {
	tc, ok := c.ctl.(tlsControl)
	if !ok || tc.ConnectionState().Version != tls.VersionTLS12 {
		return false // tickets of TLS 1.3 may come later
	}
	_, has := c.tls.sessions.Get("")
	return !has
}

// demandsTicket recognises the refusal of a data connection, whose handshake
// resumed nothing, by a server that left nothing to resume: 522 (RFC 4217
// section 10.2 has no code of its own for it), or 425 of ProFTPD.
func (c *conn) demandsTicket(r reply) bool {
	return (r.code == 425 || r.code == 522) && c.tls != nil && c.tls.anew && c.ticketless()
}

// endWrite tells the server that all was sent: close_notify, then the end of
// the TCP stream. To close at once would lose data: with TLS 1.3 there are
// tickets that nobody has read, which turn the close into a reset.
func (d *dataConn) endWrite() error {
	if d.tls == nil {
		return nil
	}
	d.c.deadline(d.nc, d.c.opts.DataTimeout)
	if err := d.tls.CloseWrite(); err != nil {
		return err
	}
	if tcp, ok := d.raw.(interface{ CloseWrite() error }); ok {
		return tcp.CloseWrite()
	}
	return nil
}

// drain reads over what the server still sends on a data connection whose
// sending is over, until stop closes it: when the server's final reply, if it is
// yet to come, has. Where the transport cannot be closed by half, the server may
// wait for more than close_notify before it replies, so that it is closed soon.
func (d *dataConn) drain(replyToCome bool) (stop func()) {
	_, half := d.raw.(interface{ CloseWrite() error })
	limit := max(d.c.opts.ReplyTimeout, d.c.opts.DataTimeout)
	if !half {
		limit = farewell
	}
	d.c.deadline(d.raw, limit)
	raw, done := d.raw, make(chan struct{})
	go func() {
		io.Copy(io.Discard, raw) // its end is all that matters
		close(done)
	}()
	if !half || !replyToCome {
		<-done
		d.close(nil)
	}
	return func() {
		d.close(nil)
		<-done
	}
}
