// Package systemd tells systemd of a mount that it has started as a service of
// Type=notify (sd_notify(3)). Where nobody asked for that it does nothing.
package systemd

import (
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/say"
)

// notifyLimit bounds a word to systemd, which may be busy.
const notifyLimit = time.Second

// Service is a mount that systemd is told of.
type Service struct {
	log  *slog.Logger
	done chan struct{}
	work sync.WaitGroup
}

// Ready says that the mount is there, and from then on, as often as systemd
// wants, that it is alive: that look, which must not wait for the network, returns.
func Ready(log *slog.Logger, status string, look func()) *Service {
	s := &Service{log: log, done: make(chan struct{})}
	s.notify("READY=1\nSTATUS=" + say.Printable(status))
	if every := watchdogTime(); every > 0 {
		s.work.Go(func() { s.watch(every/2, look) })
	}
	return s
}

func (s *Service) watch(every time.Duration, look func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := mountpoints.Within(every, func() (none struct{}, _ error) { look(); return none, nil }); err == nil {
			s.notify("WATCHDOG=1")
		}
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
	}
}

// Ending says that the mount is being removed, which may take its time.
func (s *Service) Ending(status string) {
	s.notify("STOPPING=1\nSTATUS=" + say.Printable(status))
}

// End stops telling that the mount is alive.
func (s *Service) End() {
	close(s.done)
	s.work.Wait()
}

// watchdogTime is how often systemd wants to hear of this process; 0: never.
func watchdogTime() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond
}

func (s *Service) notify(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	err := func() error {
		// A name that begins with @ is in the abstract namespace, for net too.
		c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetWriteDeadline(time.Now().Add(notifyLimit)); err != nil {
			return err
		}
		_, err = c.Write([]byte(state))
		return err
	}()
	if err != nil {
		what, _, _ := strings.Cut(state, "\n")
		s.log.Warn("systemd is not told", "of", what, "error", err)
	}
}
