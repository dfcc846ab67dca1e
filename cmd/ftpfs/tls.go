package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpclient"
)

// tlsSettings are what the flags say of TLS. File names are absolute.
type tlsSettings struct {
	CAFile   string
	Pins     []string
	Cert     string // file of the client's certificate
	Key      string // and of its key; empty if it is in the same
	NoVerify bool
}

func (c *mountCommand) addTLSFlags(f *pflag.FlagSet) {
	f.StringVar(&c.tls, "tls", "", "for ftp:// URLs: off, try (go on without if the server has none), explicit (as ftpes://), implicit (as ftps://)")
	f.StringVar(&c.job.TLS.CAFile, "ca-file", "", "file of the authorities (PEM) that may certify the server, in place of the system's")
	f.StringArrayVar(&c.job.TLS.Pins, "tls-pin", nil, "trust the server's certificate by its SHA-256 fingerprint, or its key's, and nothing else; may be given again")
	f.StringVar(&c.job.TLS.Cert, "tls-cert", "", "file of our own certificate (PEM), where the server wants one")
	f.StringVar(&c.job.TLS.Key, "tls-key", "", "file of its key (PEM), if not in the same")
	f.BoolVar(&c.job.TLS.NoVerify, "no-verify", false, "take any certificate: protects from listeners, not from impostors")
}

// validateTLS brings --tls and the URL together, and checks that the other
// flags go with it.
func (c *mountCommand) validateTLS() (err error) {
	if err = c.chooseSecurity(); err != nil {
		return err
	}
	s := &c.job.TLS
	switch {
	case s.Key != "" && s.Cert == "":
		return exit.Errorf(exit.Usage, "--tls-key goes with --tls-cert")
	case s.NoVerify && (len(s.Pins) > 0 || s.CAFile != ""):
		return exit.Errorf(exit.Usage, "--no-verify and --tls-pin or --ca-file contradict each other")
	case len(s.Pins) > 0 && s.CAFile != "":
		return exit.Errorf(exit.Usage, "--tls-pin takes the place of --ca-file: give one of them")
	case c.job.Location.Security == ftpclient.SecurityNone && (s.CAFile != "" || s.Cert != "" || len(s.Pins) > 0 || s.NoVerify):
		return exit.Errorf(exit.Usage, "there is no TLS in ftp://: write ftpes:// or ftps://, or leave the flags for certificates out")
	}
	for _, name := range []*string{&s.CAFile, &s.Cert, &s.Key} {
		if *name, err = absolute(*name); err != nil {
			return exit.Errorf(exit.Failure, "%w", err)
		}
	}
	return nil
}

func (c *mountCommand) chooseSecurity() error {
	choices := map[string]ftpclient.Security{
		"": c.job.Location.Security, "off": ftpclient.SecurityNone, "try": ftpclient.SecurityTry,
		"explicit": ftpclient.SecurityExplicit, "implicit": ftpclient.SecurityImplicit,
	}
	want, ok := choices[c.tls]
	loc := &c.job.Location
	switch {
	case !ok:
		return exit.Errorf(exit.Usage, "--tls=%s is not off, try, explicit or implicit", say.Printable(c.tls))
	case c.job.Demo && c.tls != "":
		return exit.Errorf(exit.Usage, "--tls: the demo has no TLS")
	case loc.Security != ftpclient.SecurityNone && want != loc.Security:
		return exit.Errorf(exit.Usage, "--tls=%s contradicts %s://: write ftp:// with --tls", c.tls, loc.Scheme())
	}
	if !loc.HasPort {
		loc.Port = want.DefaultPort()
	}
	loc.Security, loc.HasPort = want, loc.Port != want.DefaultPort() // as String shows it
	return nil
}

// config reads the files. Its error is a failure.
func (s tlsSettings) config() (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: s.NoVerify}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, exit.Errorf(exit.Usage, "--ca-file %s: %w", s.CAFile, say.Unreadable(err))
		}
		if cfg.RootCAs = x509.NewCertPool(); !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, exit.Errorf(exit.Usage, "--ca-file %s: there is no certificate in it (PEM is wanted)", s.CAFile)
		}
	}
	if s.Cert != "" {
		key := s.Key
		if key == "" {
			key = s.Cert
		}
		pair, err := tls.LoadX509KeyPair(s.Cert, key)
		if err != nil {
			return nil, exit.Errorf(exit.Usage, "--tls-cert %s: %w: give a certificate and its key (--tls-key) in PEM", s.Cert, say.Unreadable(err))
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// tlsFailure tells why there is no secure connection to the server at loc, and
// what to do.
func tlsFailure(loc ftpurl.Location, says string, err error) error {
	at := loc.Address()
	var op string
	var e *ftpclient.Error
	if errors.As(err, &e) {
		op = e.Op
	}
	var cert *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		return certFailure(loc, cert)
	case op == "TLS" && loc.Security != ftpclient.SecurityImplicit:
		return exit.Errorf(exit.TLS, "%s is silent before it is spoken to%s: if it wants TLS from the start, write ftps://", at, says)
	case loc.Security == ftpclient.SecurityNone:
		return exit.Errorf(exit.TLS, "%s demands TLS%s: write ftpes:// instead of ftp://", at, says)
	case op == "AUTH" && says != "":
		return exit.Errorf(exit.TLS, "%s has no TLS by AUTH%s: try ftps://, or ftp:// if unencrypted will do", at, says)
	case errors.Is(err, ftpclient.ErrNoTicket):
		return exit.Errorf(exit.TLS, "%s wants TLS sessions resumed and gives no tickets for that%s: set there TLSSessionTickets on (ProFTPD), or allow TLS 1.3", at, says)
	case op == "PROT":
		return exit.Errorf(exit.TLS, "%s does not encrypt data%s: only ftp://, or --tls=try, does without", at, says)
	case errors.As(err, &header) && loc.Security == ftpclient.SecurityImplicit:
		return exit.Errorf(exit.TLS, "%s does not begin with TLS: try ftpes://", at)
	}
	return exit.Errorf(exit.TLS, "%s: no secure connection (%s): check that nobody is between, and the server's versions of TLS (1.2 is the least)", at, say.Short(say.Printable(say.Cause(err))))
}

// certFailure tells what is wrong with the server's certificate.
func certFailure(loc ftpurl.Location, bad *tls.CertificateVerificationError) error {
	at, trust := loc.Address(), ""
	if len(bad.UnverifiedCertificates) > 0 {
		trust = ftpclient.Fingerprint(bad.UnverifiedCertificates[0])
	}
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(bad, ftpclient.ErrPin):
		return exit.Errorf(exit.TLS, "%s: the certificate is not the one of --tls-pin but %s: if the server has changed it, give that", at, trust)
	case errors.As(bad, &authority):
		return exit.Errorf(exit.TLS, "%s: no known authority has signed the certificate: give its authority with --ca-file, or, if this is its fingerprint, --tls-pin %s", at, trust)
	case errors.As(bad, &name):
		return exit.Errorf(exit.TLS, "%s: the certificate is for another name (%s): use that name, or, if this is its fingerprint, --tls-pin %s", at, certNames(name.Certificate), trust)
	case errors.As(bad, &invalid) && invalid.Reason == x509.Expired:
		c := invalid.Cert
		return exit.Errorf(exit.TLS, "%s: the certificate is valid from %s to %s only: check the clock, or have the server's certificate renewed", at,
			c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"))
	}
	return exit.Errorf(exit.TLS, "%s: the certificate is not good (%s)", at, say.Short(say.Printable(bad.Err.Error())))
}

// certNames is what a certificate is for, for a message.
func certNames(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "it has none"
	case len(names) > 3:
		return say.Short(say.Printable(fmt.Sprintf("%s, %s, %s, ...", names[0], names[1], names[2])))
	}
	text := names[0]
	for _, n := range names[1:] {
		text += ", " + n
	}
	return say.Short(say.Printable(text))
}
