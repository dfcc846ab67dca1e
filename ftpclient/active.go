package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"
)

var (
	errActiveDial = errors.New("ftpclient: Active and Dial exclude each other: the server connects to this machine, whatever Dial goes through")
	errNoArrival  = errors.New("the server has not connected to us")
)

// checkActive returns which of the options for active mode make no sense.
func (o *Options) checkActive() error {
	first, last, a := o.ActivePorts[0], o.ActivePorts[1], o.ActiveAddress
	switch {
	case !o.Active && (first != 0 || last != 0 || a.IsValid()):
		return errors.New("ftpclient: ActivePorts and ActiveAddress need Active")
	case o.Active && o.Dial != nil:
		return errActiveDial
	case (first != 0 || last != 0) && (first < 1024 || last < first || last > 65535):
		return fmt.Errorf("ftpclient: bad range of ports %d-%d", first, last)
	case a.IsValid() && (a.IsUnspecified() || a.IsMulticast() || a.Zone() != "" || a.Is4In6()):
		return fmt.Errorf("ftpclient: %v is no address that a server can connect to", a)
	}
	return nil
}

// openActive opens a port and tells the server of it. The server connects to
// it when it gets the transfer command (RFC 959 section 3.2).
func (c *conn) openActive(ctx context.Context) (*dataConn, error) {
	local, okLocal := tcpAddr(c.raw.LocalAddr())
	peer, okPeer := tcpAddr(c.raw.RemoteAddr())
	if !okLocal || !okPeer {
		return nil, c.fail("listen", fmt.Errorf("the control connection is not TCP but %s", c.raw.LocalAddr().Network()))
	}
	p, err := c.listenFor(ctx, c.listenAddress(local.Addr()), peer.Addr().WithZone(""))
	if err != nil {
		return nil, err
	}
	d := &dataConn{c: c, awaited: p}
	c.set(guardData, p.l)
	named := local.Addr().WithZone("") // zones mean something to this machine alone
	if c.opts.ActiveAddress.IsValid() {
		named = c.opts.ActiveAddress
	}
	p.told = netip.AddrPortFrom(named, p.number())
	if err := c.tellPort(p.told); err != nil {
		d.close(err)
		return nil, err
	}
	return d, nil
}

// listenAddress is the address to listen at: the control connection's, with
// its zone, or all of its family where the server connects to another.
func (c *conn) listenAddress(local netip.Addr) netip.Addr {
	switch named := c.opts.ActiveAddress; {
	case !named.IsValid() || named == local.WithZone(""):
		return local
	case local.Is4():
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// tellPort names an address and port to the server: by EPRT (RFC 2428 section
// 2) where it is IPv6, which PORT cannot tell, else by PORT, which more servers
// have, or by EPRT where the server was found to want that.
func (c *conn) tellPort(at netip.AddrPort) error {
	eprt, port := command{"EPRT", eprtArg(at)}, command{"PORT", ""}
	if !at.Addr().Is4() {
		r, err := c.cmd(eprt.verb, eprt.arg)
		if err != nil || r.completed() {
			return err
		}
		return replyError(eprt.verb, at.String(), r)
	}
	port.arg = portArg(at)
	order, teaches := []command{port, eprt}, Yes
	if c.srv.support(factEPRT) == Yes {
		order, teaches = []command{eprt, port}, No
	}
	return c.tellEither(at, order, teaches)
}

// tellEither sends one command or, if that is refused for good, the other, which
// teaches whether EPRT is to be the first of the two.
func (c *conn) tellEither(at netip.AddrPort, order []command, teaches Support) error {
	first, err := c.cmd(order[0].verb, order[0].arg)
	if err != nil || first.completed() {
		return err
	}
	if first.permanent() {
		second, err := c.cmd(order[1].verb, order[1].arg)
		if err != nil {
			return err
		}
		if second.completed() {
			c.srv.learn(factEPRT, teaches, first.evidence()+"; "+second.evidence())
			return nil
		}
	}
	return replyError(order[0].verb, at.String(), first)
}

// portArg is the argument of PORT (RFC 959 section 4.1.2), for IPv4.
func portArg(at netip.AddrPort) string {
	a, p := at.Addr().As4(), at.Port()
	return fmt.Sprintf("%d,%d,%d,%d,%d,%d", a[0], a[1], a[2], a[3], p>>8, p&0xff)
}

// eprtArg is the argument of EPRT (RFC 2428 section 2).
func eprtArg(at netip.AddrPort) string {
	family := 2
	if at.Addr().Is4() {
		family = 1
	}
	return fmt.Sprintf("|%d|%s|%d|", family, at.Addr(), at.Port())
}

const (
	portTries   = 4               // for one transfer
	portTryTime = 3 * time.Second // after which no other port is tried
)

// otherPort tells whether a transfer that the server has refused with r may fare
// better with another port of ours: 425 says that it could not connect, so that
// nothing has happened, and at once, as when its own port 20 is not yet rid of the
// last connection to the same one (quirkPort20). A firewall takes its time.
func (c *conn) otherPort(r reply, tries int, took time.Duration) bool {
	return c.opts.Active && r.code == 425 && tries < portTries && took < portTryTime
}

// arrive waits, after the reply r to the transfer command, until the server has
// connected. Servers say 150 before or after they do, and some that they could
// not after they said that they would, so the control connection is heeded too:
// the reply that it returns is the last one that came, and a refusal ends the
// wait. With passive connections there is nothing to wait for.
func (d *dataConn) arrive(r reply) (reply, error) {
	for d.awaited != nil && r.preliminary() {
		spoke, err := d.awaitServer(true)
		if err != nil {
			return r, err
		}
		if spoke {
			if r, err = d.c.recv("data", d.c.opts.ReplyTimeout); err != nil {
				return r, err
			}
		}
	}
	if d.awaited != nil && r.completed() {
		_, err := d.awaitServer(false)
		return r, err
	}
	return r, nil
}

// awaitServer waits until the server has connected, or, if it may, spoken. After
// DialTimeout the connection is given up: no one knows what it would say.
func (d *dataConn) awaitServer(maySpeak bool) (spoke bool, err error) {
	p, c := d.awaited, d.c
	c.deadline(p.l, c.opts.DialTimeout)
	if maySpeak && len(p.arrived) == 0 {
		c.deadline(c.ctl, 2*c.opts.DialTimeout)
		words := make(chan error, 1)
		go func() { words <- c.in.await() }()
		select {
		case err := <-words:
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break // that of the port was before
			}
			if err != nil {
				return false, c.fail("data", err)
			}
			if len(p.arrived) == 0 {
				return true, nil
			}
		case a := <-p.arrived:
			c.ctl.SetReadDeadline(past) // ends the goroutine
			<-words
			return false, d.take(a)
		}
	}
	return false, d.take(<-p.arrived)
}

// take makes the connection that the server opened d's.
func (d *dataConn) take(a arrival) error {
	if a.err != nil {
		return d.c.fail("data", &Error{Op: "data", Path: d.awaited.told.String(), Kind: kindOfIO(a.err),
			Err: fmt.Errorf("%w: %w", errNoArrival, a.err)})
	}
	d.awaited, d.raw, d.nc, d.start = nil, a.nc, a.nc, time.Now()
	d.c.set(guardData, a.nc)
	return nil
}
