package ftptest

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The kinds of servers that Start knows.
const (
	Vsftpd   = "vsftpd"
	ProFTPD  = "proftpd"
	PureFTPd = "pureftpd"
	Bundled  = "ftpfs" // the project's own, in the test's process
)

// A Server is a running FTP server. Its methods are for the goroutine of the
// test that started it.
type Server struct {
	Name           string // the kind
	Version        string // as the program itself says it
	Host           string
	Port           int
	User, Password string
	Dir            string // the served directory on the local disk
	Root           string // the path of Dir as the client sees it
	UID, GID       int    // who owns what a client makes
	CAFile         string // PEM of the authority that certified it; empty without TLS

	t     testing.TB
	kind  *kind
	opts  options
	trust *trust // nil without TLS
	base  string // configuration, logs and Dir
	run   running
}

// Start starts a server of the kind and returns when a login has succeeded.
// A server that cannot be had skips the test, as [Require] does; one that does
// not start fails it. The server ends with the test, and what it logged is
// printed if the test failed.
func Start(t testing.TB, name string, opts ...Option) *Server {
	t.Helper()
	k := Require(t, name)
	s, err := k.newServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(s.cleanup)
	s.requireTLS(t)
	if s.opts.ipv6 {
		s.useIPv6()
	}
	if err := s.launch(); err != nil {
		t.Fatalf("%s does not start: %v\n%s", name, err, s.Log())
	}
	t.Logf("%s%s", ranAgainst, s.Version)
	return s
}

// ranAgainst begins the line of a test's log that names its server; test/check
// collects these lines.
const ranAgainst = "ftptest: server "

// newServer makes a server's directories and applies the options.
func (k *kind) newServer(opts []Option) (*Server, error) {
	s := &Server{Name: k.name, Host: "127.0.0.1", Root: "/", UID: os.Getuid(), GID: os.Getgid(), kind: k}
	for _, o := range opts {
		o(&s.opts)
	}
	var err error
	if s.base, err = os.MkdirTemp(s.opts.below, tempPrefix); err != nil {
		return nil, err
	}
	s.Dir = s.file("served")
	if s.opts.start != nil {
		s.Host = s.opts.host
	}
	if err := os.Mkdir(s.Dir, 0o755); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// launch starts a new server.
func (s *Server) launch() error {
	if s.opts.tls != NoTLS {
		if err := s.writeCertificates(); err != nil {
			return err
		}
	}
	return s.startAnywhere()
}

// startAnywhere starts the server on a port that is free. Another process may
// take that port in between, so it is tried with a few.
func (s *Server) startAnywhere() (err error) {
	for range 5 {
		if s.Port, err = s.choosePort(); err != nil {
			return err
		}
		if err = s.start(); err == nil {
			return nil
		}
	}
	return err
}

// start configures the server for s.Port, runs it and waits until it answers.
func (s *Server) start() error {
	r, err := s.kind.start(s)
	if err != nil {
		return err
	}
	s.run = r
	if s.kind.instant {
		return nil
	}
	if err := s.awaitLogin(r.ended()); err != nil {
		r.stop()
		s.run = nil
		return err
	}
	r.quiet()
	return nil
}

// Stop kills the server and its sessions. It is as a crash: no session is
// told anything.
func (s *Server) Stop() {
	if s.run != nil {
		s.run.stop()
		s.run = nil
	}
}

// Restart stops the server if it runs and starts it again on the same port,
// over the same directory. The port may be taken for a moment: by a session that is
// not all gone, or by another test's process that looks for one.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	err := s.start()
	for deadline := time.Now().Add(readyTime); err != nil && time.Now().Before(deadline); err = s.start() {
		<-time.After(100 * time.Millisecond)
	}
	if err != nil {
		s.t.Fatalf("%s does not start again on port %d: %v\n%s", s.Name, s.Port, err, s.Log())
	}
}

// Pid returns the process id of the server's main process, whose process group
// holds its sessions too; 0 if it is not running or lives in the test's own
// process.
func (s *Server) Pid() int {
	if s.run == nil {
		return 0
	}
	return s.run.pid()
}

// URL returns the server's URL with user and password: ftp, ftpes (explicit
// TLS) or ftps (implicit TLS).
func (s *Server) URL() string {
	scheme := map[TLSMode]string{NoTLS: "ftp", Explicit: "ftpes", Implicit: "ftps"}[s.opts.tls]
	u := url.URL{Scheme: scheme, Host: s.Addr(), User: url.UserPassword(s.User, s.Password), Path: "/"}
	return u.String()
}

// Path returns the path of a file below Dir as the client sees it. rel is
// relative and has slashes.
func (s *Server) Path(rel string) string {
	if s.Root == "/" {
		return "/" + rel
	}
	return s.Root + "/" + rel
}

// WriteFile writes a file below Dir as somebody on the server would: the
// directories it needs are made, and everything belongs to the server's user.
func (s *Server) WriteFile(rel string, data []byte) {
	s.t.Helper()
	s.Mkdir(filepath.Dir(rel))
	name := filepath.Join(s.Dir, rel)
	if err := os.WriteFile(name, data, 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.own(name)
}

// Mkdir makes a directory below Dir, and those above it, for the server's user.
func (s *Server) Mkdir(rel string) {
	s.t.Helper()
	if rel == "." || rel == "" {
		return
	}
	s.Mkdir(filepath.Dir(rel))
	name := filepath.Join(s.Dir, rel)
	switch err := os.Mkdir(name, 0o755); {
	case err == nil:
		s.own(name)
	case !os.IsExist(err):
		s.t.Fatal(err)
	}
}

// own gives a file to the server's user.
func (s *Server) own(name string) {
	if err := os.Lchown(name, s.UID, s.GID); err != nil {
		s.t.Fatal(err)
	}
}

// Addr returns host:port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func (s *Server) cleanup() {
	s.Stop()
	if s.t.Failed() {
		s.t.Logf("what %s logged:\n%s", s.Name, s.Log())
	}
	if err := os.RemoveAll(s.base); err != nil {
		s.t.Error(err)
	}
}
