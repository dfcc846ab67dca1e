package ftpserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Options says what a [Server] serves, to whom and within which limits. The
// zero value of a field means the default that its comment gives.
type Options struct {
	// FS is the tree for everyone whose [User] has none of their own.
	// It must be set unless every user has one and Anonymous is off.
	FS FS
	// Users are the accounts by name.
	Users map[string]User
	// Lookup finds an account that is not among Users, and reports whether
	// there is one. It is called at each login, from several goroutines, and
	// may block. So that nobody can tell the names that exist by the time that
	// a refusal takes, it may answer for every name, with a Check that takes
	// its time and refuses. Default: there are no others.
	Lookup func(name string) (User, bool)
	// Anonymous lets "anonymous" and "ftp" in with any password, to read.
	Anonymous bool
	// AnonymousWrite lets them write as well.
	AnonymousWrite bool
	// AnonymousUser is the tree and the limits of all of them; Check and
	// ReadOnly do not count.
	AnonymousUser User
	// ReadOnly refuses every change, whoever asks.
	ReadOnly bool

	// PassiveMin and PassiveMax bound the ports of passive data connections,
	// both included. Default: the system chooses.
	PassiveMin, PassiveMax int
	// PassiveHost is the IPv4 address or host name that PASV announces, for
	// servers behind NAT. Default: the control connection's local address.
	PassiveHost string

	// TLS makes AUTH TLS and [Server.ServeTLS] possible. It needs a
	// certificate. It is copied for every session: tickets get the session's
	// own keys, and NextProtos, if nil, "ftp" and "ftp-data". Default: no TLS.
	TLS *tls.Config
	// RequireTLS refuses logins (530) and data connections (521) in the clear.
	RequireTLS bool
	// RequireSessionReuse refuses (522) a data connection of TLS that does not
	// resume the TLS session of its control connection (RFC 4217 section
	// 10.2). Nobody else can then take the client's place on it. Sessions are
	// resumed by ticket only (RFC 5077, RFC 8446): a client that wants session
	// ids, as curl does with TLS 1.2, cannot.
	RequireSessionReuse bool

	// Zone is the zone of the times in LIST, and with the profile vsftpd of
	// those of MDTM as well; everything else is UTC always. Default: the
	// profile's, or UTC.
	Zone *time.Location
	// Profile makes the server look like another one to clients: its texts,
	// its features and what it lacks, its listings and its peculiarities; see
	// [Profiles]. Default: our own ways.
	Profile string
	// Banner is the text of the greeting. Default: the profile's, or "FTP
	// server ready."
	Banner string
	// IdleTimeout ends a session without a command or transfer. Default:
	// 5 minutes.
	IdleTimeout time.Duration
	// DataTimeout bounds the wait for a data connection and each wait for
	// progress on it. Default: 1 minute.
	DataTimeout time.Duration
	// LoginTimeout ends a session that has not logged in. Default: 2 minutes.
	LoginTimeout time.Duration
	// LoginDelay is the pause before the refusal of a login. Refusals for one
	// address take turns, up to 30 seconds each. Default: 1 second; negative:
	// none.
	LoginDelay time.Duration
	// MaxConnections and MaxPerAddress limit the sessions at a time, of all
	// and of one IP address. Default: the profile's, or 200, and no limit;
	// negative: no limit.
	MaxConnections, MaxPerAddress int

	// SessionRate bounds the bytes per second on the data connections of each
	// session. Default: no limit.
	SessionRate int64

	// Disable names commands ("MLSD", "SITE CHMOD") that are answered with
	// 502 and left out of FEAT and HELP. MLST and MLSD are one feature; XMKD
	// and its like are commands of their own.
	Disable []string

	// Faults make the server misbehave; see [Server.SetFaults]. A [Fault] can
	// delay, cut, refuse and lie, at one command or at all: the kinds of the
	// network are FaultDelay to FaultRefuse, those of the protocol, by which
	// replies come early, late, twice or never, commands sent ahead are dropped
	// and listings are wrong, are FaultSilent to FaultDialect.
	Faults []Fault

	// Log gets a few lines per session and one per transfer. Default: none.
	Log *slog.Logger
	// Trace is told of every command and reply.
	Trace Trace
	// Transferred is told of every RETR, STOR, STOU and APPE that has ended,
	// before it is answered. It is called on the session's goroutine, from
	// several sessions at a time, and holds the session up. Default: none.
	Transferred func(Transfer)
}

// User is an account.
type User struct {
	// Check reports whether this is the password; see [Password]. It is
	// called from several goroutines. Nil admits nobody.
	Check func(password string) bool
	// FS is the user's own tree; nil means that of the [Options].
	FS FS
	// ReadOnly refuses every change.
	ReadOnly bool
	// MaxSessions limits the sessions of the user at a time; the next one is
	// told so (421) when its password was right. 0: no limit.
	MaxSessions int
	// Rate bounds the bytes per second on the data connections of all sessions
	// of the user together. 0: no limit.
	Rate int64
}

// Trace is a set of hooks, each of which may be nil. They are called on the
// session's goroutine, from several sessions at a time, and must not block.
// Sessions are numbered from 1 in the order of their connecting.
type Trace struct {
	// Command: this line was read. The arguments of PASS and ACCT are
	// replaced by "***" before they get here.
	Command func(session int, line string)
	// Reply: this was answered; the lines of text are joined by LF.
	Reply func(session int, code int, text string)
	// Fault: this rule has struck, or will at its octet of the transfer that
	// begins.
	Fault func(session int, f Fault)
}

// Password returns a check for one fixed password that takes the same time
// whatever it is given.
func Password(password string) func(string) bool {
	want := sha256.Sum256([]byte(password))
	return func(given string) bool {
		got := sha256.Sum256([]byte(given))
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1
	}
}

const defaultBanner = "FTP server ready."

// withDefaults returns o with every zero field that has a default set.
func (o Options) withDefaults() Options {
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 5 * time.Minute
	}
	if o.DataTimeout == 0 {
		o.DataTimeout = time.Minute
	}
	if o.LoginTimeout == 0 {
		o.LoginTimeout = 2 * time.Minute
	}
	if o.LoginDelay == 0 {
		o.LoginDelay = time.Second
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 200
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) check() error {
	if err := o.checkTLS(); err != nil {
		return err
	}
	if o.FS == nil && (o.Anonymous && o.AnonymousUser.FS == nil || !o.Anonymous && len(o.Users) == 0 && o.Lookup == nil) {
		return errors.New("ftpserver: no FS to serve")
	}
	for name, u := range o.Users {
		if o.FS == nil && u.FS == nil {
			return fmt.Errorf("ftpserver: no FS for user %q", name)
		}
	}
	if o.SessionRate < 0 {
		return errors.New("ftpserver: a rate below 0")
	}
	if strings.ContainsAny(o.Banner, "\r\n\x00") {
		return errors.New("ftpserver: the banner is more than one line")
	}
	if o.PassiveMin < 0 || o.PassiveMax > 65535 || o.PassiveMin > o.PassiveMax ||
		(o.PassiveMin == 0) != (o.PassiveMax == 0) {
		return fmt.Errorf("ftpserver: bad range of passive ports %d-%d", o.PassiveMin, o.PassiveMax)
	}
	return nil
}

func (o Options) checkTLS() error {
	switch {
	case o.TLS == nil && (o.RequireTLS || o.RequireSessionReuse):
		return errors.New("ftpserver: TLS required but not configured")
	case o.TLS != nil && len(o.TLS.Certificates) == 0 && o.TLS.GetCertificate == nil && o.TLS.GetConfigForClient == nil:
		return errors.New("ftpserver: TLS without a certificate")
	}
	return nil
}
