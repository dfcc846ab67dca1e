package ftptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

// A trust is a certificate authority and what it has certified.
type trust struct {
	authority []byte // PEM
	server    []byte // PEM: the server's certificate and the authority's
	key       []byte // PEM: the server's key
	pool      *x509.CertPool
}

// localTrust is what the servers on this machine's own addresses share.
var localTrust = sync.OnceValues(func() (*trust, error) { return newTrust() })

// newTrust makes an authority, that of this test run, and the certificate of
// its servers, which is for 127.0.0.1, ::1, localhost and more addresses. The
// server's key is RSA because vsftpd takes no other.
func newTrust(more ...net.IP) (*trust, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := certificate(1, "ftpfs test authority")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	leaf := certificate(2, "ftpfs test server")
	leaf.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = append([]net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, more...)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	t := &trust{authority: block("CERTIFICATE", caDER), key: block("PRIVATE KEY", keyDER), pool: x509.NewCertPool()}
	t.server = append(block("CERTIFICATE", leafDER), t.authority...)
	t.pool.AddCert(ca)
	return t, nil
}

// certificate is what both certificates have: they are valid for a day.
func certificate(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeCertificates writes ca.pem, server.pem (the chain), key.pem and
// both.pem (key and chain) beside the served directory.
func (s *Server) writeCertificates() error {
	t, err := localTrust()
	if s.opts.start != nil {
		t, err = newTrust(net.ParseIP(s.Host))
	}
	if err != nil {
		return err
	}
	s.trust, s.CAFile = t, s.file("ca.pem")
	return errors.Join(
		os.WriteFile(s.CAFile, t.authority, 0o644),
		os.WriteFile(s.file("server.pem"), t.server, 0o644),
		os.WriteFile(s.file("key.pem"), t.key, 0o600),
		os.WriteFile(s.file("both.pem"), append(append([]byte(nil), t.key...), t.server...), 0o600))
}
