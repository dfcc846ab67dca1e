package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/net/netutil"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/status"
)

// watchingSettings are what the flags say of how a mount is looked at.
type watchingSettings struct {
	HTTP      string // host:port of the status page; empty: there is none
	LogFormat logs.Format
}

func (c *mountCommand) addWatchingFlags(f *pflag.FlagSet) {
	c.job.Watching.LogFormat = logs.Text
	f.StringVar(&c.job.Watching.HTTP, "http", "", "show a status page and metrics for Prometheus at this [HOST]:PORT, to all who can reach it; without HOST only to this machine's own programs (default: none; see ftpfs status)")
	f.Var(&c.job.Watching.LogFormat, "log-format", "how the log is written: text, json")
}

func (c *mountCommand) validateWatching() (err error) {
	if c.job.Watching.HTTP != "" {
		c.job.Watching.HTTP, err = parsePage(c.job.Watching.HTTP)
	}
	return err
}

// parsePage reads [HOST]:PORT. Nothing but a HOST lets other machines in.
func parsePage(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", exit.Errorf(exit.Usage, "--http %q is not [HOST]:PORT: write :9121, or 192.168.1.2:9121 for other machines", addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return "", exit.Errorf(exit.Usage, "--http %q: %q is not a port from 0 to 65535", addr, port)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// statusPage is the page of a mount.
type statusPage struct {
	server *http.Server
	stop   context.CancelFunc
	work   sync.WaitGroup
	url    string
}

// pageVisitors is how many connections to the page there are at a time.
const pageVisitors = 64

// openPage listens at addr and shows what take returns. What ends it before it is
// closed is logged.
func openPage(addr string, take func() status.Snapshot, warn func(string), log *slog.Logger) (*statusPage, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, exit.Errorf(exit.Failure, "--http %s: %w: choose another port, or :0 for any that is free", addr, say.Reason(err))
	}
	host, _, _ := net.SplitHostPort(addr) // parsePage has
	at := l.Addr().(*net.TCPAddr)
	if !at.IP.IsLoopback() {
		warn(fmt.Sprintf("--http %s: whoever reaches this address sees the names of files and what the server says", addr))
	}
	var names []string
	if _, err := netip.ParseAddr(host); err != nil {
		names = append(names, strings.ToLower(host))
	} else if at.IP.IsUnspecified() {
		host = "localhost"
	}
	ctx, stop := context.WithCancel(context.Background())
	history := status.NewHistory(take)
	p := &statusPage{stop: stop, url: "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port)) + "/",
		server: &http.Server{Handler: status.Handler(take, history, names...), MaxHeaderBytes: 16 << 10,
			ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}}
	p.work.Go(func() { history.Run(ctx) })
	p.work.Go(func() {
		if err := p.server.Serve(netutil.LimitListener(l, pageVisitors)); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the status page has ended", "error", err)
		}
	})
	return p, nil
}

// close ends the page; who reads it is cut off.
func (p *statusPage) close() error {
	p.stop()
	err := p.server.Close()
	p.work.Wait()
	return err
}

// snapshot is what the mount does now. It is called when the volume is there, by any
// goroutine.
func (m *mounted) snapshot() status.Snapshot {
	s := status.Sources{Version: versionText(), Client: m.client, Volume: m.volume, Kernel: m.kernel.Load(), Recent: m.recent, Hide: m.job.Redactor().Replace,
		Mount: status.Mount{Mountpoint: m.job.Mountpoint, Source: m.source, PID: os.Getpid(), Started: m.began,
			ReadOnly: m.job.ReadOnly, WriteBack: m.job.Writing.WriteBack}}
	if p := m.page.Load(); p != nil {
		s.Mount.HTTP = p.url
	}
	return s.Take()
}

// startPage opens the page, if there is to be one.
func (m *mounted) startPage() error {
	if m.job.Watching.HTTP == "" {
		return nil
	}
	p, err := openPage(m.job.Watching.HTTP, m.snapshot, m.warn, m.log)
	if err != nil {
		return err
	}
	m.page.Store(p)
	m.log.Info("status page", "url", p.url)
	return nil
}

// dumpOn writes what the mount does to the log whenever the signal USR1 comes, until
// stop is called.
func (m *mounted) dumpOn() (stop func()) {
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-usr1:
				m.dump()
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(usr1)
		close(done)
		work.Wait()
	}
}

func (m *mounted) dump() {
	if !m.usable.Load() {
		m.log.Info("status: not mounted yet")
		return
	}
	s := m.snapshot()
	if m.job.Watching.LogFormat == logs.JSON {
		m.log.Info("status", "status", s)
		return
	}
	for _, line := range s.Text() {
		m.log.Info("status: " + strings.TrimRight(line, " "))
	}
}
