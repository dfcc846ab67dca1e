package serve

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/xferlog"
	"ftpfs/ftpserver"
)

// books opens the transfer log and the users' passwords. reload, nil if there
// is neither, reads and opens them again.
func (c *command) books(o *ftpserver.Options, log *slog.Logger) (reload, closeAll func() error, err error) {
	var reloads []func() error
	closeAll = func() error { return nil }
	if c.more.file != nil || c.more.passwords != "" {
		accounts := newHashedUsers(c, o)
		if err := accounts.load(); err != nil {
			return nil, nil, err
		}
		o.Lookup = accounts.lookup
		reloads = append(reloads, accounts.load)
	}
	if c.more.transferLog != "" {
		transfers, err := xferlog.Open(c.more.transferLog)
		if err != nil {
			return nil, nil, exit.Errorf(exit.Usage, "transfer log %s: %w: choose another file with --transfer-log", c.more.transferLog, say.Reason(err))
		}
		o.Transferred = func(t ftpserver.Transfer) {
			if err := transfers.Add(t); err != nil {
				log.Error("transfer log", "err", err)
			}
		}
		reloads = append(reloads, transfers.Reopen)
		closeAll = transfers.Close
	}
	if len(reloads) == 0 {
		return nil, closeAll, nil
	}
	return func() error {
		var all []error
		for _, again := range reloads {
			all = append(all, again())
		}
		return errors.Join(all...)
	}, closeAll, nil
}

// onHangup calls reload at each SIGHUP until the function that it returns is
// called. What fails is logged, and the old goes on.
func onHangup(reload func() error, log *slog.Logger) (stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-signals:
				if err := reload(); err != nil {
					log.Error("SIGHUP: what was open before goes on", "err", err)
					continue
				}
				log.Info("SIGHUP: transfer log and passwords were opened again")
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(signals)
		close(done)
		watch.Wait()
	}
}
