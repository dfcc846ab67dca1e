package ftpclient

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
)

// authority issues certificates for a test. Its time is any that a synctest
// bubble may have.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, pool: x509.NewCertPool()}
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = a.sign(template)
	a.pool.AddCert(a.cert)
	return a
}

// sign completes a certificate and signs it with the authority's key, or its
// own while there is none.
func (a *authority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	c.Subject = pkix.Name{CommonName: "test"}
	c.NotBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	if c.NotAfter.IsZero() {
		c.NotAfter = c.NotBefore.AddDate(100, 0, 0)
	}
	parent, signer := c, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return c, key
}

// issue makes a certificate for a name, valid until then; the zero
// time is long away.
func (a *authority) issue(name string, until time.Time) tls.Certificate {
	cert, key := a.sign(&x509.Certificate{DNSNames: []string{name}, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// tlsFake makes a fake a server with TLS.
type tlsFake struct {
	ca      *authority
	config  *tls.Config
	data    func(s *fakeSession) *tls.Config // of data connections, default config
	require bool                             // 522 for a data connection that does not resume

	mu      sync.Mutex
	resumed []bool // what data connections did
	cut     int    // uploads that ended without close_notify
}

// secureFake teaches f AUTH, PBSZ, PROT and what follows from them.
func secureFake(f *fake, version uint16) *tlsFake {
	ca := newAuthority(f.t)
	tf := &tlsFake{ca: ca, config: &tls.Config{
		Certificates: []tls.Certificate{ca.issue("server.test", time.Time{})}, MaxVersion: version,
	}}
	f.hook = tf.hook
	return tf
}

// explicit is what most tests have as options.
func (tf *tlsFake) explicit(o *Options) {
	o.Security, o.TLS = SecurityExplicit, &tls.Config{RootCAs: tf.ca.pool}
}

func (tf *tlsFake) hook(s *fakeSession, verb, arg string) bool {
	switch verb {
	case "AUTH":
		s.say("234 go")
		tf.upgrade(s)
	case "PBSZ":
		s.say("200 ok")
	case "PROT":
		s.secure = func(nc net.Conn) net.Conn { return tf.newData(s, nc) }
		s.say("200 ok")
	default:
		return false
	}
	return true
}

func (tf *tlsFake) upgrade(s *fakeSession) {
	tc := tls.Server(s.nc, tf.config)
	s.nc, s.in = tc, bufio.NewReaderSize(tc, 64<<10)
}

func (tf *tlsFake) newData(s *fakeSession, nc net.Conn) net.Conn {
	cfg := tf.config
	if tf.data != nil {
		cfg = tf.data(s)
	}
	w := &wire{Conn: nc}
	return &tlsData{Conn: tls.Server(w, cfg), tf: tf, wire: w}
}

// tlsData is the server's end of a data connection. As servers are, it is
// strict about the end of what it reads.
type tlsData struct {
	*tls.Conn
	tf   *tlsFake
	wire *wire
	done bool
}

func (d *tlsData) handshake() error {
	if d.done {
		return nil
	}
	if err := d.Conn.Handshake(); err != nil {
		return err
	}
	d.done = true
	did := d.ConnectionState().DidResume
	d.tf.mu.Lock()
	d.tf.resumed = append(d.tf.resumed, did)
	d.tf.mu.Unlock()
	if d.tf.require && !did {
		d.wire.Conn.Close()
		return io.ErrClosedPipe
	}
	return nil
}

func (d *tlsData) Write(p []byte) (int, error) {
	if err := d.handshake(); err != nil {
		return 0, err
	}
	return d.Conn.Write(p)
}

func (d *tlsData) Read(p []byte) (int, error) {
	if err := d.handshake(); err != nil {
		return 0, err
	}
	n, err := d.Conn.Read(p)
	if err == io.EOF && d.wire.ended {
		d.tf.mu.Lock()
		d.tf.cut++
		d.tf.mu.Unlock()
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// versions runs a test with each version of TLS.
func versions(t *testing.T, fn func(t *testing.T, version uint16)) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(v), func(t *testing.T) { fn(t, v) })
	}
}
