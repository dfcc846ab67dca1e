package files

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/progress"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

func newPutCommand(p *secret.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "put [flags] LOCAL URL",
		Short: "Send a file, or with -r a directory, to a server",
		Long: `put sends a file to the URL: a directory that is there, in which it keeps its name,
or the name that it gets. "-" is standard input. With -r it sends a directory as
cp -r does, up to --parallel files at a time; a slash at the end of LOCAL means what
is in it. Times are kept where the server lets them be set, links are followed to
files. An existing file is replaced by renaming the new one onto it.
` + partsHelp,
		Example: `  ftpfs put report.pdf ftp://me@nas.local/inbox/
  ftpfs put -c disk.iso ftpes://me@nas.local/images/disk.iso
  ftpfs put -r site/ ftpes://me@www.example.org/htdocs
  pg_dump shop | ftpfs put - ftp://me@nas.local/shop.sql`,
		Args: cobra.ExactArgs(2),
	}
	return newPutting(p, cmd)
}

func newMputCommand(p *secret.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mput [flags] LOCAL... URL",
		Short: "Send several files to a directory of a server",
		Long:  `mput sends all files, and with -r directories, to the directory of the URL.` + "\n" + partsHelp,
		Example: `  ftpfs mput *.jpg ftp://me@nas.local/photos/
  ftpfs mput -r src docs ftpes://me@nas.local/project/`,
		Args: cobra.MinimumNArgs(2),
	}
	return newPutting(p, cmd)
}

func newPutting(p *secret.Process, cmd *cobra.Command) *cobra.Command {
	flags := func(c *command, f *pflag.FlagSet) { c.addTransferFlags(f); c.addASCII(f) }
	last := func(args []string) []string { return args[len(args)-1:] }
	return newCommand(p, cmd, flags, last, func(ctx context.Context, c *command, args []string) error {
		if err := c.checkTransfer(); err != nil {
			return err
		}
		place, s := c.destination(), c.places[0].session
		place.Dir = place.Dir || cmd.Name() == "mput"
		report := progress.New(c.quiet)
		c.o.Report = report
		r, err := transfer.Put(ctx, s.client, args[:len(args)-1], os.Stdin, place, c.o)
		report.Close()
		if err != nil {
			return c.placeFailure(s, place, err)
		}
		report.Sum(r, "sent")
		return c.verdict(r, "sent")
	})
}

// destination is where the last URL says that files go.
func (c *command) destination() transfer.Place {
	p := c.places[len(c.places)-1]
	abs, dir := p.Path(p.home)
	return transfer.Place{Path: abs, Dir: dir}
}

// placeFailure tells why nothing could be sent to a place.
func (c *command) placeFailure(s *session, p transfer.Place, err error) error {
	var e *ftpclient.Error
	if errors.As(err, &e) && ftpclient.Lost(err) {
		return remote.Failure(s.at, err)
	}
	return exit.Errorf(exit.Partly, "%s: %w", say.Printable(p.Path), err)
}

func newCopyCommand(p *secret.Process) *cobra.Command {
	fxp := "off"
	cmd := &cobra.Command{
		Use:   "copy [flags] URL... URL",
		Short: "Copy files from one server to another",
		Long: `copy copies what the first URLs name, all of one server, to the last one: to another
server, or to another place of the same. What is copied passes this machine, but not
its disk. With --fxp the servers are asked to send to each other, which spares our
line: one is told the address of the other. Most servers refuse that unless they are
configured for it, for it can be abused; over TLS one of them must have SSCN. --fxp,
or --fxp=try, then copies through this machine and says why; --fxp=only fails.
` + partsHelp + patternHelp,
		Example: `  ftpfs copy ftp://me@old.local/data.tar ftpes://me@new.local/archive/
  ftpfs copy -r -c ftp://me@old.local/photos ftp://me@new.local/
  ftpfs copy --fxp=only ftp://a.example.org/big.iso ftp://me@b.example.org/big.iso`,
		Args: cobra.MinimumNArgs(2),
	}
	flags := func(c *command, f *pflag.FlagSet) {
		c.addTransferFlags(f)
		f.StringVar(&fxp, "fxp", "off", "let the servers send to each other: off, try, only")
		f.Lookup("fxp").NoOptDefVal = "try"
	}
	return newCommand(p, cmd, flags, all, func(ctx context.Context, c *command, _ []string) error {
		direct, ok := map[string]transfer.Direct{"off": transfer.DirectNever, "try": transfer.DirectTry, "only": transfer.DirectOnly}[fxp]
		if !ok {
			return exit.Errorf(exit.Usage, "--fxp=%s is not off, try or only", say.Printable(fxp))
		}
		c.o.Direct = direct
		return c.copy(ctx)
	})
}

// copy copies from all places but the last to that.
func (c *command) copy(ctx context.Context) error {
	last := len(c.places) - 1
	from, to := c.places[:last], c.places[last]
	for _, p := range from {
		if p.session != from[0].session {
			return exit.Errorf(exit.Usage, "copy takes all files from one server: copy those of %s by another command", p.at.Address())
		}
	}
	if c.o.Parallel > 1 && from[0].session == to.session {
		c.o.Parallel /= 2 // each file has a connection at either side, which are of one pool
	}
	found, failures := expand(ctx, from, true)
	if len(found) == 0 {
		return c.verdict(transfer.Result{Failures: failures, Interrupted: ctx.Err() != nil}, "copied")
	}
	report := progress.New(c.quiet)
	c.o.Report = report
	place := c.destination()
	r, err := transfer.Copy(ctx, from[0].client, found, to.client, place, c.o)
	report.Close()
	if err != nil {
		return c.placeFailure(to.session, place, err)
	}
	r.Failures = append(failures, r.Failures...)
	report.Sum(r, "copied")
	return c.verdict(r, "copied")
}
