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
	// LocalTimes: MDTM of a file that was just stored is this far ahead of UTC,
	// and Options.Zone is not set: all times of the server are wrong by as much.
	// Called once.
	LocalTimes func(ahead time.Duration)
	// Skipped: a listing had lines that could not be used.
	Skipped func(dir string, skipped []Skipped)
}

func (t *Trace) connect(conn int, addr string, took time.Duration, err error) {
	if t != nil && t.Connect != nil {
		t.Connect(conn, addr, took, err)
	}
}

func (t *Trace) disconnect(conn int, reason string) {
	if t != nil && t.Disconnect != nil {
		t.Disconnect(conn, reason)
	}
}

func (t *Trace) command(conn int, c command) {
	if t != nil && t.Command != nil {
		t.Command(conn, c.traced())
	}
}

func (t *Trace) reply(conn int, r reply, took time.Duration) {
	if t != nil && t.Reply != nil {
		t.Reply(conn, r.code, r.text(), took)
	}
}

func (t *Trace) data(conn int, bytes int64, took time.Duration, err error) {
	if t != nil && t.Data != nil {
		t.Data(conn, bytes, took, err)
	}
}

func (t *Trace) learned(fact string) {
	if t != nil && t.Learned != nil {
		t.Learned(fact)
	}
}

func (t *Trace) localTimes(ahead time.Duration) {
	if t != nil && t.LocalTimes != nil {
		t.LocalTimes(ahead)
	}
}

func (t *Trace) skipped(dir string, s []Skipped) {
	if t != nil && t.Skipped != nil && len(s) > 0 {
		t.Skipped(dir, s)
	}
}
