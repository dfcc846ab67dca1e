package ftpserver

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// hangUpWait bounds the wait for the peer to close after our last reply.
const hangUpWait = time.Second

// admit starts a session on conn, or refuses it with 421 if there are too
// many. It does not block.
func (srv *Server) admit(conn net.Conn, implicitTLS bool) {
	addr, _ := addrOf(conn.RemoteAddr())
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		conn.Close()
		return
	}
	srv.nextID++
	id, refusal := srv.nextID, srv.refusal(addr)
	if refusal == nil {
		srv.count++
		srv.perAddr[addr]++
	}
	srv.sessions.Add(1)
	srv.mu.Unlock()
	s := newSession(srv, id, conn)
	s.implicit = implicitTLS
	counted := refusal == nil
	if srv.profile.fullAtPass {
		s.full, refusal = refusal, nil
	}
	go func() {
		defer srv.sessions.Done()
		if refusal != nil {
			s.refuse(*refusal)
			return
		}
		leave := sync.OnceFunc(func() {
			if counted {
				srv.leave(addr)
			}
		})
		defer leave()
		if s.begins() {
			s.serve(leave)
		}
	}()
}

// begins makes the handshake of a connection that is TLS from its first byte
// on, or closes it.
func (s *session) begins() bool {
	if !s.implicit {
		return true
	}
	s.protected = s.secure()
	if !s.protected {
		s.cancel()
		s.conn.Close()
	}
	return s.protected
}

// SetLimits changes [Options.MaxConnections] and [Options.MaxPerAddress] of a
// server that runs; 0 or less is no limit. Sessions that there are stay, also
// where they are more than that. It may be called at any time.
func (srv *Server) SetLimits(maxConnections, maxPerAddress int) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.opts.MaxConnections, srv.opts.MaxPerAddress = maxConnections, maxPerAddress
}

// refusal says why there is no room for addr; srv.mu is held.
func (srv *Server) refusal(addr netip.Addr) *reply {
	o := &srv.opts
	say := srv.profile.full
	if say == nil {
		say = fullReply
	}
	var r reply
	switch {
	case o.MaxConnections > 0 && srv.count >= o.MaxConnections:
		r = say(o.MaxConnections, false)
	case o.MaxPerAddress > 0 && srv.perAddr[addr] >= o.MaxPerAddress:
		r = say(o.MaxPerAddress, true)
	default:
		return nil
	}
	return &r
}

// fullReply is our reply to who finds no room.
func fullReply(limit int, perAddress bool) reply {
	if perAddress {
		return sayf(421, "Too many connections (%d) from your address.", limit)
	}
	return sayf(421, "Too many connections (%d); try again later.", limit)
}

// idleReply is the reply to a client that was silent for too long.
func (srv *Server) idleReply() reply {
	after := srv.opts.IdleTimeout
	if own := srv.profile.idle; own != nil {
		return own(after)
	}
	return sayf(421, "Idle for %v; closing control connection.", after)
}

func (srv *Server) leave(addr netip.Addr) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.count--
	if srv.perAddr[addr]--; srv.perAddr[addr] == 0 {
		delete(srv.perAddr, addr)
	}
}

// refuse sends r instead of the greeting.
func (s *session) refuse(r reply) {
	defer s.cancel()
	defer s.conn.Close()
	if s.implicit && !s.secure() {
		return
	}
	s.send(r)
	s.flush()
	s.closeControl()
	s.conn.SetReadDeadline(time.Now().Add(hangUpWait))
	io.CopyN(io.Discard, s.conn, 1<<16)
}

// closeWrite sends our FIN while the peer may still send: closing at once with
// unread input would be a reset, which can overtake the last reply.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// addrOf returns the IP address of a, with IPv4-mapped ones unmapped.
func addrOf(a net.Addr) (netip.Addr, bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	return tcp.AddrPort().Addr().Unmap(), true
}

// isTransient reports whether accept may succeed later.
func isTransient(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
