package ftpserver

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dataPort is a prepared way to a data connection. open blocks until there is
// a connection, the timeout passes or ctx ends; it uses the port up.
type dataPort interface {
	open(ctx context.Context, timeout time.Duration) (net.Conn, error)
	close()
}

// passivePort waits for the client to connect (PASV, EPSV).
type passivePort struct {
	listener *net.TCPListener
	peer     netip.Addr
}

// listenPassive listens at the address that the control connection uses, on a
// port of the range that the options give.
func (s *session) listenPassive() (*passivePort, error) {
	local, okLocal := s.conn.LocalAddr().(*net.TCPAddr)
	peer, okPeer := addrOf(s.conn.RemoteAddr())
	if !okLocal || !okPeer {
		return nil, errors.New("the control connection is not TCP")
	}
	low, high := s.srv.opts.PassiveMin, s.srv.opts.PassiveMax
	count := high - low + 1
	first := rand.IntN(count)
	var err error
	for i := range count {
		addr := &net.TCPAddr{IP: local.IP, Zone: local.Zone, Port: low + (first+i)%count}
		var l *net.TCPListener
		if l, err = net.ListenTCP("tcp", addr); err == nil {
			return &passivePort{l, peer}, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, err
}

func (p *passivePort) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *passivePort) close() { p.listener.Close() }

// open accepts one connection. It turns away everyone but the control
// connection's peer, so that nobody else gets at the data (RFC 2577 section 4).
func (p *passivePort) open(ctx context.Context, timeout time.Duration) (net.Conn, error) {
	defer p.listener.Close()
	stop := context.AfterFunc(ctx, func() { p.listener.Close() })
	defer stop()
	p.listener.SetDeadline(time.Now().Add(timeout))
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return nil, err
		}
		if addr, ok := addrOf(conn.RemoteAddr()); ok && addr == p.peer {
			return conn, nil
		}
		conn.Close()
	}
}

// activePort connects to the client (PORT, EPRT).
type activePort struct {
	local net.TCPAddr // without a port
	addr  netip.AddrPort
}

func (p *activePort) close() {}

func (p *activePort) open(ctx context.Context, timeout time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout, LocalAddr: &p.local}
	return d.DialContext(ctx, "tcp", p.addr.String())
}

// setData replaces the prepared data connection.
func (s *session) setData(p dataPort) {
	s.dropData()
	s.data = p
}

func (s *session) dropData() {
	if s.data != nil {
		s.data.close()
		s.data = nil
	}
}

// dataConn is a data connection whose every read and write must make progress
// within the timeout. Its errors are *dataError.
type dataConn struct {
	net.Conn
	timeout time.Duration
	count   *atomic.Int64 // octets moved
}

// dataError tells trouble of the network from that of the file.
type dataError struct{ err error }

func (e *dataError) Error() string { return "data connection: " + e.err.Error() }
func (e *dataError) Unwrap() error { return e.err }

func (c *dataConn) Read(p []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(c.timeout))
	n, err := c.Conn.Read(p)
	c.count.Add(int64(n))
	return n, err
}

// Write writes all of p. A timeout counts only if nothing was written in it:
// a slow peer is not a stalled one.
func (c *dataConn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		c.SetWriteDeadline(time.Now().Add(c.timeout))
		n, err := c.Conn.Write(p[written:])
		written += n
		c.count.Add(int64(n))
		if err != nil && !(n > 0 && isTimeout(err)) {
			return written, &dataError{err}
		}
	}
	return written, nil
}

// reset ends the connection at once and drops what is on its way.
func (c *dataConn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Conn.Close()
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// inlineUrgent keeps the Telnet Synch that clients send before ABOR in its
// place: TCP urgent data is otherwise taken out of the stream, half of a
// Telnet command with it.
func inlineUrgent(c net.Conn) {
	tcp, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	// Without it only the Synch form of ABOR suffers.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_OOBINLINE, 1)
	})
}
