package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

// remoteFlags are the flags of mount that commands without a mount have too: those
// that are about the server and the way to it.
var remoteFlags = []string{"timeout", "password-file", "netrc",
	"tls", "ca-file", "tls-pin", "tls-cert", "tls-key", "no-verify", "encoding", "timezone",
	"active", "active-ports", "active-address", "proxy", "trace"}

// remoteHelp is what all of them say of URLs and passwords.
const remoteHelp = `
A URL is ftp://[user[:password]@]host[:port]/[path], or ftpes:// or ftps:// for TLS.
path is relative to the login directory, //path is absolute. Passwords are looked
for as by ftpfs mount; flags that concern the server mean what they mean there.`

// patternHelp is what those say that take patterns.
const patternHelp = `
In a path *, ? and [a-z] stand for other characters of a name on the server: quote
them for the shell, and write %2A, %3F, %5B where they stand for themselves.`

// remoteCommand is a command that works on servers without a mount.
type remoteCommand struct {
	*mountCommand
	shared *pflag.FlagSet // the flags of remoteFlags
	own    *pflag.FlagSet
	o      transfer.Options
	quiet  bool

	places   []serverPlace // the URLs, in their order
	sessions []*session
}

// session is one server, as one user.
type session struct {
	at     ftpurl.Location // without a path
	client *ftpclient.Client
	home   string
}

// serverPlace is a path on a server, as a URL has it.
type serverPlace struct {
	ftpurl.FilePath
	*session
}

// newRemoteCommand makes a command. urls finds the URLs among the arguments; run does
// the work, when there is a session for each of them.
func newRemoteCommand(p *secret.Process, cmd *cobra.Command, flags func(c *remoteCommand, f *pflag.FlagSet),
	urls func(args []string) []string, run func(ctx context.Context, c *remoteCommand, args []string) error) *cobra.Command {
	c := &remoteCommand{mountCommand: &mountCommand{Process: p}, shared: pflag.NewFlagSet("remote", pflag.ContinueOnError)}
	ofMount, own := &cobra.Command{}, &cobra.Command{}
	c.addFlags(ofMount)
	settings.NameEnvironment(ofMount.Flags(), "FTPFS_")
	for _, name := range remoteFlags {
		c.shared.AddFlag(ofMount.Flags().Lookup(name))
	}
	c.own = own.Flags()
	c.own.IntVar(&c.o.Parallel, "parallel", remote.DefaultConnections, "files at a time, each with a connection of its own")
	c.own.BoolVarP(&c.quiet, "quiet", "q", false, "tell nothing but what went wrong")
	flags(c, c.own)
	cmd.Long += remoteHelp
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(c.own)
	cmd.Flags().AddFlagSet(c.shared)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		if err := c.prepare(urls(args)); err != nil {
			return err
		}
		defer c.close()
		if err := c.connectAll(ctx); err != nil {
			if ctx.Err() != nil {
				return exit.Errorf(exit.Interrupt, "interrupted")
			}
			return err
		}
		return run(ctx, c, args)
	}
	return cmd
}

// all are URLs that are all arguments.
func all(args []string) []string { return args }

// prepare reads flags and URLs, hides the passwords in them, and finds those that are
// not there. It does not touch the network.
func (c *remoteCommand) prepare(urls []string) error {
	if err := settings.ApplyEnvironment(c.shared, "FTPFS_"); err != nil {
		return err
	}
	if c.o.Parallel < 1 || c.o.Parallel > remote.MaxConnections {
		return exit.Errorf(exit.Usage, "--parallel %d is not from 1 to %d", c.o.Parallel, remote.MaxConnections)
	}
	c.job.Connections = c.o.Parallel
	var locations []ftpurl.Location
	for _, raw := range urls {
		p, loc, err := ftpurl.ParseFile(raw)
		if err != nil {
			return err
		}
		if err := c.validateLocation(loc); err != nil {
			return err
		}
		locations = append(locations, c.job.Location)
		c.places = append(c.places, serverPlace{FilePath: p})
	}
	if err := c.hideAll(urls, locations); err != nil {
		return err
	}
	for i, loc := range locations {
		if err := c.join(i, loc); err != nil {
			return err
		}
	}
	return nil
}

// validateLocation is mountCommand.validate for one of several servers.
func (c *remoteCommand) validateLocation(loc ftpurl.Location) error {
	return c.remote.CheckAll(loc)
}

// hideAll is hideSecrets for several URLs.
func (c *remoteCommand) hideAll(urls []string, locations []ftpurl.Location) error {
	if c.Replaced {
		for i, password := range c.Secrets.URLs {
			if i < len(locations) {
				locations[i].SetPassword(password)
			}
		}
		c.remote.HideProxy(c.Process, nil)
		return nil
	}
	args := slices.Clone(c.Args)
	c.Secrets.URLs = map[int]string{}
	for i, loc := range locations {
		if !loc.HasPassword {
			continue
		}
		c.Secrets.URLs[i] = loc.Password
		for k, a := range args {
			if k > 0 && a == urls[i] {
				args[k] = ftpurl.Redact(a)
			}
		}
	}
	c.remote.HideProxy(c.Process, args)
	return c.Hide(args)
}

// join gives a place its session: that of the URL before it for the same server and
// user, if there is one.
func (c *remoteCommand) join(i int, loc ftpurl.Location) error {
	sources, err := c.remote.Sources(c.Process)
	if err != nil {
		return err
	}
	if err := sources.Resolve(&loc); err != nil {
		return err
	}
	for _, s := range c.sessions {
		if s.at == loc {
			c.places[i].session = s
			return nil
		}
	}
	s := &session{at: loc}
	c.sessions = append(c.sessions, s)
	c.places[i].session = s
	return nil
}

// connectAll logs in everywhere.
func (c *remoteCommand) connectAll(ctx context.Context) error {
	level := slog.LevelWarn
	if c.job.Trace {
		level = slog.LevelInfo
	}
	log := slog.New(&logs.LineHandler{Level: level, Write: logs.Text.Sink(os.Stderr, false)})
	for _, s := range c.sessions {
		server := c.job.Server
		server.Location = s.at
		session, err := server.Connect(ctx, server.Redactor().Log(log), say.Warn)
		if err != nil {
			return err
		}
		s.client, s.home = session.Client, session.Root
	}
	return nil
}

func (c *remoteCommand) close() {
	for _, s := range c.sessions {
		if s.client != nil {
			s.client.Close() // its error is always nil
		}
	}
}

// expand asks what the patterns of places name. What names nothing is among the
// failures.
func expand(ctx context.Context, places []serverPlace, follow bool) (found []transfer.Match, failures []transfer.Failure) {
	for _, p := range places {
		matches, err := transfer.Expand(ctx, p.client, p.Pattern(p.home), follow)
		if err != nil {
			failures = append(failures, transfer.Failure{Path: p.Text, Err: err})
			continue
		}
		found = append(found, matches...)
	}
	return found, failures
}

// oneServer refuses places on several servers.
func (c *remoteCommand) oneServer(command string) error {
	if len(c.sessions) > 1 {
		return exit.Errorf(exit.Usage, "%s takes URLs of one server: use ftpfs copy between two", command)
	}
	return nil
}

// verdict tells what was not done and returns the error that has the exit code.
func (c *remoteCommand) verdict(r transfer.Result, done string) error {
	const most = 1000
	for i, f := range r.Failures {
		if i == most {
			fmt.Fprintf(os.Stderr, "ftpfs: and %d more\n", len(r.Failures)-most)
			break
		}
		fmt.Fprintf(os.Stderr, "ftpfs: %s: %s\n", say.Printable(f.Path), say.OneLine(f.Err))
	}
	parts := ""
	if n := len(r.Parts); n > 0 {
		parts = fmt.Sprintf("; what has arrived of %s is kept: the same command with -c goes on", say.Plural(n, "file"))
	}
	switch {
	case r.Interrupted:
		return exit.Errorf(exit.Interrupt, "interrupted: %s %s%s", say.Plural(r.Files, "file"), done, parts)
	case len(r.Failures) > 0:
		return exit.Errorf(exit.Partly, "%s, %s not%s", say.Plural(r.Files, "file")+" "+done, say.Plural(len(r.Failures), "thing"), parts)
	}
	return nil
}
