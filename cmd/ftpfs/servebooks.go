package main

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/passwd"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/xferlog"
	"ftpfs/ftpserver"
)

// books opens the transfer log and the users' passwords. reload, nil if there
// is neither, reads and opens them again.
func (c *serveCommand) books(o *ftpserver.Options, log *slog.Logger) (reload, closeAll func() error, err error) {
	var reloads []func() error
	closeAll = func() error { return nil }
	if c.more.file != nil || c.more.passwords != "" {
		accounts := newServeAccounts(c, o)
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

// serveAccounts are the users with hashed passwords.
type serveAccounts struct {
	users map[string]ftpserver.User  // of the configuration
	own   map[string]*passwd.Checker // of those whose hash is there
	rest  *ftpserver.User            // of who is in the file of passwords only; nil: nobody
	file  string                     // "": none
	any   *passwd.Checker            // takes time for who does not exist

	mu     sync.Mutex
	stored map[string]*passwd.Checker // of the file
}

// newServeAccounts takes the users of the configuration out of o, which knows
// those of the flags.
func newServeAccounts(c *serveCommand, o *ftpserver.Options) *serveAccounts {
	a := &serveAccounts{users: make(map[string]ftpserver.User), own: make(map[string]*passwd.Checker), file: c.more.passwords, any: passwd.NewChecker(passwd.Nobody)}
	if c.more.file == nil {
		a.rest = &ftpserver.User{}
		return a
	}
	for _, u := range c.more.file.Users {
		a.users[u.Name] = o.Users[u.Name]
		delete(o.Users, u.Name)
		if u.Password != "" {
			a.own[u.Name] = passwd.NewChecker(u.Password)
		}
	}
	return a
}

// load reads the file of passwords.
func (a *serveAccounts) load() error {
	stored := make(map[string]*passwd.Checker)
	if a.file != "" {
		users, err := passwd.Read(a.file)
		if err != nil {
			return exit.Errorf(exit.Usage, "passwords: %w", err)
		}
		for name, hash := range users {
			stored[name] = passwd.NewChecker(hash)
		}
	}
	for name := range a.users {
		if a.own[name] == nil && stored[name] == nil {
			return exit.Errorf(exit.Usage, "user %s has no password: write password = \"...\" with what ftpfs serve passwd prints, or use --passwords", name)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stored = stored
	return nil
}

// lookup answers for every name: who does not exist takes as long to refuse.
func (a *serveAccounts) lookup(name string) (ftpserver.User, bool) {
	a.mu.Lock()
	check := a.stored[name]
	a.mu.Unlock()
	if own := a.own[name]; own != nil {
		check = own
	}
	user, known := a.users[name]
	if !known && a.rest != nil {
		user, known = *a.rest, true
	}
	if !known || check == nil {
		return ftpserver.User{Check: func(password string) bool { a.any.Check(password); return false }}, true
	}
	user.Check = check.Check
	return user, true
}
