package files

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

func newRmCommand(p *secret.Process) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "rm [flags] URL...",
		Short: "Delete files, and with -r directories, on a server",
		Long: `rm deletes what the URLs name. Links are deleted, not what they lead to. With -r
directories too, with all that is in them, several at a time.
` + patternHelp,
		Example: `  ftpfs rm ftp://me@nas.local/old.tar
  ftpfs rm 'ftp://me@nas.local/logs/2023-*'
  ftpfs rm -r ftp://me@nas.local/build`,
		Args: cobra.MinimumNArgs(1),
	}
	flags := func(c *command, f *pflag.FlagSet) {
		f.BoolVarP(&c.o.Recursive, "recursive", "r", false, "directories too, with all that is in them")
		f.BoolVarP(&force, "force", "f", false, "what is not there is no failure")
	}
	return newCommand(p, cmd, flags, all, func(ctx context.Context, c *command, _ []string) error {
		return c.each(ctx, "removed", func(p place) transfer.Result {
			found, failures := expand(ctx, []place{p}, false)
			if force {
				failures = withoutMissing(failures)
			}
			r := transfer.Remove(ctx, p.client, found, c.o)
			r.Failures = append(failures, r.Failures...)
			return r
		})
	})
}

// withoutMissing leaves out that something is not there.
func withoutMissing(failures []transfer.Failure) (rest []transfer.Failure) {
	for _, f := range failures {
		if ftpclient.KindOf(f.Err) != ftpclient.KindNotExist {
			rest = append(rest, f)
		}
	}
	return rest
}

func newMkdirCommand(p *secret.Process) *cobra.Command {
	parents := false
	cmd := &cobra.Command{
		Use:     "mkdir [flags] URL...",
		Short:   "Make directories on a server",
		Long:    "mkdir makes the directories that the URLs name.\n",
		Example: "  ftpfs mkdir -p ftp://me@nas.local/backup/2024/05",
		Args:    cobra.MinimumNArgs(1),
	}
	flags := func(_ *command, f *pflag.FlagSet) {
		f.BoolVarP(&parents, "parents", "p", false, "make those above too; what is there already is no failure")
	}
	return newCommand(p, cmd, flags, all, func(ctx context.Context, c *command, _ []string) error {
		return c.each(ctx, "made", func(p place) (r transfer.Result) {
			abs, _ := p.Path(p.home)
			if err := transfer.MakeDir(ctx, p.client, abs, parents); err != nil {
				r.Failures = []transfer.Failure{{Path: p.Text, Err: err}}
				return r
			}
			r.Files = 1
			return r
		})
	})
}

func newMvCommand(p *secret.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mv [flags] URL... URL",
		Short: "Rename files and directories on a server",
		Long: `mv gives what the first URLs name the name of the last, or moves it into that
directory if it is one. All are on one server. A file that is there is replaced.
` + patternHelp,
		Example: `  ftpfs mv ftp://me@nas.local/a.txt ftp://me@nas.local/b.txt
  ftpfs mv 'ftp://me@nas.local/inbox/*.pdf' ftp://me@nas.local/archive/`,
		Args: cobra.MinimumNArgs(2),
	}
	return newCommand(p, cmd, func(*command, *pflag.FlagSet) {}, all, func(ctx context.Context, c *command, _ []string) error {
		if err := c.oneServer("mv"); err != nil {
			return err
		}
		last := len(c.places) - 1
		found, failures := expand(ctx, c.places[:last], false)
		var r transfer.Result
		if len(found) > 0 {
			var err error
			place := c.destination()
			if r, err = transfer.Move(ctx, c.places[0].client, found, place); err != nil {
				return c.placeFailure(c.places[last].session, place, err)
			}
		}
		r.Failures = append(failures, r.Failures...)
		return c.verdict(r, "moved")
	})
}

func newStatCommand(p *secret.Process) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "stat [flags] URL...",
		Short: "Show what a server says of files",
		Long: `stat prints what the server says of each file or directory: type, size, time, mode,
owner. What it does not say is not printed. Links are not followed.
` + patternHelp,
		Example: `  ftpfs stat ftp://ftp.debian.org/debian/README
  ftpfs stat --json 'ftp://me@nas.local/*.iso'`,
		Args: cobra.MinimumNArgs(1),
	}
	flags := func(_ *command, f *pflag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "print JSON, an object for each")
	}
	return newCommand(p, cmd, flags, all, func(ctx context.Context, c *command, _ []string) error {
		out := newListingPrinter(os.Stdout, asJSON, true)
		err := c.each(ctx, "shown", func(p place) (r transfer.Result) {
			found, failures := expand(ctx, []place{p}, false)
			for _, m := range found {
				out.stat(m)
				r.Files++
			}
			r.Failures = failures
			return r
		})
		return out.end(err)
	})
}
