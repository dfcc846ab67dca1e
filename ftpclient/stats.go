package ftpclient

import (
	"cmp"
	"slices"
	"time"
)

// Stats is what a client has done since it was made, and what it does now. It is
// a copy. Its parts are read one after the other: sums of them may be off by what
// happened meanwhile.
type Stats struct {
	Server ServerStats

	Connections []ConnStats // logged in, by ID
	Limit       int         // connections that may be there at a time, as far as is known now
	Dialing     int         // that are being made
	Waiting     int         // operations that wait for a connection

	Commands int64 // sent
	Replies  int64 // received, preliminary ones too
	Refusals int64 // replies of 4yz and 5yz, of which many are the answer to a look

	// Data connections.
	Transfers             int64   // for which one was opened
	Received, Sent        int64   // octets, listings among them; without what TLS adds
	ReceiveRate, SendRate float64 // octets a second, the mean of the last five seconds
}

// ServerStats is whether the server is there, as far as it was tried.
type ServerStats struct {
	// Down: the last try to get a connection failed, and there is none. It is
	// not tried again before somebody needs one.
	Down bool
	// Since is when Down became what it is: the first login, the first failure
	// after one, or the first login after failures. Zero: nothing was tried.
	Since   time.Time
	Outages int64 // how often it went down

	Logins   int64 // connections that were made
	Failures int64 // that could not be made, refused ones included

	// Err is why the last connection that could not be made failed, at ErrAt; nil
	// if none did. It stays when others are made.
	Err   error
	ErrAt time.Time
}

// ConnState is what a control connection is used for.
type ConnState uint8

const (
	ConnBusy   ConnState = iota // an operation has it
	ConnIdle                    // nobody has
	ConnParked                  // a download at rest, which who needs a connection may end
)

func (s ConnState) String() string { return [...]string{"busy", "idle", "parked"}[s] }

// ConnStats is one control connection.
type ConnStats struct {
	ID    int // as in Trace
	State ConnState
	Since time.Time // when it was logged in
	// Command is the last that was sent, as Trace shows it: of several in one
	// write the one that transfers, if there is one; EPSV and PASV alone are passed
	// over. At is when.
	Command string
	At      time.Time

	Transfer *TransferStats // under way; nil: none
}

// TransferStats is a transfer under way.
type TransferStats struct {
	Up    bool // to the server
	Verb  string
	Path  string // the argument of the command; empty where the directory was changed to before
	From  int64  // the octet of the file that it began at, 0 with APPE
	Bytes int64  // octets moved
	Size  int64  // octets that it will have moved at the end of the file, -1 if that is not known
	Since time.Time
	Rate  float64 // octets a second, the mean of the last five seconds
}

// Stats returns what the client has done and does. It sends nothing, and does not
// wait for the network. Any goroutine may call it.
func (c *Client) Stats() Stats {
	t, now := &c.srv.tally, time.Now()
	s := Stats{
		Server:   t.server(),
		Commands: t.commands.Load(), Replies: t.replies.Load(), Refusals: t.refusals.Load(),
		Transfers: t.transfers.Load(), Received: t.in.Load(), Sent: t.out.Load(),
		ReceiveRate: t.receives.rate(now), SendRate: t.sends.rate(now),
		Waiting: int(c.pool.waiting.Load()),
	}
	c.pool.look(&s, now)
	slices.SortFunc(s.Connections, func(a, b ConnStats) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// server returns what is known of the server.
func (t *tally) server() ServerStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return ServerStats{Down: t.isDown, Since: t.since, Outages: t.outages,
		Logins: t.logins.Load(), Failures: t.failures.Load(), Err: t.err, ErrAt: t.errAt}
}

// look adds what the pool has.
func (p *pool) look(s *Stats, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Limit, s.Dialing = min(p.limit, p.opts.Connections), p.dialing
	parked := map[*conn]bool{}
	for _, d := range p.parked {
		parked[d.c] = true
	}
	for c := range p.all {
		cs := c.stats(now)
		switch {
		case parked[c]:
			cs.State = ConnParked
		case slices.Contains(p.idle, c):
			cs.State = ConnIdle
		}
		s.Connections = append(s.Connections, cs)
	}
}

// stats returns what the connection does.
func (c *conn) stats(now time.Time) ConnStats {
	s := ConnStats{ID: c.id, Since: c.act.since}
	if last := c.act.last.Load(); last != nil {
		s.Command, s.At = last.traced(), last.at
	}
	if m := c.act.transfer.Load(); m != nil {
		s.Transfer = &TransferStats{Up: m.up, Verb: m.cmd.verb, Path: m.cmd.arg, From: m.from, Bytes: m.bytes.Load(),
			Size: m.size.Load(), Since: m.begun, Rate: m.rate.rate(now)}
	}
	return s
}
