package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpserver"
)

func (c *command) run(ctx context.Context, args []string) error {
	if err := c.hideSecrets(); err != nil {
		return err
	}
	log, closeLog, err := logs.Open("", true, c.verbose)
	if err != nil {
		return err
	}
	o, err := c.serverOptions(log)
	if err != nil {
		return err
	}
	var trees trees
	defer trees.close()
	tftp, err := c.openTrees(&trees, &o, args)
	if err != nil {
		return err
	}
	reload, closeTransfers, err := c.books(&o, log)
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, o, tftp, reload), closeTransfers(), closeLog())
}

// serve listens and serves until a signal comes.
func (c *command) serve(ctx context.Context, o ftpserver.Options, tftp *tftpd.Options, reload func() error) error {
	server, err := ftpserver.New(o)
	if err != nil {
		return exit.Errorf(exit.Usage, "%w", err)
	}
	endings := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if reload == nil {
		endings = append(endings, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, endings...)
	defer stop()
	if reload != nil {
		defer onHangup(reload, o.Log)()
	}
	sockets, err := c.openSockets(tftp != nil, o.Log)
	if err != nil {
		return err
	}
	serving := sockets.serve(server, tftp, o.Log)
	for _, url := range c.urls(sockets) {
		c.ready(url)
	}
	return serving.until(ctx, stop)
}

// serverOptions makes the server's options of the flags.
func (c *command) serverOptions(log *slog.Logger) (ftpserver.Options, error) {
	o := ftpserver.Options{
		Anonymous: c.anonymous, ReadOnly: !c.write,
		AnonymousWrite: c.write && len(c.users) == 0,
		PassiveHost:    c.passiveHost, Log: log,
	}
	if !c.anonymous && len(c.users) == 0 && !c.more.admits() {
		return o, exit.Errorf(exit.Usage, "nobody could log in: give --anonymous, or --user NAME with FTPFS_SERVE_PASSWORD or --password-file")
	}
	var err error
	if err = c.limits.apply(&o); err != nil {
		return o, err
	}
	if c.passivePorts != "" {
		if o.PassiveMin, o.PassiveMax, err = settings.ParsePorts(c.passivePorts); err != nil {
			return o, exit.Errorf(exit.Usage, "--passive-ports %q: %w", c.passivePorts, err)
		}
	}
	if o.Users, err = c.accounts(); err != nil {
		return o, err
	}
	o.SessionRate = int64(c.more.rate)
	if c.trace {
		o.Trace = serverTrace(log)
	}
	return o, c.tls.apply(&o)
}

func serverTrace(log *slog.Logger) ftpserver.Trace {
	return ftpserver.Trace{
		Command: func(session int, line string) { log.Info(fmt.Sprintf("#%d < %s", session, line)) },
		Reply: func(session int, code int, text string) {
			log.Info(fmt.Sprintf("#%d > %d %s", session, code, text))
		},
	}
}
