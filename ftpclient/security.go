package ftpclient

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Security says whether a Client uses TLS (RFC 4217), and from when on.
type Security uint8

const (
	// SecurityNone is FTP as of 1985: user, password and data in the clear.
	SecurityNone Security = iota
	// SecurityTry asks for TLS by AUTH, and goes on in the clear where the
	// server has none. It is of no use against somebody who sits between. A
	// server that was seen to have TLS, and a handshake that was begun, must do.
	SecurityTry
	// SecurityExplicit asks for TLS by AUTH, and does not log in without.
	SecurityExplicit
	// SecurityImplicit speaks TLS from the first octet, on port 990.
	SecurityImplicit
)

// String returns none, try, explicit or implicit.
func (s Security) String() string {
	if names := [...]string{"none", "try", "explicit", "implicit"}; int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("security %d", uint8(s))
}

// DefaultPort is where servers listen for it: 990 for SecurityImplicit, else 21.
func (s Security) DefaultPort() int {
	if s == SecurityImplicit {
		return 990
	}
	return 21
}

// Fingerprint returns the SHA-256 digest of a certificate in hexadecimal, as
// Options.TLSPins takes it.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// tlsConfig makes the configuration that all control connections start from.
func (o *Options) tlsConfig() (*tls.Config, error) {
	if o.Security > SecurityImplicit {
		return nil, fmt.Errorf("ftpclient: bad security %d", o.Security)
	}
	pins, err := parsePins(o.TLSPins)
	if err != nil {
		return nil, err
	}
	cfg := new(tls.Config)
	if o.TLS != nil {
		cfg = o.TLS.Clone()
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12) // RFC 8996
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = strings.Cut(o.Host, "%") // no zone in certificates
	}
	if len(pins) > 0 {
		cfg.InsecureSkipVerify = true // the pins are what is verified
		cfg.VerifyConnection = also(pins.verify, cfg.VerifyConnection)
	}
	return cfg, nil
}

// also runs one check of a connection and then another, which may be nil.
func also(first, second func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	if second == nil {
		return first
	}
	return func(cs tls.ConnectionState) error {
		if err := first(cs); err != nil {
			return err
		}
		return second(cs)
	}
}

// pin is the SHA-256 digest of a certificate or of its public key.
type pin [sha256.Size]byte

type pinSet []pin

func parsePins(texts []string) (pins pinSet, err error) {
	for _, text := range texts {
		p, ok := parsePin(text)
		if !ok {
			return nil, fmt.Errorf("ftpclient: %q is not a SHA-256 digest in hexadecimal or base64", text)
		}
		pins = append(pins, p)
	}
	return pins, nil
}

// parsePin reads 64 hexadecimal digits, with colons or without, or base64,
// after sha256: or sha256// or nothing.
func parsePin(text string) (p pin, ok bool) {
	text = strings.TrimSpace(text)
	const prefix = "sha256"
	if len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		text = strings.TrimPrefix(strings.TrimPrefix(text[len(prefix):], ":"), "//")
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(b) != len(p) {
		b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
	if err != nil || len(b) != len(p) {
		return p, false
	}
	return pin(b), true
}

// verify wants the server's own certificate, or its key, to be pinned.
func (s pinSet) verify(cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return errNoCertificate
	}
	leaf := cs.PeerCertificates[0]
	cert, key := sha256.Sum256(leaf.Raw), sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	for _, p := range s {
		if p == cert || p == key {
			return nil
		}
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: ErrPin}
}

// ErrPin is the cause where a server's certificate is none of Options.TLSPins.
var ErrPin = errors.New("the certificate is not the one that was pinned")

var (
	errNoCertificate    = errors.New("the server showed no certificate")
	errOtherCertificate = errors.New("the data connection's certificate is not that of the control connection")
)

// sameLeaf wants the certificate that the control connection has shown (RFC
// 4217 section 10.2): nobody else may take a data connection.
func sameLeaf(leaf *x509.Certificate) func(tls.ConnectionState) error {
	return func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 || !bytes.Equal(cs.PeerCertificates[0].Raw, leaf.Raw) {
			return errOtherCertificate
		}
		return nil
	}
}
