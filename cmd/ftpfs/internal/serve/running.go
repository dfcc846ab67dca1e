package serve

import (
	"errors"
	"log/slog"
	"sync"

	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpserver"
)

// running is a server that runs.
type running struct {
	tftp   *tftpd.Server
	failed chan error // gets what each socket ended with
	all    sync.WaitGroup
}

// serve serves all sockets.
func (s *sockets) serve(server *ftpserver.Server, tftp *tftpd.Options, log *slog.Logger) *running {
	run := &running{failed: make(chan error, s.count())}
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
