package serve

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpserver"
)

// sockets are what a server listens on.
type sockets struct {
	plain, implicit []net.Listener
	udp             []*net.UDPConn
}

// openSockets takes those that systemd passes (sd_listen_fds(3)), or else opens
// those of the flags.
func (c *command) openSockets(tftp bool) (*sockets, error) {
	s := &sockets{}
	if err := s.inherit(c.passed(), c.tls.implicit); err != nil || len(s.plain)+len(s.implicit)+len(s.udp) > 0 {
		return s, err
	}
	if !c.onlyTFTP() {
		if err := c.listenAt(s, "listen", c.listen, c.tls.implicit); err != nil {
			return nil, err
		}
	}
	if c.more.listenTLS != "" {
		if c.tls.cert == "" {
			return nil, exit.Errorf(exit.Usage, "--listen-tls needs a certificate: give --tls-cert FILE and --tls-key FILE")
		}
		if err := c.listenAt(s, "listen-tls", c.more.listenTLS, true); err != nil {
			return nil, err
		}
	}
	if !tftp {
		return s, nil
	}
	addr, err := net.ResolveUDPAddr("udp", c.more.tftp)
	var conn *net.UDPConn
	if err == nil {
		conn, err = net.ListenUDP("udp", addr)
	}
	if err != nil {
		return nil, exit.Errorf(exit.Serve, "cannot listen on %s (%w): choose another address or port for TFTP", c.more.tftp, listenReason(err))
	}
	s.udp = append(s.udp, conn)
	return s, nil
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

// running is a server that runs.
type running struct {
	tftp   *tftpd.Server
	failed chan error // gets what each socket ended with
	all    sync.WaitGroup
}

// serve serves all sockets. Without TFTP those of UDP are closed.
func (s *sockets) serve(server *ftpserver.Server, tftp *tftpd.Options, log *slog.Logger) *running {
	run := &running{failed: make(chan error, len(s.plain)+len(s.implicit)+len(s.udp))}
	start := func(serve func() error) { run.all.Go(func() { run.failed <- serve() }) }
	for _, l := range s.plain {
		start(func() error { return server.Serve(l) })
	}
	for _, l := range s.implicit {
		start(func() error { return server.ServeTLS(l) })
	}
	if tftp == nil {
		tftp = &tftpd.Options{}
	}
	tftp.Log = log
	run.tftp = tftpd.New(*tftp)
	for _, u := range s.udp {
		if tftp.FS == nil {
			log.Warn("a socket for TFTP was passed, but no TFTP is configured: write [tftp]", "socket", u.LocalAddr())
			u.Close()
			continue
		}
		start(func() error { return run.tftp.Serve(u) })
	}
	return run
}

// wait waits for the end of all sockets, which were told to end.
func (r *running) wait() error {
	r.all.Wait()
	close(r.failed)
	var all []error
	for err := range r.failed {
		if !errors.Is(err, ftpserver.ErrServerClosed) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}
