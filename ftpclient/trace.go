package ftpclient

import "time"

// Trace is a set of hooks, each of which may be nil. They are called on the
// goroutine that does the work and must not block or call the Client. conn
// numbers control connections from 1 in the order of their dialing.
type Trace struct {
	// Connect: a control connection was dialed (err nil) or could not be.
	Connect func(conn int, addr string, took time.Duration, err error)
	// Disconnect: a control connection was given up, for this reason.
	Disconnect func(conn int, reason string)
	// Command: this line was sent, without its CRLF. The arguments of PASS
	// and ACCT are replaced by "***" before they get here.
	Command func(conn int, line string)
	// Reply: this came back, took after the command before it.
	Reply func(conn int, code int, text string, took time.Duration)
	// Data: a data connection ended after bytes octets.
	Data func(conn int, bytes int64, took time.Duration, err error)
	// Learned: a fact about the server was learned from what it did.
	Learned func(fact string)
	// Skipped: a listing had lines that could not be used.
	Skipped func(dir string, skipped []Skipped)
}
