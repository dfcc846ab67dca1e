package serve

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// sockets are what a server listens on.
type sockets struct {
	plain, implicit []net.Listener
	udp             []*net.UDPConn
}

// openSockets takes those that systemd passes (sd_listen_fds(3)), or else opens
// those of the flags. tftp is whether those of UDP are for something.
func (c *command) openSockets(tftp bool, log *slog.Logger) (*sockets, error) {
	s := &sockets{}
	err := s.inherit(c.passed(), c.tls.implicit)
	switch {
	case err == nil && s.count() == 0:
		err = c.listenAll(s, tftp)
	case err == nil && !tftp:
		s.closeUDP(log)
	case err == nil && len(s.udp) == 0:
		log.Warn("TFTP is configured, but of the sockets that were passed none is for it: write ListenDatagram= with its port")
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// listenAll opens the sockets of the flags.
func (c *command) listenAll(s *sockets, tftp bool) error {
	if !c.onlyTFTP() {
		if err := c.listenAt(s, "listen", c.listen, c.tls.implicit); err != nil {
			return err
		}
	}
	if c.more.listenTLS != "" {
		if c.tls.cert == "" {
			return exit.Errorf(exit.Usage, "--listen-tls needs a certificate: give --tls-cert FILE and --tls-key FILE")
		}
		if err := c.listenAt(s, "listen-tls", c.more.listenTLS, true); err != nil {
			return err
		}
	}
	if !tftp {
		return nil
	}
	addr, err := net.ResolveUDPAddr("udp", c.more.tftp)
	var conn *net.UDPConn
	if err == nil {
		conn, err = net.ListenUDP("udp", addr)
	}
	if err != nil {
		return exit.Errorf(exit.Serve, "cannot listen on %s (%w): choose another address or port for TFTP", c.more.tftp, listenReason(err))
	}
	s.udp = append(s.udp, conn)
	return nil
}

// onlyTFTP reports whether nobody can log in by FTP.
func (c *command) onlyTFTP() bool {
	if f := c.more.file; f != nil {
		return f.Anonymous == nil && len(f.Users) == 0
	}
	return !c.anonymous && len(c.users) == 0 && c.more.passwords == ""
}

func (c *command) listenAt(s *sockets, flag, addr string, implicit bool) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return exit.Errorf(exit.Serve, "cannot listen on %s (%w): choose another address or port with --%s", addr, listenReason(err), flag)
	}
	s.add(l, implicit)
	return nil
}

func (s *sockets) add(l net.Listener, implicit bool) {
	if implicit {
		s.implicit = append(s.implicit, l)
	} else {
		s.plain = append(s.plain, l)
	}
}

func (s *sockets) count() int { return len(s.plain) + len(s.implicit) + len(s.udp) }

// closeUDP closes those for TFTP, where there is none.
func (s *sockets) closeUDP(log *slog.Logger) {
	for _, u := range s.udp {
		log.Warn("a socket for TFTP was passed, but no TFTP is configured: write [tftp]", "socket", u.LocalAddr())
		u.Close()
	}
	s.udp = nil
}

func (s *sockets) close() {
	for _, l := range slices.Concat(s.plain, s.implicit) {
		l.Close()
	}
	for _, u := range s.udp {
		u.Close()
	}
}

// inherit takes the sockets that were passed.
func (s *sockets) inherit(files []*os.File, implicit bool) error {
	for _, f := range files {
		defer f.Close()
		l, _ := net.FileListener(f)
		p, _ := net.FilePacketConn(f)
		if l, ok := l.(*net.TCPListener); ok {
			s.add(l, implicit || f.Name() == "ftps")
		} else if conn, ok := p.(*net.UDPConn); ok {
			s.udp = append(s.udp, conn)
		} else {
			return exit.Errorf(exit.Serve, "the socket %s that was passed is neither for TCP nor for UDP: write ListenStream= or ListenDatagram= with a port", f.Name())
		}
	}
	return nil
}

// listenReason strips what the message names already.
func listenReason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
