package ftpclient

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// transfer is a command that moves data, under way.
type transfer struct {
	*dataConn
	verb  string
	final *reply // the reply after the data, once it came
	pace  pace
}

// restart says where a transfer begins, and when.
type restart struct {
	offset   int64
	optional bool // begin at 0 where the server has no REST
	ignored  bool // out: that is what it does

	// patience is for the first reply to the command, and then for the first
	// octet, if it is more than ReplyTimeout and DataTimeout.
	patience time.Duration
}

// begin prepares a data connection, sends REST where it is needed and then cmd.
// If the server refuses, the transfer is nil and the reply says why.
func (c *conn) begin(ctx context.Context, cmd command, at *restart) (*transfer, reply, error) {
	since := time.Now()
	for tries := 1; ; tries++ {
		t, r, err := c.tryBegin(ctx, cmd, at)
		if t != nil || err != nil || !c.otherPort(r, tries, time.Since(since)) {
			return t, r, err
		}
	}
}

// tryBegin is begin with one data connection.
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
	if at != nil {
		d.patience = at.patience
	}
	if at != nil && at.offset > 0 {
		if r, err := c.rest(at); err != nil || !at.ignored && !r.intermediate() {
			d.close(err)
			return nil, r, err
		}
	}
	var r reply
	err := c.send(cmd)
	if err == nil {
		r, err = c.recv(firstWord(cmd.verb), max(c.opts.ReplyTimeout, d.patience))
		r.to = cmd.traced()
	}
	if err == nil && c.forgotType(cmd, r) {
		return c.beginAgain(ctx, d, cmd, at)
	}
	if err == nil {
		r, err = d.arrive(r)
	}
	if err == nil {
		d.up = cmd.verb == "STOR" || cmd.verb == "APPE"
		if c.tls != nil && c.tls.private && (r.preliminary() || r.completed()) {
			err = c.secureData(d)
		}
	}
	if err != nil || !r.preliminary() && !r.completed() {
		d.close(err)
		return nil, r, err
	}
	t := &transfer{dataConn: d, verb: firstWord(cmd.verb)}
	if r.completed() {
		t.final = &r // quirkNo150: a server that says 226 at once, or only
	}
	return t, r, nil
}

// rest sends REST (RFC 3659 section 5), which only the transfer command may
// follow. A server that refuses it is remembered.
func (c *conn) rest(at *restart) (reply, error) {
	if c.srv.support(factRest) == No && at.optional {
		at.ignored = true
		return reply{}, nil
	}
	r, err := c.cmd("REST", strconv.FormatInt(at.offset, 10))
	if err != nil {
		return r, err
	}
	switch {
	case r.intermediate():
		c.srv.learn(factRest, Yes, r.evidence())
	case r.permanent() && c.srv.support(factRest) == Untried:
		c.srv.learn(factRest, No, r.evidence())
		at.ignored = at.optional
	}
	return r, nil
}

// finish closes the data connection, which some servers wait for, and reads
// the reply that tells how the transfer went.
func (t *transfer) finish(cause error) (reply, error) {
	if t.up && t.tls != nil && cause == nil {
		stop := t.drain(t.final == nil)
		defer stop()
	} else {
		t.close(cause)
	}
	if t.final != nil {
		return *t.final, nil
	}
	r, err := t.c.final(t.verb, max(t.c.opts.ReplyTimeout, t.c.opts.DataTimeout)) // quirkRepeated150
	if err == nil {
		t.final = &r
	}
	return r, err
}

// abandon ends a transfer before its end and brings the replies back in step,
// or else leaves the connection broken.
func (t *transfer) abandon(cause error) {
	t.close(cause)
	if t.final != nil || t.c.broken != nil {
		return
	}
	r, err := t.c.recv(t.verb, abortTimeout)
	if err != nil {
		return // which has broken the connection
	}
	if !r.preliminary() {
		t.final = &r
		return
	}
	// Pure-FTPd ends the matter with another 150 (quirkFinal150): what comes
	// before the answer to a NOOP belongs to the transfer.
	if t.c.send(command{verb: "NOOP"}) != nil {
		return
	}
	for range 4 {
		r, err := t.c.recv("NOOP", abortTimeout)
		if err != nil || r.code == 200 {
			return
		}
	}
	t.c.broken = &protocolError{"no answer to NOOP after an abandoned transfer"}
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
