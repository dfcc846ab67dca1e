package ftpclient

import (
	"errors"
	"io"
	"time"
)

// A server may owe a connection replies that nobody waits for: the one to the
// EPSV that was written behind a transfer, or when the connection went idle, and
// what it says of a transfer that was broken off. They come before the replies
// to whatever is sent next, so that the next owner may write at once. But where the end
// of a transfer may have to be asked for by a NOOP (readCut), that goes first.
//
// There is one reader of a connection at a time: its owner, or from release on
// the goroutine of a settling, which reads as many replies as are owed, then
// ends. Who is about to read waits for it first (conn.settle). Only the owner
// touches the fields of conn; what the goroutine found is in the settling, to be
// read after done was closed. Both set deadlines, under guard.mu, which is the
// only lock taken here; an interrupt ends the reading of either.

// owed is what the server is yet to say.
type owed struct {
	cut  string    // the verb of a transfer that was broken off, whose end comes first; may be empty
	cmds []command // are answered one by one, in this order; EPSV or PASV is the last if it is there
}

func (o owed) none() bool { return o.cut == "" && len(o.cmds) == 0 }

// mayAsk tells whether to read it may take a NOOP.
func (o owed) mayAsk() bool { return o.cut != "" && len(o.cmds) == 0 }

// settling is the reading of what is owed.
type settling struct {
	owed
	done chan struct{} // closed when all is read, or nothing more will be

	// Set before done is closed.
	err     error
	end     *reply   // of the transfer that was cut
	channel *channel // of the port that was named
}

// errOwed is the failure of a connection by what was owed, before anything was
// heard of what its present owner wants.
type errOwed struct{ err error }

func (e *errOwed) Error() string { return e.err.Error() }
func (e *errOwed) Unwrap() error { return e.err }

// over tells whether all was read.
func (s *settling) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// prepared tells of an idle connection how soon it serves a transfer: 2 at once,
// 1 when its data connection is there, 0 when the transfer before has ended. It
// does not wait.
func (c *conn) prepared() int {
	ch := c.channel
	if s := c.settling; s != nil {
		switch {
		case s.over():
			ch = s.channel
		case s.cut != "":
			return 0
		default:
			return 1
		}
	}
	if ch.ready() {
		return 2
	}
	return 1
}

// atRest tells of an idle connection that nothing is awaited for it: neither replies
// nor a data connection.
func (c *conn) atRest() bool {
	ch := c.channel
	if s := c.settling; s != nil {
		if !s.over() {
			return false
		}
		ch = s.channel
	}
	return ch == nil || ch.over()
}

// settleSoon begins to read what is owed, if anything is. The connection may be
// handed on meanwhile.
func (c *conn) settleSoon() {
	if c.settling != nil || c.owed.none() {
		return
	}
	s := &settling{owed: c.owed, done: make(chan struct{})}
	c.settling, c.owed = s, owed{}
	go func() {
		defer close(s.done)
		s.read(c)
	}()
}

// settle returns when nothing is owed any more; that it did not come breaks the
// connection.
func (c *conn) settle() error {
	if err := c.settled(); err != nil || c.owed.none() {
		return err
	}
	s := &settling{owed: c.owed}
	c.owed = owed{}
	s.read(c)
	return c.take(s)
}

// settled waits for the goroutine that reads, if there is one.
func (c *conn) settled() error {
	s := c.settling
	if s == nil {
		return nil
	}
	<-s.done
	c.settling = nil
	return c.take(s)
}

// take makes what a settling found the owner's.
func (c *conn) take(s *settling) error {
	if s.channel != nil {
		c.dropChannel()
		c.channel = s.channel
	}
	if s.end != nil {
		c.doubt(*s.end)
		if c.demandsTicket(*s.end) {
			return c.fail(s.cut, &Error{Op: s.cut, Kind: KindTLS, Code: s.end.code, Text: s.end.text(), Err: ErrNoTicket})
		}
	}
	if s.err == nil {
		return nil
	}
	if c.broken == nil {
		c.broken = &errOwed{s.err}
	}
	return c.ioError("wait", c.broken)
}

// read reads what is owed. It touches nothing of c that is its owner's.
func (s *settling) read(c *conn) {
	if s.cut != "" {
		if err := s.readCut(c); err != nil {
			s.err = c.ioError(s.cut, err)
		}
		return
	}
	for _, cmd := range s.cmds {
		r, err := c.hearFinal(cmd.verb, c.owedWait(cmd))
		if err != nil {
			s.err = c.ioError(cmd.verb, err)
			if isPortVerb(cmd.verb) && isKind(s.err, KindTimeout) {
				c.srv.channelFailed(cmd.verb + " behind other commands has no answer")
			}
			return
		}
		if s.answered(c, cmd, r); s.err != nil {
			return
		}
	}
}

// owedWait is how long the reply to a command that was sent ahead of need may
// take. It is nothing that servers take time for.
func (c *conn) owedWait(cmd command) time.Duration {
	if isPortVerb(cmd.verb) && c.srv.support(factDataAhead) != Yes {
		return min(c.opts.ReplyTimeout, proofWait)
	}
	return c.opts.ReplyTimeout
}

// answered takes the reply to a command that was sent behind others.
func (s *settling) answered(c *conn, cmd command, r reply) {
	switch {
	case r.code == 530: // RFC 959 section 5.4
		s.err = &Error{Op: cmd.verb, Kind: KindNetwork, Code: r.code, Text: r.text(), Err: errLoggedOut}
	case r.outOfTurn() || r.completed() && r.code != 227 && r.code != 229 && isPortVerb(cmd.verb):
		s.err = &Error{Op: cmd.verb, Kind: KindProtocol, Code: r.code, Text: r.text(), Err: errOutOfStep}
	case isPortVerb(cmd.verb):
		s.channel = c.openChannel(cmd, r)
	}
}

// readCut reads what the server says of a transfer that was broken off, and the
// replies to the commands behind it. Pure-FTPd ends the matter with another 150
// (quirkFinal150): what is said before the port is named belongs to the transfer.
// Where no port was asked for, it is what comes before the answer to a NOOP.
func (s *settling) readCut(c *conn) error {
	finals, most := 0, 1+len(s.cmds)
	for range most + 3 {
		r, err := c.hear(s.cut, abortTimeout, c.in.read)
		switch {
		case err != nil:
			return err
		case r.preliminary() && len(s.cmds) == 0:
			return c.passNOOP()
		case r.preliminary():
			continue
		case r.code == 229 || r.code == 227:
			s.answered(c, s.cmds[len(s.cmds)-1], r)
			return nil
		}
		if s.end == nil {
			s.end = &r
		}
		if finals++; finals == most {
			return nil
		}
	}
	return &Error{Op: s.cut, Kind: KindProtocol, Err: errOutOfStep}
}

// passNOOP sends NOOP and reads up to the answer, also while it is being sent.
func (c *conn) passNOOP() error {
	c.opts.Trace.command(c.id, command{verb: "NOOP"})
	c.srv.tally.commands.Add(1)
	c.deadline(c.ctl, abortTimeout)
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c.ctl, "NOOP\r\n")
		written <- err
	}()
	for range 6 {
		if r, err := c.hear("NOOP", abortTimeout, c.in.read); err != nil || r.code == 200 {
			return errors.Join(err, <-written)
		}
	}
	return errors.Join(&Error{Op: "NOOP", Kind: KindProtocol, Err: errNoNOOP}, <-written)
}

var errNoNOOP = &protocolError{"no answer to NOOP after an abandoned transfer"}

// hearFinal reads a reply that counts, each part of it within d.
func (c *conn) hearFinal(op string, d time.Duration) (reply, error) {
	for range maxPreliminary {
		r, err := c.hear(op, d, c.in.read)
		if err != nil || !r.preliminary() {
			return r, err
		}
	}
	return reply{}, &Error{Op: op, Kind: KindProtocol, Err: &protocolError{"preliminary replies without end"}}
}

// hear reads the next reply within d, for whoever is the reader. That the server
// closes the connection (421) is an error.
func (c *conn) hear(op string, d time.Duration, read func() (reply, error)) (reply, error) {
	c.deadline(c.ctl, d)
	r, err := read()
	if err != nil {
		return reply{}, err
	}
	r.to = op
	c.touch()
	c.srv.tally.replied(r)
	c.opts.Trace.reply(c.id, r, time.Since(time.Unix(0, c.sent.Load())))
	if r.code == 421 {
		return r, &Error{Op: op, Kind: KindNetwork, Code: r.code, Text: r.text()}
	}
	return r, nil
}

// lostOwed tells that a connection failed by what was owed, so that an
// operation that is done twice as well as once may have another.
func lostOwed(err error) bool {
	var o *errOwed
	return errors.As(err, &o)
}
