package ftpclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// portRetry is how often a range of ports that are all in use is tried again.
const portRetry = 20 * time.Millisecond

// activePort is a port of ours that the server is to connect to. It takes one
// connection, of the peer alone, and is closed by that.
type activePort struct {
	l       *net.TCPListener
	peer    netip.Addr
	told    netip.AddrPort // what the server knows it as
	arrived chan arrival   // gets one, and is closed then
}

// arrival is the connection that was waited for, or why there is none.
type arrival struct {
	nc  net.Conn
	err error
}

// listenFor opens a port at local, or at all addresses of its family, that
// takes a connection from peer. Where every port of the range is in use, by
// other transfers for the most part, it waits for one, DialTimeout at the most.
func (c *conn) listenFor(caller context.Context, local, peer netip.Addr) (*activePort, error) {
	ctx, cancel := context.WithTimeout(caller, c.opts.DialTimeout)
	defer cancel()
	tick := time.NewTicker(portRetry)
	defer tick.Stop()
	for {
		l, err := c.opts.ports.listen(local)
		if err == nil {
			p := &activePort{l: l, peer: peer, arrived: make(chan arrival, 1)}
			go p.accept()
			return p, nil
		}
		if cause := cmp.Or(c.interrupted(), caller.Err()); cause != nil {
			return nil, c.fail("listen", cause)
		}
		if !errors.Is(err, syscall.EADDRINUSE) || ctx.Err() != nil {
			return nil, &Error{Op: "listen", Path: local.String(), Kind: KindNetwork, Err: err}
		}
		select {
		case <-tick.C:
		case <-ctx.Done(): // one last try
		}
	}
}

// dynamicPorts are for whoever wants any port (RFC 6335 section 6).
var dynamicPorts = [2]int{49152, 65535}

// portRing are the ports of a Client, taken in turn: a server that connects
// from a port of its own, as RFC 959 wants port 20, cannot connect to the same one
// of ours again until its TIME_WAIT is over.
type portRing struct {
	first, count uint32
	next         atomic.Uint32
}

// newPortRing makes one of a range of ports, or of any; where it begins is left
// to chance, other Clients are at work too.
func newPortRing(ports [2]int) *portRing {
	if ports[0] == 0 {
		ports = dynamicPorts
	}
	r := &portRing{first: uint32(ports[0]), count: uint32(ports[1] - ports[0] + 1)}
	r.next.Store(rand.Uint32N(r.count))
	return r
}

// listen opens the next port that is free.
func (r *portRing) listen(local netip.Addr) (*net.TCPListener, error) {
	for range r.count {
		at := netip.AddrPortFrom(local, uint16(r.first+r.next.Add(1)%r.count))
		l, err := net.ListenTCP(tcpFamily(local), net.TCPAddrFromAddrPort(at))
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
	return nil, fmt.Errorf("all ports for data connections, %d-%d, are in use: %w", r.first, r.first+r.count-1, syscall.EADDRINUSE)
}

// accept takes the peer's connection, and ends with the listener or at its
// deadline. Whoever else connects is sent away: the data is not for him, nor
// his for the file.
func (p *activePort) accept() {
	defer close(p.arrived)
	defer p.l.Close()
	for {
		nc, err := p.l.AcceptTCP()
		if err != nil {
			p.arrived <- arrival{err: err}
			return
		}
		if from, ok := tcpAddr(nc.RemoteAddr()); ok && from.Addr().WithZone("") == p.peer {
			p.arrived <- arrival{nc: nc}
			return
		}
		nc.Close()
	}
}

// number is the port's number.
func (p *activePort) number() uint16 { return uint16(p.l.Addr().(*net.TCPAddr).Port) }

// close gives the port up, and the connection that came to it.
func (p *activePort) close() {
	p.l.Close()
	if a := <-p.arrived; a.nc != nil {
		a.nc.Close()
	}
}

// tcpAddr is the address and port of a TCP connection's end; IPv4 is never
// written as IPv6.
func tcpAddr(a net.Addr) (netip.AddrPort, bool) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), ap.IsValid()
}
