package manage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/spools"
	"ftpfs/ftpclient"
)

// uploadsCommand is `ftpfs uploads`.
type uploadsCommand struct {
	dirs []string // where state files are
	base string   // where spool folders are
}

func newUploadsCommand() *cobra.Command {
	c := &uploadsCommand{dirs: mounts.Dirs()}
	root := &cobra.Command{
		Use:   "uploads [list [MOUNTPOINT...]] | retry FILE | discard FILE | save FILE TO",
		Short: "Show what is not uploaded yet, or could not be, and decide about it",
		Long: `uploads lists the files that were written in mounts of this user and are not on
their server: those that wait (--write-back), and those whose upload has failed,
with the server's words. Without MOUNTPOINT it also lists what mounts that have ended
left; the next mount of the same server takes it over. FILE is the path in the mount.

retry has an upload tried again; save copies what was written to a local file;
discard deletes it, and the file is again what the server has.`,
		Example: `  ftpfs uploads
  ftpfs uploads retry ~/nas/report.odt
  ftpfs uploads save ~/nas/report.odt /tmp/report.odt
  ftpfs uploads discard ~/nas/report.odt`,
		Args: cobra.ArbitraryArgs,
		RunE: c.with(func(cmd *cobra.Command, args []string) error { return c.list(cmd.Context(), args) }),
	}
	root.PersistentFlags().StringVar(&c.base, "spool-dir", spools.DefaultBase(), "where to look for what mounts that have ended left")
	add := func(use, short string, n int, run func(ctx context.Context, args []string) error) {
		root.AddCommand(&cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(n),
			RunE: c.with(func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args) })})
	}
	root.AddCommand(&cobra.Command{Use: "list [MOUNTPOINT...]", Short: "Show what is not uploaded", ValidArgsFunction: completeMountpoints,
		RunE: c.with(func(cmd *cobra.Command, args []string) error { return c.list(cmd.Context(), args) })})
	add("retry FILE", "Try an upload again", 1, func(ctx context.Context, args []string) error { return c.ask(ctx, "retry", args[0]) })
	add("discard FILE", "Delete what was written and could not be uploaded", 1, func(ctx context.Context, args []string) error { return c.ask(ctx, "discard", args[0]) })
	add("save FILE TO", "Copy what was written to a local file", 2, func(ctx context.Context, args []string) error { return c.save(ctx, args[0], args[1]) })
	return root
}

// with runs a command until a signal ends it.
func (c *uploadsCommand) with(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		cmd.SetContext(ctx)
		return run(cmd, args)
	}
}

// list prints the uploads of mounts, without arguments of all.
func (c *uploadsCommand) list(ctx context.Context, names []string) error {
	table, err := readTable()
	if err != nil {
		return err
	}
	dirs := mountpoints.Ours(table)
	if len(names) > 0 {
		dirs, err = absolute(names)
	}
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var errs []error
	for _, dir := range dirs {
		known := mounts.Find(c.dirs, dir)
		if known == nil {
			if len(names) > 0 {
				errs = append(errs, exit.Errorf(exit.NotMounted, "%s is not a mount of this user: see findmnt -t %s", dir, mountpoints.FSType))
			}
			continue
		}
		ans, err := ask(ctx, known, dir, mounts.Request{Do: "uploads"})
		known.Close()
		errs = append(errs, err)
		for _, u := range ans.Uploads {
			fmt.Fprintln(w, uploadLine(u, dir))
		}
	}
	if len(names) == 0 {
		listLeft(w, c.base)
	}
	return errors.Join(w.Flush(), firstOf(errs))
}

// uploadLine is an upload for people.
func uploadLine(u mounts.Upload, dir string) string {
	text := fmt.Sprintf("%s\t%s\t%s\t%s", u.State, settings.FormatSize(u.Size), u.Since.Local().Format(time.DateTime), say.Printable(filepath.Join(dir, string(u.Path))))
	if u.Error != "" {
		text += "\t" + say.Printable(u.Error)
	}
	return text
}

// ask has the process of the mount that a file is in do something about its upload.
func (c *uploadsCommand) ask(ctx context.Context, what, file string) error {
	known, dir, rest, err := c.find(file)
	if err != nil {
		return err
	}
	defer known.Close()
	_, err = ask(ctx, known, dir, mounts.Request{Do: what, Path: say.Raw(rest)})
	return err
}

// find returns the mount that a file is in, and the path there.
func (c *uploadsCommand) find(file string) (known *mounts.Known, dir, rest string, err error) {
	table, err := readTable()
	if err == nil {
		dir, known, rest, err = within(table, c.dirs, file)
	}
	if err == nil && known == nil {
		err = exit.Errorf(exit.NotMounted, "%s is not in a mount of this user: see findmnt -t %s", file, mountpoints.FSType)
	}
	return known, dir, rest, err
}

// save copies the data of an upload, and never onto a file that is there.
func (c *uploadsCommand) save(ctx context.Context, file, to string) error {
	known, dir, rest, err := c.find(file)
	if err != nil {
		return err
	}
	defer known.Close()
	ans, err := ask(ctx, known, dir, mounts.Request{Do: "uploads"})
	if err != nil {
		return err
	}
	for _, u := range ans.Uploads {
		if string(u.Path) != rest || u.Data == "" {
			continue
		}
		if err := copyFile(string(u.Data), to); err != nil {
			return exit.Errorf(exit.Failure, "%w", err)
		}
		return nil
	}
	return exit.Errorf(exit.Failure, "%s: %s", file, ftpclient.KindNotExist.String()+" among the uploads: see ftpfs uploads")
}

// copyFile makes a file, of all or not at all.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}
