package ftptest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"ftpfs/ftpserver"
)

var bundled = kind{name: Bundled, instant: true, mostTLS: Implicit, start: startBundled}

// startBundled runs the project's own server in this process.
func startBundled(s *Server) (running, error) {
	if s.opts.start != nil {
		return nil, errors.New("it runs in this process, not where Inside says")
	}
	s.Version = "ftpfs, the bundled server"
	s.User, s.Password = passwordUser, password
	tree, err := ftpserver.OpenDirFS(s.Dir)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(s.file("ftpserver.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	b := &inProcess{done: make(chan struct{}), close: func() error { return errors.Join(tree.Close(), log.Close()) }}
	options := s.bundledOptions(tree, log)
	if err := s.bundledTLS(&options); err != nil {
		return nil, errors.Join(err, b.close())
	}
	if b.server, err = ftpserver.New(options); err != nil {
		return nil, errors.Join(err, b.close())
	}
	l, err := net.Listen("tcp", s.Addr())
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	serve := b.server.Serve
	if s.opts.tls == Implicit {
		serve = b.server.ServeTLS
	}
	go func() {
		serve(l) // returns because of stop, or has logged why
		close(b.done)
	}()
	return b, nil
}

// bundledOptions translates the options. What Extra gives are commands that
// the server is to be without.
func (s *Server) bundledOptions(tree ftpserver.FS, log *os.File) ftpserver.Options {
	logger := slog.New(slog.NewTextHandler(log, nil))
	return ftpserver.Options{
		FS:             tree,
		Users:          map[string]ftpserver.User{s.User: {Check: ftpserver.Password(s.Password)}},
		ReadOnly:       s.opts.readOnly,
		MaxConnections: s.opts.clients,
		MaxPerAddress:  s.opts.perHost,
		PassiveMin:     s.opts.portMin,
		PassiveMax:     s.opts.portMax,
		Disable:        s.opts.extra,
		Log:            logger,
		Trace: ftpserver.Trace{
			Command: func(session int, line string) { fmt.Fprintf(log, "%d > %q\n", session, line) },
			Reply:   func(session, code int, text string) { fmt.Fprintf(log, "%d < %d %q\n", session, code, text) },
		},
	}
}

// bundledTLS demands TLS everywhere, and the resumption of sessions as the
// strictest of the others do.
func (s *Server) bundledTLS(o *ftpserver.Options) error {
	if s.opts.tls == NoTLS {
		return nil
	}
	certificate, err := tls.X509KeyPair(s.trust.server, s.trust.key)
	o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate},
		MinVersion: s.opts.tlsVersion, MaxVersion: s.opts.tlsVersion}
	o.RequireTLS, o.RequireSessionReuse = true, true
	return err
}

// inProcess is a server that runs in the test's own process.
type inProcess struct {
	server *ftpserver.Server
	done   chan struct{}
	close  func() error // what is to be done when the sessions have ended
}

func (b *inProcess) stop() {
	if err := errors.Join(b.server.Close(), b.close()); err != nil {
		panic(err) // a test that goes on would rely on a server that did not stop
	}
	<-b.done
}

func (b *inProcess) ended() <-chan struct{} { return b.done }
func (b *inProcess) pid() int               { return 0 }
func (b *inProcess) quiet()                 {} // nobody has logged in yet
