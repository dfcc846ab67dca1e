package files

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

func newLsCommand(p *secret.Process) *cobra.Command {
	var long, asJSON, null bool
	cmd := &cobra.Command{
		Use:   "ls [flags] URL...",
		Short: "List directories of a server",
		Long: `ls lists the directories that the URLs name, by name, and shows the files. With -r
it also lists the directories in them, many at a time. Characters that a terminal
would obey are shown as \x..; where the output is no terminal, and with -0, names
are printed as they are.
` + patternHelp,
		Example: `  ftpfs ls ftp://ftp.debian.org/debian/
  ftpfs ls -lr ftp://me@nas.local/projects
  ftpfs ls --json ftp://me@nas.local/ | jq -r .name`,
		Args: cobra.MinimumNArgs(1),
	}
	flags := func(c *command, f *pflag.FlagSet) {
		f.BoolVarP(&long, "long", "l", false, "with mode, size, time and where links lead to")
		f.BoolVarP(&c.o.Recursive, "recursive", "r", false, "directories in them too")
		f.BoolVar(&asJSON, "json", false, "print JSON, an object for each name on a line of its own")
		f.BoolVarP(&null, "null", "0", false, "print paths, each ended by NUL, for xargs -0")
	}
	return newCommand(p, cmd, flags, all, func(ctx context.Context, c *command, _ []string) error {
		out := newListingPrinter(os.Stdout, asJSON, long)
		out.null = null
		err := c.each(ctx, "listed", func(p place) (r transfer.Result) {
			found, failures := expand(ctx, []place{p}, false)
			r.Failures = failures
			heads := len(c.places) > 1 || len(found) > 1 || c.o.Recursive
			for _, m := range found {
				r.Failures = append(r.Failures, c.list(ctx, p, m, out, heads)...)
			}
			return r
		})
		return out.end(err)
	})
}

// list shows a match: a directory, or a link to one that was named, by what is in it.
func (c *command) list(ctx context.Context, p place, m transfer.Match, out *listingPrinter, heads bool) (failures []transfer.Failure) {
	if m.Entry.Type != ftpclient.TypeDir && (m.Globbed || m.Entry.Type != ftpclient.TypeSymlink) {
		out.entry("", m.Path, m.Entry)
		return nil
	}
	err := transfer.List(ctx, p.client, m.Path, c.o.Recursive, c.o.Parallel, func(d transfer.Directory) {
		if d.Err != nil {
			failures = append(failures, transfer.Failure{Path: d.Path, Err: d.Err})
			return
		}
		out.directory(d, heads)
		for _, s := range d.Skipped {
			failures = append(failures, transfer.Failure{Path: d.Path, Err: fmt.Errorf("a line without a name to show (%s): %s", s.Reason, say.Short(say.Printable(s.Line)))})
		}
	})
	if err != nil {
		return nil // interrupted, which is told
	}
	return failures
}
