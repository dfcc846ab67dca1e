package ftptest

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

// A TLSMode is how a server protects its connections.
type TLSMode int

const (
	NoTLS    TLSMode = iota // it knows no TLS
	Explicit                // AUTH TLS (RFC 4217), without which it lets nobody log in
	Implicit                // TLS from the first octet
)

func (m TLSMode) String() string {
	return [...]string{"plain", "explicit", "implicit"}[m]
}

// TLS makes the server demand TLS, on control and data connections, with a
// certificate of an authority that is made for each run of a test binary
// ([Server.CAFile]). All but Pure-FTPd then also demand that data connections
// resume the session of the control connection. Pure-FTPd has no [Implicit].
func TLS(mode TLSMode) Option { return func(o *options) { o.tls = mode } }

// TLSVersion confines the server to one version, such as [tls.VersionTLS12].
func TLSVersion(version uint16) Option { return func(o *options) { o.tlsVersion = version } }

// NoTickets makes ProFTPD give no session tickets, as is its own default in TLS
// 1.2: sessions can be resumed by id only. Other servers have no such setting.
func NoTickets() Option { return func(o *options) { o.noTickets = true } }

// IPv6 lets the server listen on ::1 instead of 127.0.0.1. A machine that has
// no ::1 skips the test.
func IPv6() Option { return func(o *options) { o.ipv6 = true } }

// Can reports whether a server of the kind has what the options ask for.
func Can(name string, opts ...Option) bool {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	for _, k := range kinds {
		if k.name == name {
			return o.tls <= k.mostTLS
		}
	}
	return false
}

// TLSMode returns how the server protects its connections.
func (s *Server) TLSMode() TLSMode { return s.opts.tls }

// ClientTLS returns a new configuration for clients of the server, with a
// session cache of its own. A server without TLS has none.
func (s *Server) ClientTLS() *tls.Config {
	if s.opts.tls == NoTLS {
		return nil
	}
	return &tls.Config{RootCAs: s.trust.pool, ServerName: s.Host, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
}

// useIPv6 makes the server listen on ::1 where there is one.
func (s *Server) useIPv6() {
	s.t.Helper()
	if err := haveIPv6(); err != nil {
		Skip(s.t, "no IPv6 here: %v", err)
	}
	s.Host = "::1"
}

var haveIPv6 = sync.OnceValue(func() error {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return err
	}
	return l.Close()
})

// opensslEnv writes a configuration of OpenSSL that allows one version of TLS,
// and returns the environment variable that names it. vsftpd and Pure-FTPd have
// no such setting of their own.
func (s *Server) opensslEnv() ([]string, error) {
	if s.opts.tlsVersion == 0 {
		return nil, nil
	}
	version := opensslName(s.opts.tlsVersion)
	conf := fmt.Sprintf(`openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = only
[only]
MinProtocol = %s
MaxProtocol = %[1]s
`, version)
	name := s.file("openssl.cnf")
	return []string{"OPENSSL_CONF=" + name}, os.WriteFile(name, []byte(conf), 0o644)
}

// opensslName is what OpenSSL, and ProFTPD, call a version of TLS.
func opensslName(version uint16) string {
	switch version {
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	panic("ftptest: no server speaks " + tls.VersionName(version))
}

// requireTLS fails the test if the server's kind cannot do what the options ask.
func (s *Server) requireTLS(t testing.TB) {
	t.Helper()
	if s.opts.tls > s.kind.mostTLS {
		t.Fatalf("ftptest: %s has no %v TLS", s.Name, s.opts.tls)
	}
}
