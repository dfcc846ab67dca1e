package manage

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

func newRefreshCommand() *cobra.Command {
	c := &refreshCommand{dirs: mounts.Dirs()}
	return &cobra.Command{
		Use:   "refresh [PATH...]",
		Short: "Forget what is cached, so that others' changes are seen at once",
		Long: `refresh has mounts forget listings, attributes and contents that they keep for a
time (--attr-timeout): of each PATH in a mount and all below it, without a PATH
of all mounts of this user. What was written and is not uploaded yet stays. The
signal HUP does the same for the mount of the process that gets it.`,
		Example: `  ftpfs refresh ~/nas/incoming
  ftpfs refresh`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return c.run(ctx, args)
		},
	}
}

// refreshCommand is `ftpfs refresh`.
type refreshCommand struct {
	dirs []string // where state files are
}

func (c *refreshCommand) run(ctx context.Context, paths []string) error {
	table, err := readTable()
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return c.all(ctx, table)
	}
	var errs []error
	for _, path := range paths {
		errs = append(errs, c.one(ctx, table, path))
	}
	return firstOf(errs)
}

// all refreshes the mounts that have a state file here.
func (c *refreshCommand) all(ctx context.Context, table []mountpoints.Entry) error {
	n := 0
	var errs []error
	for _, dir := range mountpoints.Ours(table) {
		known := mounts.Find(c.dirs, dir)
		if known == nil {
			continue
		}
		_, err := ask(ctx, known, dir, mounts.Request{Do: "refresh"})
		if alive, aliveErr := known.Alive(); err != nil && aliveErr == nil && !alive {
			err = nil // it has just ended, or is dead already
			n--
		}
		known.Close()
		n++
		errs = append(errs, err)
	}
	if n == 0 {
		return exit.Errorf(exit.NotMounted, "nothing is mounted: see findmnt -t %s", mountpoints.FSType)
	}
	return firstOf(errs)
}

// one refreshes a path in a mount.
func (c *refreshCommand) one(ctx context.Context, table []mountpoints.Entry, name string) error {
	dir, known, rest, err := within(table, c.dirs, name)
	switch {
	case err != nil:
		return err
	case dir == "":
		return exit.Errorf(exit.NotMounted, "%s is not in a mount of ftpfs: see findmnt -t %s", name, mountpoints.FSType)
	case known == nil:
		return exit.Errorf(exit.NotMounted, "%s: no process of this user serves it", dir)
	}
	defer known.Close()
	_, err = ask(ctx, known, dir, mounts.Request{Do: "refresh", Path: say.Raw(rest)})
	return err
}
