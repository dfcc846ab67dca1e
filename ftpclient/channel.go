package ftpclient

import (
	"context"
	"net"
	"strconv"
	"time"
)

// channelFresh is how long a data connection that was opened ahead is good for:
// vsftpd, ProFTPD and Pure-FTPd keep one for longer, routers between may not.
const channelFresh = 60 * time.Second

// channel is a data connection that was opened before anybody needed it, in the
// clear: servers answer no handshake before the transfer is asked for. It belongs
// to one control connection, whose next transfer uses it up.
type channel struct {
	since time.Time // when its port was named
	said  reply     // that named it
	mark  int64     // conn.flights then
	verb  string    // that asked for it

	dialed chan struct{} // closed when nc or err is there
	nc     net.Conn
	err    error
	keep   func() bool // ends that nc is closed with the control connection
}

// isPortVerb tells EPSV and PASV from other commands.
func isPortVerb(verb string) bool { return verb == "EPSV" || verb == "PASV" }

// rides tells whether commands may be written behind a transfer, and a data
// connection opened ahead of it.
func (c *conn) rides() bool {
	return !c.opts.Active && c.srv.support(factPipelining) == Yes && c.srv.support(factDataAhead) != No && !c.wantsPRET()
}

// portAhead is the command that asks for a port ahead of need, the zero command
// if nothing is to be asked. Where it is not known yet whether EPSV does, one
// may try it of whom nobody waits for the outcome.
func (c *conn) portAhead(mayTry bool) command {
	if !c.rides() {
		return command{}
	}
	switch c.srv.support(factEPSV) {
	case Yes:
		return command{verb: "EPSV"}
	case No:
		return command{verb: "PASV"}
	}
	if mayTry && c.srv.triesEPSV() {
		return command{verb: "EPSV"}
	}
	return command{}
}

// triesEPSV allows one trial of EPSV ahead of need.
func (s *server) triesEPSV() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.triedEPSV
	s.triedEPSV = true
	return first
}

// transfers notes that data is transferred: connections are prepared for it.
func (s *server) transfers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moves = true
}

// prepares tells whether connections that go idle are prepared for transfers.
func (c *conn) prepares() bool {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return c.srv.moves || c.opts.KeepIdle
}

// prepare asks for a data connection for whoever comes next, and does not wait
// for the answer.
func (c *conn) prepare() {
	if s := c.settling; s != nil && s.over() && c.settled() != nil {
		return
	}
	if c.broken != nil || c.settling != nil || !c.owed.none() || !c.prepares() || c.channel.fresh() {
		return
	}
	c.dropChannel()
	if cmd := c.portAhead(c.opts.KeepIdle); cmd.verb != "" && c.send(cmd) == nil {
		c.owed.cmds = []command{cmd}
	}
}

// openChannel dials, in the background, the port that r names. A refusal leaves
// the transfer to ask again.
func (c *conn) openChannel(cmd command, r reply) *channel {
	port, ok := epsvPort(r)
	if cmd.verb == "PASV" {
		port, ok = pasvPort(r)
	}
	if !ok || port < lowestPort {
		if r.code != 425 { // no port is free: another time
			c.srv.channelFailed(cmd.verb + " ahead of the transfer → " + reply{code: r.code, lines: r.lines}.evidence())
		}
		return nil
	}
	ch := &channel{since: time.Now(), said: r, mark: c.flights.Load(), verb: cmd.verb, dialed: make(chan struct{})}
	timeout := c.opts.DialTimeout
	if c.srv.support(factEPSV) == Untried {
		timeout = min(timeout, firstDataDial)
	}
	go func() {
		defer close(ch.dialed)
		addr := net.JoinHostPort(c.peer, strconv.Itoa(port))
		if ch.nc, ch.err = dial(c.life, c.opts, addr, timeout); ch.err != nil {
			return
		}
		ch.keep = context.AfterFunc(c.life, func() { ch.nc.Close() })
		if cmd.verb == "EPSV" {
			c.srv.learn(factEPSV, Yes, r.evidence())
		}
	}()
	return ch
}

// fresh tells whether it may still be of use.
func (ch *channel) fresh() bool { return ch != nil && time.Since(ch.since) < channelFresh }

// ready tells, without waiting, whether it is there.
func (ch *channel) ready() bool {
	return ch.fresh() && ch.over() && ch.err == nil
}

// over tells whether the dialing is.
func (ch *channel) over() bool {
	select {
	case <-ch.dialed:
		return true
	default:
		return false
	}
}

// drop closes it, or what becomes of it.
func (ch *channel) drop() {
	go func() {
		<-ch.dialed
		if ch.nc != nil && ch.keep() {
			ch.nc.Close()
		}
	}()
}

// dropChannel gives up the data connection that was opened ahead, if there is
// one: after another EPSV it would be reset.
func (c *conn) dropChannel() {
	if c.channel != nil {
		c.channel.drop()
		c.channel = nil
	}
}

// takeChannel returns the data connection that was opened ahead, when it is
// there; nil if there is none of use. An error breaks the connection.
func (c *conn) takeChannel(ctx context.Context) (*dataConn, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	ch := c.channel
	if ch == nil {
		return nil, nil
	}
	if !ch.fresh() || !c.rides() {
		c.dropChannel()
		return nil, nil
	}
	select {
	case <-ch.dialed:
	case <-ctx.Done():
		return nil, c.fail("data", ctx.Err())
	}
	c.channel = nil
	if ch.err != nil {
		c.unusable("connection to the port of " + ch.said.evidence() + ": " + ch.err.Error())
		return nil, nil
	}
	if !ch.keep() {
		return nil, c.fail("data", net.ErrClosed)
	}
	if gone, _ := readable(ch.nc); gone {
		ch.nc.Close() // nothing comes before the transfer but an end
		c.unusable("the data connection opened ahead is closed before the transfer")
		return nil, nil
	}
	c.set(guardData, ch.nc)
	return &dataConn{c: c, raw: ch.nc, nc: ch.nc, start: time.Now(), ahead: true,
		between: c.flights.Load() > ch.mark}, nil
}

// unusable remembers that a data connection opened ahead was of no use, until
// an ordinary one tells whether that is the server's way.
func (c *conn) unusable(evidence string) { c.spoilt = evidence }

// provedData learns from a transfer that has begun on d: if other commands were
// sent while it was open, that it stands them.
func (c *conn) provedData(d *dataConn, cmd command, r reply) {
	r.to = cmd.traced()
	switch {
	case d.between:
		c.srv.channelServed("data connection opened ahead, " + r.evidence())
	case !d.ahead && c.spoilt != "":
		c.srv.channelFailed(c.spoilt + "; an ordinary one works")
	}
	c.spoilt = ""
}

// channelsForget is after how many transfers on data connections opened ahead
// one that failed counts no more.
const channelsForget = 50

// channelServed counts a transfer on a data connection that was opened ahead.
func (s *server) channelServed(evidence string) {
	s.mu.Lock()
	if s.channelGood++; s.channelGood >= channelsForget {
		s.channelGood, s.channelBad = 0, 0
	}
	news := s.f.DataAhead == Untried
	s.mu.Unlock()
	if news {
		s.learn(factDataAhead, Yes, evidence)
	}
}

// channelFailed counts what failed where an ordinary data connection does not
// (quirkDataDropped).
// Once may be chance; the second time it is the server's way.
func (s *server) channelFailed(evidence string) {
	s.mu.Lock()
	s.channelBad++
	s.channelGood = 0
	often := s.channelBad > 1
	s.mu.Unlock()
	if often {
		s.learn(factDataAhead, No, evidence)
	}
}
