package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = errors.New("ftpserver: server closed")

// Server serves FTP. It is safe for concurrent use.
type Server struct {
	opts     Options
	commands map[string]command
	site     map[string]command

	profile *profile
	faults  faultRules
	digests chan struct{} // holds one for each hash that is computed

	ctx      context.Context // ends when sessions must end at once
	kill     context.CancelFunc
	draining chan struct{} // closed when sessions shall end after their transfer
	sessions sync.WaitGroup

	mu        sync.Mutex // never held across the network
	closed    bool
	listeners map[net.Listener]struct{}
	perAddr   map[netip.Addr]int
	refusals  map[netip.Addr]int    // of logins, that are delayed
	users     map[string]*userState // who is logged in; "" is anonymous
	count     int
	nextID    int
}

// New returns a server that does not listen yet, or an error if the options
// contradict themselves.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	look, err := findProfile(o.Profile)
	if err != nil {
		return nil, err
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = look.maxConnections
	}
	srv := &Server{
		profile:   look,
		opts:      o.withDefaults(),
		commands:  commandTable(),
		site:      siteTable(),
		draining:  make(chan struct{}),
		digests:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		listeners: make(map[net.Listener]struct{}),
		perAddr:   make(map[netip.Addr]int),
		refusals:  make(map[netip.Addr]int),
		users:     make(map[string]*userState),
	}
	if err := srv.shapeCommands(); err != nil {
		return nil, err
	}
	if err := srv.SetFaults(o.Faults...); err != nil {
		return nil, err
	}
	srv.ctx, srv.kill = context.WithCancel(context.Background())
	return srv, nil
}

// shapeCommands takes out of the tables what the options do not want.
func (srv *Server) shapeCommands() error {
	if srv.opts.TLS == nil {
		for _, verb := range []string{"AUTH", "PBSZ", "PROT"} {
			srv.commands[verb] = command{}
		}
	}
	if err := srv.profile.shape(srv); err != nil {
		return err
	}
	for _, name := range srv.opts.Disable {
		if err := srv.disable(name); err != nil {
			return err
		}
	}
	return nil
}

// ListenAndServe listens on the TCP address addr (":2121") and serves.
func (srv *Server) ListenAndServe(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return srv.Serve(l)
}

// Serve accepts sessions from l until the server is shut down, closed or l
// fails; it closes l. The error is never nil. Several listeners can be served
// at the same time.
func (srv *Server) Serve(l net.Listener) error { return srv.serve(l, false) }

// ListenAndServeTLS is ListenAndServe with implicit TLS; the usual port is 990.
func (srv *Server) ListenAndServeTLS(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return srv.ServeTLS(l)
}

// ServeTLS is Serve for connections that are TLS from their first byte on
// (ftps://) and whose data connections are, unless the client says PROT C.
// Options.TLS must be set.
func (srv *Server) ServeTLS(l net.Listener) error {
	if srv.opts.TLS == nil {
		l.Close()
		return errors.New("ftpserver: ServeTLS without Options.TLS")
	}
	return srv.serve(l, true)
}

func (srv *Server) serve(l net.Listener, implicitTLS bool) error {
	defer l.Close()
	if !srv.addListener(l) {
		return ErrServerClosed
	}
	defer srv.removeListener(l)
	pause := 5 * time.Millisecond
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			srv.admit(conn, implicitTLS)
		case srv.isClosed():
			return ErrServerClosed
		case isTransient(err):
			// Out of file descriptors: sessions will end and free some.
			srv.opts.Log.Warn("accept", "err", err)
			if !srv.wait(pause) {
				return ErrServerClosed
			}
			pause = min(2*pause, time.Second)
		default:
			return fmt.Errorf("ftpserver: accept: %w", err)
		}
	}
}

// Shutdown stops accepting, ends every session with 421 as soon as its
// running transfer is complete, and waits for that. When ctx ends first, the
// rest is cut off as by Close and the context's error returned.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.stop()
	ended := make(chan struct{})
	go func() {
		srv.sessions.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		srv.kill()
		return nil
	case <-ctx.Done():
		srv.kill()
		<-ended
		return ctx.Err()
	}
}

// Close stops accepting, cuts off every session and transfer and returns when
// they have ended. It waits for file operations that the FS is in.
func (srv *Server) Close() error {
	srv.kill()
	srv.stop()
	srv.sessions.Wait()
	return nil
}

func (srv *Server) stop() {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !srv.closed {
		srv.closed = true
		close(srv.draining)
	}
	for l := range srv.listeners {
		l.Close()
	}
}

func (srv *Server) isClosed() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.closed
}

func (srv *Server) addListener(l net.Listener) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		return false
	}
	srv.listeners[l] = struct{}{}
	return true
}

func (srv *Server) removeListener(l net.Listener) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	delete(srv.listeners, l)
}

// wait pauses for d and reports false if the server was closed meanwhile.
func (srv *Server) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-srv.draining:
		return false
	}
}
