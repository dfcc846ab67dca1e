package ftpserver_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// certificate makes a self-signed one for "localhost", once.
var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

func serverTLS(t testing.TB) *tls.Config {
	t.Helper()
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// clientTLS trusts the certificate, speaks one version and can resume.
func clientTLS(t testing.TB, version uint16) *tls.Config {
	t.Helper()
	cert, err := x509.ParseCertificate(serverTLS(t).Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version,
		ClientSessionCache: tls.NewLRUClientSessionCache(0)}
}

// eachVersion runs the test with either version of TLS.
func eachVersion(t *testing.T, test func(t *testing.T, config *tls.Config)) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) { test(t, clientTLS(t, version)) })
	}
}

// rawTLS is a raw client whose control connection is TLS.
type rawTLS struct {
	*raw
	config *tls.Config // also of the data connections
}

// overTLS makes the control connection one of TLS.
func (c *raw) overTLS(config *tls.Config) *rawTLS {
	c.t.Helper()
	conn := tls.Client(c.conn, config)
	if err := conn.HandshakeContext(withTimeout(c.t)); err != nil {
		c.t.Fatal(err)
	}
	return &rawTLS{&raw{c.t, conn, bufio.NewReader(conn)}, config}
}

// loginTLS connects, upgrades by AUTH TLS and logs in, with PROT P and TYPE I.
func loginTLS(t testing.TB, addr string, config *tls.Config) *rawTLS {
	t.Helper()
	c := dial(t, addr)
	c.expect("220")
	c.do("AUTH TLS", "234")
	s := c.overTLS(config)
	for _, step := range [][2]string{{"USER u", "331"}, {"PASS p", "230"}, {"PBSZ 0", "200"}, {"PROT P", "200"}, {"TYPE I", "200"}} {
		s.do(step[0], step[1])
	}
	return s
}

// data sends a command that is answered with 150, and makes the handshake.
func (c *rawTLS) data(command string) (*tls.Conn, *net.TCPConn) {
	c.t.Helper()
	tcp := c.passive()
	c.do(command, "150")
	conn := tls.Client(tcp, c.config)
	if err := conn.HandshakeContext(withTimeout(c.t)); err != nil {
		c.t.Fatalf("%s: data: %v", command, err)
	}
	return conn, tcp
}

func (c *rawTLS) get(command string) string {
	c.t.Helper()
	conn, _ := c.data(command)
	body, err := io.ReadAll(conn)
	if err != nil {
		c.t.Fatalf("%s: data: %v", command, err)
	}
	c.expect("226") // does not wait for us to close
	conn.Close()
	return string(body)
}

// put ends the upload as it must be: a Close would be a reset if there is a
// ticket that was not read.
func (c *rawTLS) put(command, body string) {
	c.t.Helper()
	conn, tcp := c.data(command)
	if _, err := io.WriteString(conn, body); err != nil {
		c.t.Fatalf("%s: data: %v", command, err)
	}
	if err := conn.CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
	tcp.CloseWrite()
	if _, err := io.Copy(io.Discard, tcp); err != nil {
		c.t.Fatalf("%s: data: %v", command, err)
	}
	c.expect("226")
}

// serveTLS is start with TLS; implicit says that the connections begin with it.
func serveTLS(t testing.TB, o ftpserver.Options, implicit bool) string {
	t.Helper()
	if o.TLS == nil {
		o.TLS = serverTLS(t)
	}
	serve := (*ftpserver.Server).Serve
	if implicit {
		serve = (*ftpserver.Server).ServeTLS
	}
	addr, _ := startWith(t, o, serve)
	return addr
}
