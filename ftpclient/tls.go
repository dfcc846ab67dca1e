package ftpclient

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// tlsState is what a control connection has since its handshake.
type tlsState struct {
	wire     *wire
	sessions *sessionCache
	data     *tls.Config // of its data connections
	private  bool        // they are secure too (PROT P)
	later    bool        // PROT P is to be asked for again after the login
	anew     bool        // the last data connection resumed nothing
}

// secure makes the session as secure as Options.Security says, before the
// user's name is sent. It fails rather than to go on with less.
func (c *conn) secure(greeting reply) error {
	switch c.opts.Security {
	case SecurityNone:
		return nil
	case SecurityTry, SecurityExplicit:
		if err := c.auth(greeting); err != nil {
			return err
		}
	}
	if c.tls == nil {
		return nil
	}
	return c.protect(greeting.code != 230)
}

// auth is AUTH TLS and the handshake (RFC 4217 section 4). A server that is
// logged in already would take what was said before for the user's
// (CVE-2021-22946).
func (c *conn) auth(greeting reply) error {
	if greeting.code == 230 {
		return c.insecure("AUTH", greeting)
	}
	r, err := c.cmd("AUTH", "TLS")
	if err == nil && (r.code == 500 || r.code == 504) {
		r, err = c.cmd("AUTH", "SSL") // quirkAuthSSL
	}
	switch {
	case err != nil:
		return c.refused(r, err)
	case r.code != 234 && r.code != 334: // quirkAuth334
		return c.insecure("AUTH", r)
	case c.in.pending():
		// Said in the clear, it would be read as said in private (CVE-2021-22947).
		return c.fail("AUTH", &Error{Op: "AUTH", Kind: KindTLS, Err: errInjected})
	}
	return c.handshake("AUTH")
}

var errInjected = errors.New("more came with the reply to AUTH, which only somebody between would send")

// insecure takes a refusal of op: only SecurityTry goes on, and not where the
// server has shown that it can.
func (c *conn) insecure(op string, r reply) error {
	if c.opts.Security == SecurityTry && !c.srv.hasTLS() {
		what := "TLS: none, all is in the clear: "
		if op == "PROT" {
			what = "TLS: for commands only, data is in the clear: "
		}
		c.srv.security("", what+r.text())
		return nil
	}
	return c.fail(op, &Error{Op: op, Kind: KindTLS, Code: r.code, Text: r.text()})
}

// handshake makes the control connection a secure one.
func (c *conn) handshake(op string) error {
	cfg, sessions := c.opts.tls.Clone(), new(sessionCache)
	cfg.ClientSessionCache = sessions
	w := &wire{Conn: c.raw}
	tc := tls.Client(w, cfg)
	c.deadline(tc, c.opts.ReplyTimeout)
	if err := tc.Handshake(); err != nil {
		return c.fail(op, handshakeError(op, err))
	}
	cs := tc.ConnectionState()
	if len(cs.PeerCertificates) == 0 {
		return c.fail(op, handshakeError(op, errNoCertificate))
	}
	data := cfg.Clone()
	data.DynamicRecordSizingDisabled = true // bulk from the first octet
	data.ClientSessionCache = resumeOnly{sessions}
	data.VerifyConnection = also(sameLeaf(cs.PeerCertificates[0]), cfg.VerifyConnection)
	if cs.Version == tls.VersionTLS13 && cs.CurveID != 0 {
		// What else is offered first, a server that does not have it asks for a second
		// hello, which is a round trip of each data connection: vsftpd has P-256 alone.
		data.CurvePreferences = []tls.CurveID{cs.CurveID}
	}
	c.tls = &tlsState{wire: w, sessions: sessions, data: data}
	c.ctl, c.in = tlsControl{tc}, newReplyReader(tc)
	c.set(guardControl, c.ctl)
	return nil
}

// handshakeError is the error of a handshake. What the network did is not
// TLS's fault.
func handshakeError(op string, err error) *Error {
	kind := kindOfIO(err)
	var errno syscall.Errno
	if kind == KindNetwork && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) &&
		!errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) && !errors.As(err, &errno) {
		kind = KindTLS
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// tlsFault tells that TLS itself failed on a connection: an alert of either
// side, a certificate, octets that are no TLS.
func tlsFault(err error) bool {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") ||
		errors.As(err, &cert) || errors.As(err, &header) || errors.Is(err, errOtherCertificate)
}

// protect asks for secure data connections (RFC 4217 section 9). more tells
// that a login follows, for servers that want it first.
func (c *conn) protect(more bool) error {
	if _, err := c.cmd("PBSZ", "0"); err != nil { // quirkPBSZ
		return err
	}
	r, err := c.cmd("PROT", "P")
	switch {
	case err != nil:
		return err
	case r.completed():
		c.tls.private = true
	case more && (r.code == 530 || r.code == 503): // quirkProtAfterLogin
		c.tls.later = true
		return nil
	default:
		return c.insecure("PROT", r)
	}
	cs := c.ctl.(tlsControl).ConnectionState()
	name := tls.VersionName(cs.Version) + ", " + tls.CipherSuiteName(cs.CipherSuite)
	c.srv.security(name, "TLS: "+name)
	c.srv.ticketless(c.ticketless())
	return nil
}

// protectLate asks again for what needed a login.
func (c *conn) protectLate() error {
	if c.tls == nil || !c.tls.later {
		return nil
	}
	return c.protect(false)
}

// quiet tells whether a secure connection has nothing to say. TLS 1.3 brings
// session tickets at any time, which look from outside like a reply.
func (c *conn) quiet() bool {
	if _, known := readable(c.raw); !known {
		return true
	}
	c.tls.wire.poll = true
	err := c.in.await()
	c.tls.wire.poll = false
	return errors.Is(err, os.ErrDeadlineExceeded)
}
