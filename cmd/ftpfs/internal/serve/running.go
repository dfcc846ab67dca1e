package serve

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpserver"
)

// stopLimit bounds the wait for running transfers when the server ends.
const stopLimit = 10 * time.Second

// running is a server that runs.
type running struct {
	server *ftpserver.Server
	tftp   *tftpd.Server
	failed chan error // gets what each socket ended with
	all    sync.WaitGroup
}

// serve serves all sockets.
func (s *sockets) serve(server *ftpserver.Server, tftp *tftpd.Options, log *slog.Logger) *running {
	run := &running{server: server, failed: make(chan error, s.count())}
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
		start(func() error { return run.tftp.Serve(u) })
	}
	return run
}

// until serves until ctx ends or a socket fails. Then transfers by FTP that run are
// waited for, for a while, and those by TFTP broken off. stop is called before that: a
// second signal ends the program at once.
func (r *running) until(ctx context.Context, stop func()) error {
	var err error
	select {
	case err = <-r.failed:
	case <-ctx.Done():
	}
	stop()
	end, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	r.tftp.Close()
	if ended := r.server.Shutdown(end); !errors.Is(ended, context.DeadlineExceeded) {
		err = errors.Join(err, ended)
	}
	if err = errors.Join(err, r.wait()); err != nil {
		return exit.Errorf(exit.Serve, "server: %w", err)
	}
	return nil
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
