package ftpclient

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
)

// transfer is a command that moves data, under way.
type transfer struct {
	*dataConn
	verb  string
	final *reply // the reply after the data, once it came
	pace  pace

	behind  []command // were written behind it, and are answered after its end
	port    command   // the last of them, EPSV or PASV; the zero command: there are none
	answers []reply   // to behind, once the end came; fewer if they were lost

	upload *upload // sends what was given with the command; nil: nothing was
}

// restart says where a transfer begins, when, and what goes with it.
type restart struct {
	offset   int64
	optional bool // begin at 0 where the server has no REST
	ignored  bool // out: that is what it does

	// patience is for the first reply to the command, and then for the first
	// octet, if it is more than ReplyTimeout and DataTimeout.
	patience time.Duration

	unread int64 // RetrieveOptions.Unread

	// before and behind are written with the command if that may be (conn.rides).
	// What is before it is answered in looked, even if the command is refused, and
	// heard, which may be nil, is called with each reply when it comes; for what is
	// behind see transfer.answers.
	before, behind []command
	heard          func(reply)
	looked         []reply

	expect int64 // octets that will be sent, for Stats; 0: not known

	// whole tells that content is all that is to be sent: it is sent at once.
	whole   bool
	content []byte
}

// begin prepares a data connection, sends REST where it is needed and then cmd.
// If the server refuses, the transfer is nil and the reply says why. at may be
// nil.
func (c *conn) begin(ctx context.Context, cmd command, at *restart) (*transfer, reply, error) {
	if at == nil {
		at = &restart{}
	}
	c.srv.transfers()
	t, r, err := c.beginAhead(ctx, cmd, at)
	if t != nil || err != nil || r.code != 0 {
		return t, r, err
	}
	since := time.Now()
	for tries := 1; ; tries++ {
		t, r, err := c.tryBegin(ctx, cmd, at)
		if t != nil || err != nil || !c.otherPort(r, tries, time.Since(since)) {
			return t, r, err
		}
	}
}

// beginAhead is begin on the data connection that was opened ahead; all results
// are zero if there is none of use. A command that the server has refused because
// of it (425) did not happen.
func (c *conn) beginAhead(ctx context.Context, cmd command, at *restart) (*transfer, reply, error) {
	d, err := c.takeChannel(ctx)
	if d == nil {
		return nil, reply{}, err
	}
	t, r, err := c.beginOn(ctx, d, cmd, at)
	if t == nil && err == nil && noChannel(cmd.verb, r) {
		c.unusable(reply{code: r.code, lines: r.lines, to: cmd.traced()}.evidence())
		return nil, reply{}, nil
	}
	return t, r, err
}

// noChannel recognises a refusal that is about the data connection. What writes
// is taken to have done nothing only where the reply says so.
func noChannel(verb string, r reply) bool {
	if verb == "STOR" || verb == "APPE" {
		return r.code == 425
	}
	return r.code == 425 || r.code == 426 || r.code == 503
}

// tryBegin is begin with a new data connection.
func (c *conn) tryBegin(ctx context.Context, cmd command, at *restart) (*transfer, reply, error) {
	d, r, err := c.openData(ctx, cmd)
	if d == nil {
		return nil, r, err
	}
	return c.beginOn(ctx, d, cmd, at)
}

// beginOn is begin on a data connection that is open.
func (c *conn) beginOn(ctx context.Context, d *dataConn, cmd command, at *restart) (*transfer, reply, error) {
	if c.tls != nil {
		c.tls.anew = false // of the transfer before
	}
	at.ignored = false
	d.patience = at.patience
	d.bound(at.unread)
	d.up = cmd.verb == "STOR" || cmd.verb == "APPE"
	if at.offset > 0 && !c.restRides(cmd) {
		if r, err := c.rest(at); err != nil || !at.ignored && !r.intermediate() {
			d.close(err)
			return nil, r, err
		}
	}
	t := &transfer{dataConn: d, verb: firstWord(cmd.verb)}
	d.moving = c.act.begins(&c.srv.tally, cmd, at, d.up)
	r, err := t.launch(cmd, at)
	if err == nil && c.forgotType(cmd, r) {
		return c.beginAgain(ctx, t, cmd, at)
	}
	if err == nil {
		r, err = d.arrive(r)
	}
	if err == nil && (r.preliminary() || r.completed()) {
		err = t.secured()
	} else {
		err = t.stop(r, err)
	}
	if err != nil || !r.preliminary() && !r.completed() {
		d.close(err)
		t.owe()
		return nil, r, err
	}
	if r.completed() {
		t.final = &r // quirkNo150: a server that says 226 at once, or only
	}
	c.provedData(d, cmd, r)
	return t, r, nil
}

// launch writes cmd and what goes with it, starts to send and to shake hands
// where that may be done before the server has answered, and returns the first
// reply to cmd.
func (t *transfer) launch(cmd command, at *restart) (reply, error) {
	c := t.c
	rides := c.rides()
	var before []command
	if rides {
		before = slices.Clone(at.before)
		if c.retyped && len(before) > 0 {
			before = append(before, command{"TYPE", "I"}) // those may be what it forgets it at
		}
		if at.offset > 0 && c.restRides(cmd) {
			before = append(before, command{"REST", strconv.FormatInt(at.offset, 10)})
		}
		if t.port = c.portAhead(false); t.port.verb != "" {
			t.behind = at.behind
		}
	}
	cmds := append(before, cmd)
	if t.port.verb != "" {
		cmds = append(append(cmds, t.behind...), t.port)
	}
	if err := c.send(cmds...); err != nil {
		t.behind, t.port = nil, command{}
		return reply{}, err
	}
	if rides {
		t.start(at)
	}
	if err := c.answersBefore(cmds[:len(before)], at); err != nil {
		return reply{}, err
	}
	r, err := c.recv(t.verb, max(c.opts.ReplyTimeout, at.patience))
	r.to = cmd.traced()
	if err == nil && t.stray(r) {
		c.srv.learn(factDataAhead, No, t.verb+" and "+t.behindVerb()+" in one write: "+r.evidence())
		err = c.fail(t.verb, errStray)
	}
	return r, err
}

// errStray is why a connection is given up whose server answers a command before
// a transfer that it got earlier.
var errStray = &protocolError{"commands are answered before the transfer that they were sent behind"}

// answersBefore reads the replies to what was written before a transfer.
func (c *conn) answersBefore(cmds []command, at *restart) error {
	at.looked = nil
	for _, cmd := range cmds {
		r, err := c.final(cmd.verb, c.opts.ReplyTimeout)
		if err != nil {
			return err
		}
		if r.to = cmd.traced(); cmd.verb == "REST" {
			c.learnRest(at, r)
			at.ignored = !r.intermediate() // what follows has begun at 0
			continue
		}
		if cmd.verb == "TYPE" {
			if !r.completed() {
				return c.fail("TYPE", notBinary(r))
			}
			continue
		}
		if at.heard != nil {
			at.heard(r)
		}
		at.looked = append(at.looked, r)
	}
	return nil
}

// restRides tells whether REST goes in one write with cmd: one that was refused
// would have STOR destroy what is to be kept.
func (c *conn) restRides(cmd command) bool {
	return cmd.verb == "RETR" && c.rides() && c.srv.support(factRest) != No
}

// rest sends REST (RFC 3659 section 5), which only the transfer command may
// follow. A server that refuses it is remembered.
func (c *conn) rest(at *restart) (reply, error) {
	if c.srv.support(factRest) == No && at.optional {
		at.ignored = true
		return reply{}, nil
	}
	r, err := c.cmd("REST", strconv.FormatInt(at.offset, 10))
	if err == nil {
		c.learnRest(at, r)
	}
	return r, err
}

// learnRest learns from the reply to REST.
func (c *conn) learnRest(at *restart, r reply) {
	switch {
	case r.intermediate():
		c.srv.learn(factRest, Yes, r.evidence())
	case r.permanent() && c.srv.support(factRest) == Untried:
		c.srv.learn(factRest, No, r.evidence())
		at.ignored = at.optional
	}
}

// finish closes the data connection, which some servers wait for, and reads
// the reply that tells how the transfer went, and the replies to what was written
// behind it, but for that to EPSV.
func (t *transfer) finish(cause error) (reply, error) {
	switch {
	case t.upload != nil:
	case t.up && t.tls != nil && cause == nil:
		stop := t.drain(t.final == nil)
		defer stop()
	default:
		t.close(cause)
	}
	if t.final == nil {
		r, err := t.c.final(t.verb, max(t.c.opts.ReplyTimeout, t.c.opts.DataTimeout)) // quirkRepeated150
		if err == nil && t.strayWithin(r) {
			r, err = t.untangle(r)
		}
		if err != nil {
			return r, t.stop(reply{}, err)
		}
		t.final = &r
	}
	err := t.sent()
	if t.c.broken == nil {
		t.readBehind()
	}
	return *t.final, err
}

// readBehind reads the replies to what was written behind a transfer that has
// ended. That they do not come is for who uses the connection next: the transfer
// is what it is.
func (t *transfer) readBehind() {
	for len(t.behind) > 0 {
		r, err := t.c.final(t.behind[0].verb, t.c.opts.ReplyTimeout)
		if err != nil {
			return
		}
		r.to = t.behind[0].traced()
		t.answers = append(t.answers, r)
		t.behind = t.behind[1:]
	}
	t.owe()
}

// owe leaves to be read what the server is yet to say of what was written behind
// a transfer that has ended.
func (t *transfer) owe() {
	if t.port.verb != "" {
		t.c.owed.cmds = append(slices.Clone(t.behind), t.port)
	}
	t.behind, t.port = nil, command{}
}

// breakOff ends a transfer before its end; what the server says of it is left to
// be read.
func (t *transfer) breakOff(cause error) {
	t.stop(reply{}, cause)
	if t.tls != nil && !t.up && t.final == nil {
		t.reset(cause) // ProFTPD, which is told by TLS and then by TCP, ends the session
	} else {
		t.close(cause)
	}
	if t.final == nil {
		t.c.owed.cut = t.verb
	}
	t.owe()
}

// abandon ends a transfer before its end and brings the replies back in step,
// or else leaves the connection broken.
func (t *transfer) abandon(cause error) {
	t.breakOff(cause)
	if t.c.owed.cut == "" || t.c.broken != nil {
		return
	}
	s := &settling{owed: t.c.owed}
	t.c.owed = owed{}
	s.read(t.c)
	t.final = s.end
	t.c.take(s) // its error has broken the connection
}

// inWords adds to the error of a transfer that was abandoned what the server
// said of it, if it was no good for it either.
func (t *transfer) inWords(err error) error {
	var e *Error
	if errors.Is(t.c.broken, ErrNoTicket) {
		return t.c.broken
	}
	if t.final == nil || t.final.completed() || !errors.As(err, &e) || e.Code != 0 {
		return err
	}
	n := *e
	n.Code, n.Text = t.final.code, t.final.text()
	return &n
}
