package ftpclient

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// abortTimeout bounds the wait for what a server says of a transfer that was
// ended early.
const abortTimeout = 2 * time.Second

// conn is one control connection, logged in. It has one owner at a time and
// is not safe for concurrent use, but for interrupt, and for the reading of what
// is owed (see owed.go). After an error that leaves the replies out of step with
// the commands it is broken for good.
type conn struct {
	id   int
	srv  *server
	opts *Options
	raw  net.Conn // as it was dialed
	ctl  net.Conn // what FTP is spoken over
	in   *replyReader
	peer string    // host that data connections are dialed to
	tls  *tlsState // nil: in the clear
	guard

	touch func() // tells the pool that octets move
	act   activity

	life context.Context // ends when it is closed
	end  context.CancelFunc

	owed     owed      // replies that nobody has begun to read
	settling *settling // reads others, or has; nil: there were none
	channel  *channel  // opened ahead; nil: none
	spoilt   string    // why one was of no use, until an ordinary one was tried

	flights atomic.Int64 // how many writes of commands there were

	retyped bool         // TYPE I was sent again (quirkForgetsType)
	ascii   bool         // is in TYPE A, for one transfer
	reused  bool         // was used before its present owner had it
	heard   int          // replies since its present owner has it
	sent    atomic.Int64 // when the last command was written, Unix ns
	broken  error        // why it cannot be used any more
	doubted error        // why nobody is to have it after its present owner
	brief   bool         // its last owner had it for a command or a few, and could not wait
	idleAt  time.Time    // guarded by the pool's mu
}

// interrupt ends whatever the connection waits for, with this cause.
func (c *conn) interrupt(cause error) { c.guard.interrupt(cause) }

// fail marks the connection broken and returns the error of op for its cause.
func (c *conn) fail(op string, err error) error {
	if c.broken == nil {
		c.broken = err
	}
	return c.ioError(op, err)
}

// ioError classifies an error that is no reply.
func (c *conn) ioError(op string, err error) error {
	if cause := c.interrupted(); cause != nil {
		err = cause
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Kind: kindOfIO(err), Err: err}
}

// kindOfIO classifies what a network call, a reader of replies or a context
// returns.
func kindOfIO(err error) Kind {
	var proto *protocolError
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return KindCanceled
	case errors.Is(err, errClientClosed):
		return KindClosed
	case errors.As(err, &proto):
		return KindProtocol
	case errors.Is(err, errCut):
		return KindTruncated
	case tlsFault(err):
		return KindTLS
	case errors.As(err, &dns):
		if dns.IsTimeout || dns.IsTemporary {
			return KindNetwork
		}
		return KindHost
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT):
		return KindTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return KindRefused
	}
	return KindNetwork
}

// errClientClosed is the cause of what Close interrupts.
var errClientClosed = errors.New("the client was closed")

// send writes commands in one piece. Nothing is sent if one of them cannot be.
func (c *conn) send(cmds ...command) error {
	b, err := c.lines(cmds)
	if err != nil {
		return err
	}
	if _, err = c.ctl.Write(b); err != nil {
		return c.fail(firstWord(cmds[0].verb), err)
	}
	return nil
}

// lines are commands as they are about to be written.
func (c *conn) lines(cmds []command) (b []byte, err error) {
	if c.broken != nil {
		return nil, c.ioError(firstWord(cmds[0].verb), c.broken)
	}
	for _, cmd := range cmds {
		if cmd, err = c.onWire(cmd); err != nil {
			return nil, err
		}
		if b, err = appendCommand(b, cmd, c.srv.doublesIAC(cmd.arg)); err != nil {
			return nil, err
		}
	}
	if c.owed.mayAsk() {
		if err := c.settle(); err != nil { // its NOOP must not come among these
			return nil, err
		}
	}
	c.settleSoon() // a server may wait for us to read before it reads on
	for _, cmd := range cmds {
		c.opts.Trace.command(c.id, cmd)
	}
	c.act.wrote(&c.srv.tally, cmds)
	c.flights.Add(1)
	c.sent.Store(time.Now().UnixNano())
	c.deadline(c.ctl, c.opts.ReplyTimeout)
	return b, nil
}

// recv reads the reply to op within d. 421 means that the server closes the
// connection, whatever was asked, and is returned as an error.
func (c *conn) recv(op string, d time.Duration) (reply, error) {
	return c.receive(op, d, c.in.read)
}

// receive is recv with the way to read the reply.
func (c *conn) receive(op string, d time.Duration, read func() (reply, error)) (reply, error) {
	if err := c.settle(); err != nil {
		return reply{}, err
	}
	if c.broken != nil {
		return reply{}, c.ioError(op, c.broken)
	}
	r, err := c.hear(op, d, read)
	if err != nil {
		return r, c.fail(op, err)
	}
	if c.demandsTicket(r) {
		return r, c.fail(op, &Error{Op: op, Kind: KindTLS, Code: r.code, Text: r.text(), Err: ErrNoTicket})
	}
	c.heard++
	c.doubt(r)
	return r, nil
}

// doubt takes a reply that tells of the session rather than of the request: it
// is not logged in any more (530, RFC 959 section 5.4), where it once did
// serve, or its data connections are not protected as was agreed (RFC 2228
// section 5, RFC 4217 section 9).
func (c *conn) doubt(r reply) {
	switch {
	case r.code == 530 && c.reused:
		c.doubted = errLoggedOut
	case r.code == 521 || r.code >= 533 && r.code <= 536:
		c.doubted = errUnprotected
	}
}

var (
	errLoggedOut   = errors.New("the server takes the session for not logged in")
	errUnprotected = errors.New("the server does not protect data as was agreed")
)

// cmd sends one command and reads its final reply.
func (c *conn) cmd(verb, arg string) (reply, error) {
	if err := c.send(command{verb, arg}); err != nil {
		return reply{}, err
	}
	r, err := c.final(firstWord(verb), c.opts.ReplyTimeout)
	r.to = command{verb, arg}.traced()
	return r, err
}

// flight sends commands in one write and reads the final reply of each.
func (c *conn) flight(cmds []command, d time.Duration) ([]reply, error) {
	if err := c.send(cmds...); err != nil {
		return nil, err
	}
	replies := make([]reply, 0, len(cmds))
	for _, cmd := range cmds {
		r, err := c.final(firstWord(cmd.verb), d)
		if err != nil {
			return replies, err
		}
		r.to = cmd.traced()
		replies = append(replies, r)
	}
	return replies, nil
}

// stale tells without a round trip that an idle connection is of no use: its
// server has closed it, or has said something that nobody asked for. One that is
// yet to say what it owes is not, unless that is the end of a transfer, which is
// waited for.
func (c *conn) stale() bool {
	if s := c.settling; s != nil && s.cut == "" && !s.over() {
		return c.broken != nil
	}
	if c.settled() != nil || c.broken != nil || c.in.pending() {
		return true
	}
	c.deadline(c.ctl, 0)
	ready, known := readable(c.raw)
	if !ready || !known {
		return false
	}
	return c.tls == nil || !c.quiet()
}

// quit ends an idle connection in the way of RFC 959, but does not insist.
func (c *conn) quit(reason string) {
	waits := c.settling == nil && c.owed.none()
	if c.broken == nil && c.send(command{verb: "QUIT"}) == nil && waits {
		c.recv("QUIT", time.Second) // a server that only hangs up is as good
	}
	c.close(reason)
}

func (c *conn) close(reason string) {
	if c.broken == nil {
		c.broken = io.ErrClosedPipe
	} else {
		forgetUndelivered(c.raw)
	}
	c.end()
	c.deadline(c.ctl, farewell) // TLS says close_notify
	c.ctl.Close()
	c.opts.Trace.disconnect(c.id, reason)
}

// dropped tells that err is the end of a connection rather than an answer:
// end of stream, reset, 421. Time-outs and cancellations are not among them.
func dropped(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindNetwork
}
