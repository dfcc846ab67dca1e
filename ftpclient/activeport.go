package ftpclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
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
		l, err := listenWithin(local, c.opts.ActivePorts)
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

// listenWithin opens a port of a range; which one of those that are free is
// left to chance, so that none is used again soon.
func listenWithin(local netip.Addr, ports [2]int) (l *net.TCPListener, err error) {
	first, count := ports[0], ports[1]-ports[0]+1
	start := rand.IntN(count)
	for i := range count {
		at := netip.AddrPortFrom(local, uint16(first+(start+i)%count))
		l, err = net.ListenTCP(tcpFamily(local), net.TCPAddrFromAddrPort(at))
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
	if first == 0 {
		return nil, err
	}
	return nil, fmt.Errorf("all ports for data connections, %d-%d, are in use: %w", ports[0], ports[1], syscall.EADDRINUSE)
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
