package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"ftpfs/test/ftptest"
	"ftpfs/test/wan"
)

// A site is a server at the end of a link, or on this machine, and what is used
// at this end.
type site struct {
	link    *wan.Link // nil: the server is on this machine
	traffic *traffic
	dir     string // for all files of the run
	program string // ftpfs
	guard   *guard

	host, user, password string
	port                 int
	caFile               string // empty without TLS
	version              string // of the server
	served               string // on the server's disk
	uid, gid             int    // of its files
	rate                 int64  // of the link
	fixture              *fixture
	closers              []func() error
}

// openSite makes the link, unless it is to have none, and starts the server.
func openSite(o options, loopback bool) (s *site, err error) {
	s = &site{traffic: newTraffic(), host: "127.0.0.1"}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "ftpfs-bench-"); err != nil {
		return s, err
	}
	s.closers = append(s.closers, func() error { return os.RemoveAll(s.dir) })
	if s.guard, err = newGuard(s.dir); err != nil {
		return s, err
	}
	s.closers = append(s.closers, s.guard.close)
	if s.program, err = buildProgram(o.program, s.dir); err != nil {
		return s, err
	}
	if !loopback {
		s.rate = o.rate
		s.link, err = wan.Open(wan.Config{RTT: o.rtts[0], Rate: o.rate, Queue: o.queue, Loss: o.loss, Seed: 1, Tap: s.traffic.see})
		if err != nil {
			return s, err
		}
		s.closers = append(s.closers, s.link.Close)
		s.host = s.link.ServerAddr().String()
	}
	if o.server == "bundled" {
		err = s.startBundled(o.tls)
	} else {
		err = s.startServer(o.server, o.tls)
	}
	s.traffic.watch(s.port)
	return s, err
}

// close undoes what openSite did, in reverse order.
func (s *site) close() (err error) {
	for i := len(s.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closers[i]())
	}
	s.closers = nil
	return err
}

// buildProgram returns the path of a built ftpfs.
func buildProgram(given, dir string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	name := filepath.Join(dir, "ftpfs")
	if out, err := exec.Command("go", "build", "-o", name, "ftpfs/cmd/ftpfs").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return name, nil
}

// startServer starts a packaged server.
func (s *site) startServer(name string, tls bool) error {
	mode := ftptest.NoTLS
	if tls {
		mode = ftptest.Explicit
	}
	options := []ftptest.Option{ftptest.TLS(mode), ftptest.Below(s.dir)}
	if name == ftptest.PureFTPd {
		options = append(options, ftptest.Extra("-L", "2000000:8")) // entries that it lists; else 10 000
	}
	if s.link != nil {
		options = append(options, ftptest.Inside(s.host, s.link.Start))
	}
	server, err := ftptest.Launch(name, options...)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, server.Close)
	s.port, s.user, s.password, s.caFile = server.Port, server.User, server.Password, server.CAFile
	s.version, s.served, s.uid, s.gid = server.Version, server.Dir, server.UID, server.GID
	return nil
}

// startBundled starts `ftpfs serve`.
func (s *site) startBundled(tls bool) error {
	if tls {
		return errors.New("-tls explicit is not for the bundled server")
	}
	s.served, s.user, s.password, s.version = filepath.Join(s.dir, "served"), "bench", "bench", "ftpfs serve"
	if err := os.Mkdir(s.served, 0o755); err != nil {
		return err
	}
	cmd := exec.Command(s.program, "serve", "--user", s.user, "--write", "--listen", net.JoinHostPort(s.host, "0"), s.served)
	cmd.Env = append(os.Environ(), "FTPFS_SERVE_PASSWORD="+s.password)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	log, err := os.Create(filepath.Join(s.dir, "serve.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	start := cmd.Start
	if s.link != nil {
		start = func() error { return s.link.Start(cmd) }
	}
	if err == nil {
		err = start()
	}
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error {
		killErr := cmd.Process.Kill()
		cmd.Wait() // its error is that it was killed
		return killErr
	})
	line, err := bufio.NewReader(io.LimitReader(out, 1<<10)).ReadString('\n')
	if err != nil {
		return fmt.Errorf("ftpfs serve says no URL: %w", err)
	}
	line = strings.TrimRight(strings.TrimSpace(line), "/")
	if s.port, err = strconv.Atoi(line[strings.LastIndexByte(line, ':')+1:]); err != nil {
		return fmt.Errorf("ftpfs serve says %q, which is no URL with a port", line)
	}
	return nil
}

func (s *site) portText() string { return strconv.Itoa(s.port) }

// url returns the server's URL without a password.
func (s *site) url() string {
	scheme := "ftp"
	if s.caFile != "" {
		scheme = "ftpes"
	}
	return fmt.Sprintf("%s://%s@%s/", scheme, s.user, net.JoinHostPort(s.host, strconv.Itoa(s.port)))
}
