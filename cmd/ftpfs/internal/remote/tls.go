package remote

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/ftpclient"
)

// TLS are what the flags say of TLS. File names are absolute.
type TLS struct {
	CAFile   string
	Pins     []string
	Cert     string // file of the client's certificate
	Key      string // and of its key; empty if it is in the same
	NoVerify bool
}

func (fl *Flags) addTLS(f *pflag.FlagSet) {
	f.StringVar(&fl.tls, "tls", "", "for ftp:// URLs: off, try (go on without if the server has none), explicit (as ftpes://), implicit (as ftps://)")
	f.StringVar(&fl.server.TLS.CAFile, "ca-file", "", "file of the authorities (PEM) that may certify the server, in place of the system's")
	f.StringArrayVar(&fl.server.TLS.Pins, "tls-pin", nil, "trust the server's certificate by its SHA-256 fingerprint, or its key's, and nothing else; may be given again")
	f.StringVar(&fl.server.TLS.Cert, "tls-cert", "", "file of our own certificate (PEM), where the server wants one")
	f.StringVar(&fl.server.TLS.Key, "tls-key", "", "file of its key (PEM), if not in the same")
	f.BoolVar(&fl.server.TLS.NoVerify, "no-verify", false, "take any certificate: protects from listeners, not from impostors")
}

// checkTLS brings --tls and the URL together, and checks that the other
// flags go with it.
func (fl *Flags) checkTLS() (err error) {
	if err = fl.chooseSecurity(); err != nil {
		return err
	}
	s := &fl.server.TLS
	switch {
	case s.Key != "" && s.Cert == "":
		return exit.Errorf(exit.Usage, "--tls-key goes with --tls-cert")
	case s.NoVerify && (len(s.Pins) > 0 || s.CAFile != ""):
		return exit.Errorf(exit.Usage, "--no-verify and --tls-pin or --ca-file contradict each other")
	case len(s.Pins) > 0 && s.CAFile != "":
		return exit.Errorf(exit.Usage, "--tls-pin takes the place of --ca-file: give one of them")
	case fl.server.Location.Security == ftpclient.SecurityNone && (s.CAFile != "" || s.Cert != "" || len(s.Pins) > 0 || s.NoVerify):
		return exit.Errorf(exit.Usage, "there is no TLS in ftp://: write ftpes:// or ftps://, or leave the flags for certificates out")
	}
	for _, name := range []*string{&s.CAFile, &s.Cert, &s.Key} {
		if *name, err = settings.Absolute(*name); err != nil {
			return exit.Errorf(exit.Failure, "%w", err)
		}
	}
	return nil
}

func (fl *Flags) chooseSecurity() error {
	choices := map[string]ftpclient.Security{
		"": fl.server.Location.Security, "off": ftpclient.SecurityNone, "try": ftpclient.SecurityTry,
		"explicit": ftpclient.SecurityExplicit, "implicit": ftpclient.SecurityImplicit,
	}
	want, ok := choices[fl.tls]
	loc := &fl.server.Location
	switch {
	case !ok:
		return exit.Errorf(exit.Usage, "--tls=%s is not off, try, explicit or implicit", say.Printable(fl.tls))
	case loc.Security != ftpclient.SecurityNone && want != loc.Security:
		return exit.Errorf(exit.Usage, "--tls=%s contradicts %s://: write ftp:// with --tls", fl.tls, loc.Scheme())
	}
	if !loc.HasPort {
		loc.Port = want.DefaultPort()
	}
	loc.Security, loc.HasPort = want, loc.Port != want.DefaultPort() // as String shows it
	return nil
}

// config reads the files. Its error is a failure.
func (s TLS) config() (*tls.Config, error) {
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
