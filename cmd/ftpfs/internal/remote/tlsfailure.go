package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpclient"
)

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
