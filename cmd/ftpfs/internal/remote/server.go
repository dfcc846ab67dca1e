// Package remote is a server of others and the way to it: what flags say of them, the
// connection that is made by that, and why there is none.
//
// [Flags] fill in a [Server], and find its password; [Server.Connect] logs in.
package remote

import (
	"time"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/secret"
)

const (
	// DefaultConnections and MaxConnections are how many there may be.
	DefaultConnections = 8
	MaxConnections     = 64
	// DefaultTimeout is how long a server may be silent.
	DefaultTimeout = 20 * time.Second
)

// Server is everything there is to know of a server before it is connected to.
// encoding/gob can send it.
type Server struct {
	Location    ftpurl.Location // with its password
	Connections int
	Timeout     time.Duration // silence of the server that ends an operation
	TLS         TLS
	Habits      Habits
	Network     Network
	Trace       bool // log every command and reply
}

// Redactor hides what the server is logged in to with.
func (s Server) Redactor() secret.Redactor {
	return secret.NewRedactor(s.Location.Password, s.Network.Proxy.At.Password)
}
