package manage

import (
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
			cmd.SetContext(ctx)
			return c.run(cmd, args)
		},
	}
}

// refreshCommand is `ftpfs refresh`.
type refreshCommand struct {
	dirs []string // where state files are
}

func (c *refreshCommand) run(cmd *cobra.Command, paths []string) error {
	table, err := mountpoints.Read()
	if err != nil {
		return exit.Errorf(exit.Failure, "%w", err)
	}
	if len(paths) == 0 {
		return c.all(cmd, table)
	}
	var errs []error
	for _, path := range paths {
		errs = append(errs, c.one(cmd, table, path))
	}
	return firstOf(errs)
}

// all refreshes the mounts that have a state file here.
func (c *refreshCommand) all(cmd *cobra.Command, table []mountpoints.Entry) error {
	n := 0
	var errs []error
	for _, m := range table {
		if m.Type != mountpoints.FSType {
			continue
		}
		known := mounts.Find(c.dirs, m.Mountpoint)
		if known == nil {
			continue
		}
		err := c.ask(cmd, known, m.Mountpoint, "")
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
func (c *refreshCommand) one(cmd *cobra.Command, table []mountpoints.Entry, name string) error {
	path, err := mountpoints.Absolute(name)
	if err != nil {
		return err
	}
	dir, rest, ok := mountOf(table, path)
	if !ok {
		return exit.Errorf(exit.NotMounted, "%s is not in a mount of ftpfs: see findmnt -t %s", name, mountpoints.FSType)
	}
	known := mounts.Find(c.dirs, dir)
	if known == nil {
		return exit.Errorf(exit.NotMounted, "%s: no process of this user serves it", dir)
	}
	defer known.Close()
	return c.ask(cmd, known, dir, rest)
}

func (c *refreshCommand) ask(cmd *cobra.Command, known *mounts.Known, dir, rest string) error {
	if _, err := known.Ask(cmd.Context(), mounts.Request{Do: "refresh", Path: say.Raw(rest)}); err != nil {
		return exit.Errorf(exit.Failure, "%s: %w", dir, err)
	}
	return nil
}
