package files

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/progress"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/transfer"
)

// partsHelp is what get, put and copy say of what they leave and how they go on.
const partsHelp = `
A file appears under its name when it is whole and its size was checked; until then
it is a hidden file beside, .NAME.ftpfs-part-... What replaces nothing and is small
is sent to a server under its own name. With -c an interrupted transfer goes on with
these parts, if file and part are of one version (size and time), and files that are
there already with the same size and time are left alone. One file that fails does
not stop the others; each is named at the end, in the server's words.
`

// addTransferFlags are those of get, put and copy.
func (c *command) addTransferFlags(f *pflag.FlagSet) {
	f.BoolVarP(&c.o.Recursive, "recursive", "r", false, "take directories, with all that is in them")
	f.BoolVarP(&c.o.Continue, "continue", "c", false, "go on with what was interrupted, and leave alone what is there already")
	f.Var((*settings.ByteSize)(&c.o.Rate), "limit-rate", "octets a second at most, all files together: 500K, 2M (default: as many as go)")
	f.BoolVar(&c.o.NoTimes, "no-times", false, "let files have the time of their arrival, not the one they had")
}

func (c *command) addASCII(f *pflag.FlagSet) {
	f.BoolVarP(&c.o.ASCII, "ascii", "a", false, "text: change the ends of lines to those of the receiver (TYPE A); default is binary, octet by octet")
}

// checkTransfer refuses what does not go together.
func (c *command) checkTransfer() error {
	if c.o.ASCII && c.o.Continue {
		return exit.Errorf(exit.Usage, "--ascii and -c exclude each other: a file that is changed on its way has no place to go on at")
	}
	return nil
}

func newGetCommand(p *secret.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get [flags] URL [LOCAL]",
		Short: "Fetch a file, or with -r a directory, from a server",
		Long: `get fetches a file to LOCAL: a directory that is there, in which it keeps its name,
or the name that it gets. "-" is standard output; without LOCAL it is the current
directory. With -r it fetches a directory as cp -r does, up to --parallel files at
a time; a slash at the end of its URL means what is in it. Times are kept, links on
the server are followed to files.
` + partsHelp + patternHelp,
		Example: `  ftpfs get ftp://ftp.debian.org/debian/README
  ftpfs get -c ftpes://me@nas.local/images/disk.iso /var/tmp/
  ftpfs get -r ftp://me@nas.local/photos/2024 ~/photos
  ftpfs get 'ftp://me@nas.local/logs/*.gz' ~/logs/
  ftpfs get ftp://me@nas.local/backup.tar - | tar t`,
		Args: cobra.RangeArgs(1, 2),
	}
	flags := func(c *command, f *pflag.FlagSet) { c.addTransferFlags(f); c.addASCII(f) }
	return newCommand(p, cmd, flags, func(args []string) []string { return args[:1] },
		func(ctx context.Context, c *command, args []string) error {
			to := "."
			if len(args) == 2 {
				to = args[1]
			}
			if to == "-" {
				return c.cat(ctx)
			}
			return c.get(ctx, transfer.Place{Path: to, Dir: strings.HasSuffix(to, "/")})
		})
}

func newMgetCommand(p *secret.Process) *cobra.Command {
	dir := "."
	cmd := &cobra.Command{
		Use:   "mget [flags] URL...",
		Short: "Fetch several files from a server into a directory",
		Long:  `mget fetches all that its URLs name into the current directory, or that of -d.` + "\n" + partsHelp + patternHelp,
		Example: `  ftpfs mget 'ftp://me@nas.local/logs/*.gz' ftp://me@nas.local/notes.txt
  ftpfs mget -d ~/src -r 'ftp://ftp.gnu.org/gnu/hello/hello-2.1[02]*'`,
		Args: cobra.MinimumNArgs(1),
	}
	flags := func(c *command, f *pflag.FlagSet) {
		f.StringVarP(&dir, "directory", "d", ".", "directory that they go to")
		c.addTransferFlags(f)
		c.addASCII(f)
	}
	return newCommand(p, cmd, flags, all, func(ctx context.Context, c *command, _ []string) error {
		if err := c.oneServer("mget"); err != nil {
			return err
		}
		return c.get(ctx, transfer.Place{Path: dir, Dir: true})
	})
}

// get fetches what all places name.
func (c *command) get(ctx context.Context, to transfer.Place) error {
	if err := c.checkTransfer(); err != nil {
		return err
	}
	found, failures := expand(ctx, c.places, true)
	if len(found) == 0 {
		return c.verdict(transfer.Result{Failures: failures, Interrupted: ctx.Err() != nil}, "fetched")
	}
	report := progress.New(c.quiet)
	c.o.Report = report
	r, err := transfer.Get(ctx, c.places[0].client, found, to, c.o)
	report.Close()
	if err != nil {
		return exit.Errorf(exit.Partly, "%s: %w", say.Printable(to.Path), say.Reason(err))
	}
	r.Failures = append(failures, r.Failures...)
	report.Sum(r, "fetched")
	return c.verdict(r, "fetched")
}

// cat writes what all places name to standard output.
func (c *command) cat(ctx context.Context) error {
	if err := c.checkTransfer(); err != nil {
		return err
	}
	var sum transfer.Result
	for _, p := range c.places {
		found, failures := expand(ctx, []place{p}, true)
		r, err := transfer.Cat(ctx, p.client, found, os.Stdout, c.o)
		sum.Files += r.Files
		sum.Failures = append(append(sum.Failures, failures...), r.Failures...)
		sum.Interrupted = ctx.Err() != nil
		if err != nil {
			return exit.Errorf(exit.Partly, "standard output: %w", say.Reason(err))
		}
	}
	return c.verdict(sum, "written")
}

func newCatCommand(p *secret.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cat [flags] URL...",
		Short: "Write files of a server to standard output",
		Long: `cat writes the files to standard output, one after the other. If the connection is
lost, it goes on where it was.
` + patternHelp,
		Example: `  ftpfs cat ftp://ftp.debian.org/debian/README
  ftpfs cat 'ftp://me@nas.local/log/app-*.log' | grep ERROR`,
		Args: cobra.MinimumNArgs(1),
	}
	return newCommand(p, cmd, (*command).addASCII, all,
		func(ctx context.Context, c *command, _ []string) error { return c.cat(ctx) })
}
