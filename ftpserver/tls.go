package ftpserver

import (
	"crypto/rand"
	"crypto/tls"
	"net"
	"time"
)

// handshakeTimeout bounds the TLS handshake on the control connection.
const handshakeTimeout = 30 * time.Second

// alpnNames are the protocols that a client may mean by ALPN: one that meant
// to speak to a web server is refused in the handshake (CVE-2021-3618).
var alpnNames = []string{"ftp", "ftp-data"}

// sessionTLS makes a session's own configuration of the server's. Its tickets
// are sealed with keys that no other session has, so a data connection that
// resumes with one proves to be made by the control connection's peer (RFC
// 4217 section 10.2).
func (s *session) sessionTLS() *tls.Config {
	if s.tlsConfig != nil {
		return s.tlsConfig
	}
	var key [32]byte
	rand.Read(key[:]) // never fails (crypto/rand)
	own := func(base *tls.Config) *tls.Config {
		c := base.Clone()
		c.SessionTicketsDisabled = false
		c.WrapSession, c.UnwrapSession = nil, nil
		c.SetSessionTicketKeys([][32]byte{key})
		if c.NextProtos == nil {
			c.NextProtos = alpnNames
		}
		return c
	}
	s.tlsConfig = own(s.srv.opts.TLS)
	if choose := s.srv.opts.TLS.GetConfigForClient; choose != nil {
		s.tlsConfig.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			c, err := choose(hello)
			if c == nil || err != nil {
				return nil, err
			}
			return own(c), nil
		}
	}
	return s.tlsConfig
}

// secure makes the control connection one of TLS and reports whether it could.
// Nobody else may be reading from it. A session whose handshake failed is lost:
// nothing that comes after it can be trusted.
func (s *session) secure() bool {
	conn := tls.Server(s.conn, s.sessionTLS())
	s.conn.SetDeadline(time.Now().Add(handshakeTimeout))
	if err := conn.HandshakeContext(s.ctx); err != nil {
		s.log.Info("TLS handshake failed", "err", err)
		s.lost = true
		return false
	}
	s.conn.SetDeadline(time.Time{})
	s.tls = conn
	s.out.Reset(conn)
	state := conn.ConnectionState()
	s.log.Info("TLS", "version", tls.VersionName(state.Version), "cipher", tls.CipherSuiteName(state.CipherSuite))
	return true
}

// release lets the reader go on that waits behind AUTH, after the handshake if
// AUTH was answered with 234.
func (s *session) release() {
	var conn net.Conn
	if s.upgrade {
		s.upgrade = false
		s.flush()
		if s.closing || !s.secure() {
			s.lost = true // and the reader ends with the session
			return
		}
		conn = s.tls
	}
	s.resume <- conn
}

// closeControl sends the end of the control connection: close_notify if it is
// one of TLS, and FIN.
func (s *session) closeControl() {
	if s.tls != nil {
		s.conn.SetWriteDeadline(time.Now().Add(hangUpWait))
		if err := s.tls.CloseWrite(); err != nil {
			s.log.Debug("close_notify", "err", err)
		}
	}
	closeWrite(s.conn)
}
