package serve

import (
	"crypto/tls"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpserver"
)

// tlsFlags are the flags of `ftpfs serve` that make the server a secure one.
type tlsFlags struct {
	cert, key         string
	implicit, require bool
}

func (t *tlsFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&t.cert, "tls-cert", "", "PEM file with the certificate, and those up to the authority, that clients are shown (AUTH TLS)")
	f.StringVar(&t.key, "tls-key", "", "PEM file with the certificate's key")
	f.BoolVar(&t.require, "tls-require", false, "refuse logins and data in the clear")
	f.BoolVar(&t.implicit, "tls-implicit", false, "speak TLS from the first byte on (ftps://)")
}

// apply sets the server's options.
func (t *tlsFlags) apply(o *ftpserver.Options) error {
	switch {
	case t.cert == "" && t.key == "" && !t.implicit && !t.require:
		return nil
	case t.cert == "" || t.key == "":
		return exit.Errorf(exit.Usage, "TLS needs a certificate: give --tls-cert FILE and --tls-key FILE")
	}
	pair, err := tls.LoadX509KeyPair(t.cert, t.key)
	if err != nil {
		return exit.Errorf(exit.Serve, "certificate %s with key %s cannot be used: %w", t.cert, t.key, say.Reason(err))
	}
	o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	o.RequireTLS = t.require || t.implicit
	return nil
}
