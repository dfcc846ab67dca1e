package ftpclient

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Options configure a Client. The zero value of each field means its default.
type Options struct {
	Host string // name or address, without brackets
	Port int    // default 21, with SecurityImplicit 990

	User     string // default "anonymous"
	Password string // default for anonymous: "ftpfs@"
	Account  string // sent as ACCT if the server asks (332)

	// Security says whether to use TLS, default SecurityNone.
	Security Security

	// TLS is where the configuration of TLS starts from; nil means the
	// system's authorities, and Host as the name in the certificate. RootCAs,
	// Certificates, MinVersion, ServerName and InsecureSkipVerify are of use.
	// New clones it; versions before 1.2 are never spoken (RFC 8996), and the
	// session cache is the Client's own. The data connections must show the
	// control connection's certificate whatever it says.
	TLS *tls.Config

	// TLSPins are SHA-256 digests of the server's own certificate (not of an
	// authority), or of its public key (SubjectPublicKeyInfo), in hexadecimal,
	// with colons or without, or in base64; "sha256:" or "sha256//" may precede
	// them. If there are any, one must match, and nothing else is verified:
	// neither authorities nor names nor dates.
	TLSPins []string

	// Connections is the most control connections at a time, default 8. The
	// pool uses fewer where the server turns out to allow fewer.
	Connections int

	// Encoding is what the server's names are in, by its IANA name such as
	// ISO-8859-1, windows-1251, KOI8-R, Shift_JIS or GB18030; names here are
	// UTF-8 then. A server's name that is not of that encoding keeps its octets,
	// which are no UTF-8, and works all the same; one that cannot be written in
	// it cannot be made (KindInvalidName). Paths, links' targets, Home and the
	// words of replies are translated, user and password are not. Default: names
	// are the server's octets. Encodings that change ASCII (UTF-16, EBCDIC) are
	// refused.
	Encoding string

	// Zone is the time zone of the server's LIST, and of its MDTM where that
	// turns out to say the same. Default: LIST's is found by comparing it with
	// MDTM or MLSD, which are taken to be in UTC.
	Zone *time.Location

	// KeepIdle logs in another connection whenever the last one is taken that is
	// idle and waits for nothing, as far as Connections and the server allow, so
	// that it is there when it is needed.
	KeepIdle bool

	DialTimeout  time.Duration // one TCP connect, default 8 s
	ReplyTimeout time.Duration // one reply to a command, default 20 s
	DataTimeout  time.Duration // no byte moves on a data connection, default 30 s
	WaitTimeout  time.Duration // no connection free and none makes progress, default 60 s
	IdleTimeout  time.Duration // an idle connection is closed after it, default 60 s

	// Rate is how many octets a second all data connections move together, in both
	// directions; 0: as many as go.
	Rate int64

	// Active lets the server open data connections to this machine (RFC 959
	// section 3.2), which firewalls and NAT on our side must let through. By
	// default all connections are ours to open. It excludes Dial.
	Active bool

	// ActivePorts are the first and the last port that the server may be told
	// to connect to, both at least 1024; zeros mean 49152 to 65535 (RFC 6335
	// section 6). A server that connects from port 20, as RFC 959 wants it, cannot
	// connect to the same one again for a minute or so: one port for each
	// transfer of a minute will do.
	ActivePorts [2]int

	// ActiveAddress is what the server is told to connect to where that is not
	// the control connection's own address, as behind NAT. It also decides
	// whether the server is reached over IPv4 or IPv6.
	ActiveAddress netip.Addr

	// Dial opens control and data connections; default net.Dialer with
	// keep-alive. network is "tcp"; addr is host:port.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Trace is told of everything that happens; may be nil.
	Trace *Trace

	charset  *charset    // of Encoding; nil: names are as they are
	ownDial  bool        // Dial was given
	ports    *portRing   // of ActivePorts; nil without Active
	throttle *throttle   // of Rate; nil: there is none
	tls      *tls.Config // what control connections clone; nil with SecurityNone
}

// withDefaults returns the options with every zero field replaced, or an
// error that says which field makes no sense.
func (o Options) withDefaults() (Options, error) {
	if o.Host == "" || strings.ContainsAny(o.Host, "\r\n\x00 []/") {
		return o, fmt.Errorf("ftpclient: bad host %q", o.Host)
	}
	if o.Port < 0 || o.Port > 65535 {
		return o, fmt.Errorf("ftpclient: bad port %d", o.Port)
	}
	if o.Connections < 0 {
		return o, fmt.Errorf("ftpclient: bad number of connections %d", o.Connections)
	}
	for _, s := range []string{o.User, o.Password, o.Account} {
		if strings.ContainsAny(s, "\r\n\x00") {
			return o, errors.New("ftpclient: user, password or account holds a CR, LF or NUL")
		}
	}
	if err := o.checkActive(); err != nil {
		return o, err
	}
	o.throttle = newThrottle(o.Rate)
	if o.Active {
		o.ports = newPortRing(o.ActivePorts)
	}
	if o.User == "" {
		o.User = "anonymous"
	}
	if o.User == "anonymous" && o.Password == "" {
		o.Password = "ftpfs@"
	}
	var err error
	if o.Encoding != "" {
		if o.charset, err = newCharset(o.Encoding); err != nil {
			return o, fmt.Errorf("ftpclient: encoding %q: %w", o.Encoding, err)
		}
	}
	if o.Security != SecurityNone {
		if o.tls, err = o.tlsConfig(); err != nil {
			return o, err
		}
	}
	o.Port = cmp.Or(o.Port, o.Security.DefaultPort())
	o.Connections = cmp.Or(o.Connections, 8)
	o.DialTimeout = cmp.Or(o.DialTimeout, 8*time.Second)
	o.ReplyTimeout = cmp.Or(o.ReplyTimeout, 20*time.Second)
	o.DataTimeout = cmp.Or(o.DataTimeout, 30*time.Second)
	o.WaitTimeout = cmp.Or(o.WaitTimeout, 60*time.Second)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 60*time.Second)
	o.ownDial = o.Dial != nil
	if !o.ownDial {
		o.Dial = o.directDial()
	}
	return o, nil
}
