package files

import (
	"context"
	"fmt"
	"os"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/transfer"
)

// each does something for each place, and tells what was not done.
func (c *command) each(ctx context.Context, done string, do func(place) transfer.Result) error {
	var sum transfer.Result
	for _, p := range c.places {
		if ctx.Err() != nil {
			break
		}
		r := do(p)
		sum.Files += r.Files
		sum.Failures = append(sum.Failures, r.Failures...)
	}
	sum.Interrupted = ctx.Err() != nil
	return c.verdict(sum, done)
}

// verdict tells what was not done and returns the error that has the exit code.
func (c *command) verdict(r transfer.Result, done string) error {
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
