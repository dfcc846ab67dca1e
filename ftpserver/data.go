package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
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

// dataConn is a data connection, of TLS after handshake. Its errors other than
// io.EOF are *dataError or replies.
type dataConn struct {
	*pacedConn
	tls    *tls.Conn     // nil: in the clear
	stream io.ReadWriter // what the data goes through
	count  *atomic.Int64 // octets moved
	pace   pace
	ctx    context.Context // of the transfer, for the waits of pace
	fault  *dataFault      // nil: none
	cut    bool            // TLS ended without close_notify
}

func newDataConn(conn net.Conn, timeout time.Duration, count *atomic.Int64) *dataConn {
	paced := &pacedConn{Conn: conn, timeout: timeout}
	return &dataConn{pacedConn: paced, stream: paced, count: count}
}

// dataError tells trouble of the network from that of the file.
type dataError struct{ err error }

func (e *dataError) Error() string { return "data connection: " + e.err.Error() }
func (e *dataError) Unwrap() error { return e.err }

// Read reads data. The end of a stream of TLS is io.EOF only if the peer said
// so: crypto/tls takes a FIN between two records for an end as well.
func (c *dataConn) Read(p []byte) (int, error) {
	room, err := c.fault.room(c, c.count.Load(), len(p))
	if err == errCut {
		return 0, c.discard()
	}
	if err != nil {
		return 0, err
	}
	n, err := c.stream.Read(p[:min(room, c.pace.most(room))])
	c.count.Add(int64(n))
	if late := c.pace.wait(c.ctx, n); late != nil && (err == nil || err == io.EOF) {
		err = late
	}
	switch {
	case err == io.EOF && c.tls != nil && c.ended:
		c.cut, err = true, errNoCloseNotify
	case err != nil && err != io.EOF:
		err = &dataError{err}
	}
	return n, err
}

// discard reads to the end and drops it.
func (c *dataConn) discard() error {
	if _, err := io.Copy(io.Discard, c.stream); err != nil {
		return &dataError{err}
	}
	return io.EOF
}

func (c *dataConn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		room, err := c.fault.room(c, c.count.Load(), len(p)-written)
		if err != nil {
			return written, err
		}
		room = min(room, c.pace.most(room))
		if err := c.pace.wait(c.ctx, room); err != nil {
			return written, err
		}
		n, err := c.stream.Write(p[written : written+room])
		c.count.Add(int64(n))
		written += n
		if err != nil {
			return written, &dataError{err}
		}
	}
	return written, nil
}

// reset ends the connection at once and drops what is on its way.
func (c *dataConn) reset() { resetConn(c.Conn) }

// resetConn ends c at once by RST.
func resetConn(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
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
