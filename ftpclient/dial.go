package ftpclient

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// keepAlive keeps the control connection in the tables of the routers between
// while a long transfer leaves it silent.
const keepAlive = 15 * time.Second

// directDial is net.Dialer with keep-alive, confined to the address family of
// ActiveAddress; TCP_NODELAY is Go's default.
func (o *Options) directDial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{KeepAlive: keepAlive}
	if !o.ActiveAddress.IsValid() {
		return d.DialContext
	}
	family := tcpFamily(o.ActiveAddress)
	return func(ctx context.Context, _, addr string) (net.Conn, error) { return d.DialContext(ctx, family, addr) }
}

// tcpFamily is what package net calls TCP over the address's version of IP.
func tcpFamily(a netip.Addr) string {
	if a.Is4() {
		return "tcp4"
	}
	return "tcp6"
}

// dial connects to addr within timeout.
func dial(ctx context.Context, o *Options, addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	nc, err := o.Dial(ctx, "tcp", addr)
	if err == nil {
		return nc, nil
	}
	if ctx.Err() != nil && !errors.Is(err, context.Canceled) {
		err = errors.Join(context.DeadlineExceeded, err)
	}
	return nil, err
}

// dialControl connects to the server. The result has read nothing yet.
func dialControl(ctx context.Context, id int, srv *server, o *Options, touch func()) (*conn, error) {
	addr := net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	start := time.Now()
	nc, err := dial(ctx, o, addr, o.DialTimeout)
	o.Trace.connect(id, addr, time.Since(start), err)
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			err = cause
		}
		return nil, &Error{Op: "dial", Path: addr, Kind: kindOfIO(err), Err: err}
	}
	c := &conn{id: id, srv: srv, opts: o, raw: nc, touch: touch, peer: dataHost(o, nc)}
	c.life, c.end = context.WithCancel(context.Background())
	c.sent.Store(time.Now().UnixNano())
	c.ctl, c.in = nc, newReplyReader(nc)
	c.set(guardControl, c.ctl)
	return c, nil
}

// dataHost is where data connections go: the address that the control
// connection reached, never one that the server names (CVE-2020-8284). A Dial
// of the caller's may be a proxy, whose address is of no use; it gets the name.
func dataHost(o *Options, nc net.Conn) string {
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok && !o.ownDial {
		return (&net.IPAddr{IP: a.IP, Zone: a.Zone}).String()
	}
	return o.Host
}
