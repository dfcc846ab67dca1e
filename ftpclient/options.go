package ftpclient

import (
	"context"
	"net"
	"time"
)

// Options configure a Client. The zero value of each field means its default.
type Options struct {
	Host string // name or address, without brackets
	Port int    // default 21

	User     string // default "anonymous"
	Password string // default for anonymous: "ftpfs@"
	Account  string // sent as ACCT if the server asks (332)

	// Connections is the most control connections at a time, default 8. The
	// pool uses fewer where the server turns out to allow fewer.
	Connections int

	DialTimeout  time.Duration // one TCP connect, default 8 s
	ReplyTimeout time.Duration // one reply to a command, default 20 s
	DataTimeout  time.Duration // no byte moves on a data connection, default 30 s
	WaitTimeout  time.Duration // no connection free and none makes progress, default 60 s
	IdleTimeout  time.Duration // an idle connection is closed after it, default 60 s

	// Dial opens control and data connections; default net.Dialer with
	// keep-alive. network is "tcp"; addr is host:port.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Trace is told of everything that happens; may be nil.
	Trace *Trace
}
