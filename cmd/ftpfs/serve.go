package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpclient"
	"ftpfs/ftpserver"

	"github.com/spf13/cobra"
)

// serveStop bounds the wait for running transfers when the server ends.
const serveStop = 10 * time.Second

// serveCommand is `ftpfs serve`.
type serveCommand struct {
	*secret.Process
	listen       string
	users        []string
	passwordFile string
	anonymous    bool
	write        bool
	readOnly     bool
	passivePorts string
	passiveHost  string
	tls          serveTLS
	limits       serveLimits
	more         serveMore
	verbose      bool
	trace        bool

	ready func(url string) // told when it listens
}

func newServeCommand(p *secret.Process) *cobra.Command {
	c := &serveCommand{Process: p, ready: func(url string) { fmt.Println(url) }}
	cmd := &cobra.Command{
		Use:   "serve [flags] [DIR]",
		Short: "Serve a directory over FTP",
		Long: `serve lets others read, and with --write change, a directory over FTP. It prints
its URL when it listens, and serves until it is interrupted.

Give --user, --anonymous or both. Without --tls-cert passwords and data are sent
unencrypted: do not serve over networks that you do not trust. By default only
this machine is served; --listen :2121 serves all networks.

A password in --user name:password is seen by whoever lists processes at the
moment of the start (it is removed at once) and stays in the shell's history:
prefer --password-file or FTPFS_SERVE_PASSWORD, which count for every --user
without a password of its own, or a file of users with hashed passwords, which
ftpfs serve passwd writes (--passwords).

--config FILE serves what the file says, instead of DIR: users with folders,
quotas, rates and limits, anonymous users with a folder for uploads, TFTP. SIGHUP
reopens the transfer log and reads the passwords again. Sockets that systemd
passes (LISTEN_FDS) are taken instead of --listen: named ftps they are for implicit TLS, and
those of UDP for TFTP.`,
		Example: `  ftpfs serve --anonymous ~/Public
  FTPFS_SERVE_PASSWORD=secret ftpfs serve --user me --write --listen :2121 /srv/scans
  ftpfs serve --user me --tls-cert host.pem --tls-key host.key --tls-require --listen :2121 /srv/files`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := settings.ApplyEnvironment(cmd.Flags(), "FTPFS_SERVE_"); err != nil {
				return err
			}
			if err := c.configure(cmd.Flags(), args); err != nil {
				return err
			}
			return c.run(cmd.Context(), args)
		},
	}
	c.addFlags(cmd)
	cmd.AddCommand(newServePasswdCommand())
	settings.NameEnvironment(cmd, "FTPFS_SERVE_")
	return cmd
}

func (c *serveCommand) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&c.listen, "listen", "127.0.0.1:2121", "address and port; port 0 lets the system choose")
	f.StringArrayVar(&c.users, "user", nil, "name, or name:password, of a user who may log in")
	f.StringVar(&c.passwordFile, "password-file", "", "file whose first line is the password of each --user without one")
	f.BoolVar(&c.anonymous, "anonymous", false, "let anonymous users in, to read")
	f.BoolVar(&c.write, "write", false, "let users change things; with --anonymous and no --user, anonymous ones")
	f.BoolVar(&c.readOnly, "read-only", false, "refuse every change (the default)")
	f.StringVar(&c.passivePorts, "passive-ports", "", "ports for data connections, A-B (default: any)")
	f.StringVar(&c.passiveHost, "passive-host", "", "address that clients shall connect to for data, behind NAT")
	c.limits.addFlags(f)
	c.more.addFlags(f)
	c.tls.addFlags(f)
	f.BoolVarP(&c.verbose, "verbose", "v", false, "log more")
	f.BoolVar(&c.trace, "trace", false, "log every command and reply, passwords masked")
	cmd.MarkFlagsMutuallyExclusive("write", "read-only")
}

func (c *serveCommand) run(ctx context.Context, args []string) error {
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
	var trees serveTrees
	defer trees.close()
	tftp, err := c.trees(&trees, &o, args)
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
func (c *serveCommand) serve(ctx context.Context, o ftpserver.Options, tftp *tftpd.Options, reload func() error) error {
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
	sockets, err := c.sockets(tftp != nil)
	if err != nil {
		return err
	}
	serving := sockets.serve(server, tftp, o.Log)
	for _, url := range c.urls(sockets) {
		c.ready(url)
	}
	select {
	case err := <-serving.failed:
		return exit.Errorf(exit.Serve, "server: %w", err)
	case <-ctx.Done():
	}
	stop() // a second signal ends the program at once
	end, cancel := context.WithTimeout(context.Background(), serveStop)
	defer cancel()
	serving.tftp.Close()
	if err := server.Shutdown(end); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return exit.Errorf(exit.Serve, "server: %w", err)
	}
	return serving.wait()
}

// serverOptions makes the server's options of the flags.
func (c *serveCommand) serverOptions(log *slog.Logger) (ftpserver.Options, error) {
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
	if o.PassiveMin, o.PassiveMax, err = parsePorts(c.passivePorts); err != nil {
		return o, err
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

// url is where the server is reached, for a person to copy.
func (c *serveCommand) url(addr net.Addr, security ftpclient.Security) string {
	tcp := addr.(*net.TCPAddr)
	loc := ftpurl.Location{Host: tcp.IP.String(), Port: tcp.Port, Security: security}
	if tcp.IP.IsUnspecified() {
		loc.Host = "localhost"
		if name, err := os.Hostname(); err == nil && name != "" {
			loc.Host = name
		}
	}
	switch {
	case c.anonymous:
	case len(c.users) > 0:
		loc.User, _, _ = strings.Cut(c.users[0], ":")
	case c.more.file != nil && c.more.file.Anonymous == nil && len(c.more.file.Users) > 0:
		loc.User = c.more.file.Users[0].Name
	}
	return loc.String()
}

// parsePorts reads A-B, or nothing for any port.
func parsePorts(s string) (lowest, highest int, err error) {
	if s == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	lowest, errA := strconv.Atoi(strings.TrimSpace(a))
	highest, errB := strconv.Atoi(strings.TrimSpace(b))
	if errA != nil || errB != nil || lowest < 1 || highest > 65535 || lowest > highest {
		return 0, 0, exit.Errorf(exit.Usage, "--passive-ports %q: write two ports, such as 50000-50100", s)
	}
	return lowest, highest, nil
}

// listenReason strips what the message names already.
func listenReason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func serverTrace(log *slog.Logger) ftpserver.Trace {
	return ftpserver.Trace{
		Command: func(session int, line string) { log.Info(fmt.Sprintf("#%d < %s", session, line)) },
		Reply: func(session int, code int, text string) {
			log.Info(fmt.Sprintf("#%d > %d %s", session, code, text))
		},
	}
}
