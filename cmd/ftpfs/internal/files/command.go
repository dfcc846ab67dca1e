// Package files is ls, get, put, copy, cat, rm, mv, mkdir and stat of ftpfs: work on the
// files of servers, without a mount. The work itself is that of package transfer; here
// are the words of the commands, the servers of the URLs, and what is told in the end.
package files

import (
	"context"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/transfer"
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

// command is a command that works on servers without a mount.
type command struct {
	*secret.Process
	server remote.Server  // of the flags; each session has its own
	flags  *remote.Flags  // of server
	shared *pflag.FlagSet // the flags of remoteFlags
	own    *pflag.FlagSet
	o      transfer.Options
	quiet  bool

	places   []place // the URLs, in their order
	sessions []*session
}

// Commands returns the commands, for the process p.
func Commands(p *secret.Process) []*cobra.Command {
	return []*cobra.Command{newLsCommand(p), newGetCommand(p), newMgetCommand(p), newPutCommand(p), newMputCommand(p), newCopyCommand(p),
		newCatCommand(p), newRmCommand(p), newMkdirCommand(p), newMvCommand(p), newStatCommand(p)}
}

// newCommand makes a command. urls finds the URLs among the arguments; run does
// the work, when there is a session for each of them.
func newCommand(p *secret.Process, cmd *cobra.Command, flags func(c *command, f *pflag.FlagSet),
	urls func(args []string) []string, run func(ctx context.Context, c *command, args []string) error) *cobra.Command {
	c := &command{Process: p, shared: pflag.NewFlagSet("remote", pflag.ContinueOnError), own: pflag.NewFlagSet("own", pflag.ContinueOnError)}
	c.flags = remote.NewFlags(&c.server)
	c.flags.Add(c.shared, remoteFlags...)
	settings.NameEnvironment(c.shared, "FTPFS_")
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
func (c *command) prepare(urls []string) error {
	if err := settings.ApplyEnvironment(c.shared, "FTPFS_"); err != nil {
		return err
	}
	if c.o.Parallel < 1 || c.o.Parallel > remote.MaxConnections {
		return exit.Errorf(exit.Usage, "--parallel %d is not from 1 to %d", c.o.Parallel, remote.MaxConnections)
	}
	c.server.Connections = c.o.Parallel
	var locations []ftpurl.Location
	for _, raw := range urls {
		p, loc, err := ftpurl.ParseFile(raw)
		if err != nil {
			return err
		}
		if err := c.flags.CheckAll(loc); err != nil {
			return err
		}
		locations = append(locations, c.server.Location)
		c.places = append(c.places, place{FilePath: p})
	}
	if err := c.hideAll(urls, locations); err != nil {
		return err
	}
	sources, err := c.flags.Sources(c.Process)
	if err != nil {
		return err
	}
	for i, loc := range locations {
		if c.places[i].session, err = c.join(sources, loc); err != nil {
			return err
		}
	}
	return nil
}

// hideAll replaces the process by one that has no password in arguments or
// environment, if there is one; it returns in the process that has not.
func (c *command) hideAll(urls []string, locations []ftpurl.Location) error {
	if c.Replaced {
		for i, password := range c.Secrets.URLs {
			if i < len(locations) {
				locations[i].SetPassword(password)
			}
		}
		c.flags.HideProxy(c.Process, nil)
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
	c.flags.HideProxy(c.Process, args)
	return c.Hide(args)
}
