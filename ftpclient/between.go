package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// ErrNotBetween is the cause where two servers do not send to each other.
var ErrNotBetween = errors.New("the servers do not send to each other")

// SendOptions say how a file is sent from server to server.
type SendOptions struct {
	// Every is how often the receiving server is asked how much it has; default 5
	// s. It takes another connection to it, if one is free.
	Every time.Duration
	// Progress is told what it said; may be nil. It is called on a goroutine of its
	// own, one call at a time, and not after SendTo has returned.
	Progress func(octets int64)
	// Patience is how long nothing may arrive before it is given up; default
	// Options.DataTimeout, but at least four times Every.
	Patience time.Duration
}

// SendTo has c's server send a file to another server, without it passing this
// machine (FXP; RFC 959 section 2.3): one is told to listen, the other to connect
// to it. The Stored is what Verify says of the file afterwards; how much was sent
// nobody tells.
//
// Where a server refuses to, as most do unless they are configured for it (RFC 2577
// section 3), the other one is told to listen; if that is refused too, the error is
// ErrNotBetween, and its words are in it. So it is if the control connection to
// either goes through Options.Dial: the address that the other could reach is not
// known then. What a server says of an address is never used.
//
// With TLS one of the servers must play the client of the handshake, which RFC 4217
// has no command for; SSCN, where FEAT has it, is one. Data in the clear for a
// session that is protected is not asked for.
//
// SendTo is not retried. What a failure or the end of ctx leaves at path is unknown,
// and costs both control connections.
func (c *Client) SendTo(ctx context.Context, from string, to *Client, path string, o SendOptions) (Stored, error) {
	if err := errors.Join(checkPath("RETR", from), checkPath("STOR", path)); err != nil {
		return Stored{}, err
	}
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = max(c.opts.DataTimeout, 4*o.Every)
	}
	var s Stored
	err := c.do(ctx, "RETR", from, atMostOnce, func(ctx context.Context, sends *conn) error {
		return to.do(ctx, "STOR", path, atMostOnce, func(ctx context.Context, takes *conn) error {
			b := &between{sends: sends, takes: takes, from: from, path: path}
			stop := b.follow(ctx, to, o)
			err := b.run(ctx)
			stop()
			if err == nil {
				s.Entry, s.VerifyErr = takes.verify(ctx, path)
				to.srv.noteStored(path)
			}
			return err
		})
	})
	return s, err
}

// between is a transfer from one server to another. Each conn is used by one
// goroutine at a time; the others may only interrupt it.
type between struct {
	sends, takes *conn
	from, path   string
}

// run tries it with either server as the one that listens.
func (b *between) run(ctx context.Context) error {
	for _, c := range []*conn{b.sends, b.takes} {
		if err := c.settle(); err != nil {
			return err
		}
		c.dropChannel()
	}
	end, err := b.protect()
	if err != nil {
		return err
	}
	err = b.try(ctx, b.takes, b.sends)
	if errors.Is(err, ErrNotBetween) && b.sends.broken == nil && b.takes.broken == nil {
		err = b.try(ctx, b.sends, b.takes)
	}
	return errors.Join(err, end())
}

// protect finds out whether the data can go as both sessions want it. end undoes
// what it has told a server.
func (b *between) protect() (end func() error, err error) {
	end = func() error { return nil }
	secret := func(c *conn) bool { return c.tls != nil && c.tls.private }
	switch {
	case !secret(b.sends) && !secret(b.takes):
		return end, nil
	case !secret(b.sends) || !secret(b.takes):
		return end, notBetween("PROT", b.path, errors.New("one session encrypts its data, the other does not"))
	}
	for _, c := range []*conn{b.takes, b.sends} {
		c.tls.anew = false // what is refused is not for want of a ticket of ours
		if !c.srv.offers("SSCN") {
			continue
		}
		r, err := c.cmd("SSCN", "ON")
		if err != nil {
			return end, err
		}
		if r.completed() {
			return func() error { return c.endSSCN() }, nil
		}
	}
	return end, notBetween("SSCN", b.path, errors.New("neither of the servers can be the client in TLS with the other"))
}

// endSSCN makes the session as it was, for transfers with us.
func (c *conn) endSSCN() error {
	if c.broken != nil {
		return nil // nobody uses it any more
	}
	r, err := c.cmd("SSCN", "OFF")
	if err == nil && !r.completed() {
		c.fail("SSCN", replyError("SSCN", "", r))
	}
	return nil // the transfer is what it is
}

func notBetween(op, path string, err error) error {
	return &Error{Op: op, Path: path, Kind: KindUnsupported, Err: fmt.Errorf("%w: %w", ErrNotBetween, err)}
}

// try has one listen and the other connect.
func (b *between) try(ctx context.Context, listens, connects *conn) error {
	at, err := b.listen(ctx, listens)
	if err == nil {
		err = connects.tellPort(at)
	}
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Code >= 400 && e.Kind != KindTooMany {
			return notBetween(e.Op, b.path, err)
		}
		return err
	}
	if listens == b.takes {
		return b.transfer(ctx, b.takes, b.sends)
	}
	return b.transfer(ctx, b.sends, b.takes)
}

// listen returns the address at which a server awaits the other.
func (b *between) listen(ctx context.Context, c *conn) (at netip.AddrPort, err error) {
	peer, ok := tcpAddr(c.raw.RemoteAddr())
	if !ok || c.opts.ownDial {
		return at, notBetween("PASV", b.path, errors.New("the server is reached through another: its own address is not known"))
	}
	verb, portOf := "PASV", pasvPort
	if !peer.Addr().Is4() {
		verb, portOf = "EPSV", epsvPort
	}
	r, refused, err := c.askPort(b.command(c), verb)
	if err != nil {
		return at, err
	}
	port, ok := portOf(r)
	if refused || !ok || port < lowestPort {
		return at, notBetween(verb, b.path, replyError(verb, "", r))
	}
	return netip.AddrPortFrom(peer.Addr().WithZone(""), uint16(port)), nil
}

func (b *between) command(c *conn) command {
	if c == b.sends {
		return command{"RETR", b.from}
	}
	return command{"STOR", b.path}
}

// transfer sends both commands, first that of the one which listens, and waits for
// both to end. Servers say 150 before or after they have connected, so that both must
// have got their command before either is waited for.
func (b *between) transfer(ctx context.Context, first, second *conn) error {
	for _, c := range []*conn{first, second} {
		if err := c.send(b.command(c)); err != nil {
			first.fail("data", err)
			return err
		}
	}
	ends := make(chan ending, 2)
	for _, c := range []*conn{first, second} {
		go func() {
			r, err := c.final(b.command(c).verb, 0) // follow has the deadline
			r.to = b.command(c).traced()
			ends <- ending{c, r, err}
		}()
	}
	one := <-ends
	if !one.good() {
		// The other one may wait for ever for data, or for somebody to send to: it
		// has a moment to see that none will come.
		other := first
		if one.c == first {
			other = second
		}
		t := time.AfterFunc(abortTimeout, func() { other.interrupt(errOtherFailed) })
		defer t.Stop()
	}
	return b.judge(ctx, one, <-ends)
}

var errOtherFailed = errors.New("the other server has failed, and this one does not see it")

// ending is what a server says of its part.
type ending struct {
	c   *conn
	r   reply
	err error
}

func (e ending) good() bool { return e.err == nil && e.r.completed() }

// judge returns why it failed, if it did: of two reasons the one that came first, if
// it is a reply.
func (b *between) judge(ctx context.Context, one, two ending) error {
	if one.good() && two.good() {
		return nil
	}
	if one.good() || one.err != nil && two.err == nil && !two.good() {
		one = two
	}
	if one.err != nil {
		return one.err
	}
	cmd := b.command(one.c)
	switch r := one.r; {
	case r.code == 425 || r.code == 426 || r.code >= 500 && r.code <= 504 || r.code == 522 || r.code == 534:
		return notBetween(cmd.verb, cmd.arg, replyError(cmd.verb, "", r))
	}
	return one.c.refusal(ctx, cmd.verb, cmd.arg, one.r)
}
