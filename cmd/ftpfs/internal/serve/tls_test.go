package serve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/ftpclient"
)

// selfSigned writes a certificate for 127.0.0.1 and its key.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestServeTLS serves a directory over TLS and reads it by the URL that was
// printed.
func TestServeTLS(t *testing.T) {
	cert, key := selfSigned(t)
	for scheme, flag := range map[string]string{"ftpes": "--tls-require", "ftps": "--tls-implicit"} {
		t.Run(scheme, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "f"), []byte("12345"), 0o644); err != nil {
				t.Fatal(err)
			}
			addrs := serving(t, 1, "--listen", "127.0.0.1:0", "--anonymous", "--tls-cert", cert, "--tls-key", key, flag, dir)
			readOver(t, scheme+"://"+addrs[scheme]+"/", cert)
		})
	}
}

// readOver looks at the file f of the server at a URL.
func readOver(t *testing.T, u, cert string) {
	t.Helper()
	loc, err := ftpurl.Parse(u)
	if err != nil {
		t.Errorf("it printed %q: %v", u, err)
		return
	}
	pool := x509.NewCertPool()
	pemCert, err := os.ReadFile(cert)
	if err != nil || !pool.AppendCertsFromPEM(pemCert) {
		t.Error(err)
		return
	}
	for _, tc := range []struct {
		security ftpclient.Security
		works    bool
	}{{loc.Security, true}, {ftpclient.SecurityNone, false}} {
		client, err := ftpclient.New(ftpclient.Options{Host: loc.Host, Port: loc.Port, Security: tc.security,
			TLS: &tls.Config{RootCAs: pool}, ReplyTimeout: 3 * time.Second})
		if err != nil {
			t.Error(err)
			return
		}
		e, err := client.Stat(t.Context(), "/f")
		if tc.works != (err == nil && e.Size == 5) {
			t.Errorf("security %v: %+v, %v", tc.security, e, err)
		}
		client.Close()
	}
}
