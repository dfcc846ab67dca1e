package manage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
)

const defaultUmountTimeout = mounts.UploadLimit + 30*time.Second

// umountCommand is `ftpfs umount`: it removes a mount of ftpfs and waits for
// its process.
type umountCommand struct {
	force   bool
	timeout time.Duration
	dirs    []string // where state files are
}

func newUmountCommand() *cobra.Command {
	c := &umountCommand{dirs: mounts.Dirs()}
	cmd := &cobra.Command{
		Use:     "umount [flags] MOUNTPOINT",
		Aliases: []string{"unmount"},
		Short:   "Unmount, after everything was uploaded",
		Long: `umount removes a mount of ftpfs and returns when its process has uploaded what
was written and has ended. It also cleans up after a mount whose process died.

A mount that is in use stays, unless --force is given: then it is detached at
once, what was written is uploaded, and programs that still have files open
there get errors. What a mount with --write-back has not uploaded yet is then
left for the next mount of the same server, and told.`,
		Example: `  ftpfs umount ~/debian
  ftpfs umount --force ~/debian`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeMountpoint,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := settings.ApplyEnvironment(cmd.Flags(), "FTPFS_UMOUNT_"); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return c.run(ctx, args[0])
		},
	}
	cmd.Flags().BoolVar(&c.force, "force", false, "detach even if it is in use, and end its process")
	cmd.Flags().DurationVar(&c.timeout, "timeout", defaultUmountTimeout, "how long to wait for uploads")
	settings.NameEnvironment(cmd.Flags(), "FTPFS_UMOUNT_")
	return cmd
}

func (c *umountCommand) run(ctx context.Context, name string) error {
	dir, err := mountpoints.Absolute(name)
	if err != nil {
		return err
	}
	table, err := readTable()
	if err != nil {
		return err
	}
	known := mounts.Find(c.dirs, dir)
	if known != nil {
		defer known.Close()
	}
	m, mounted := mountpoints.At(table, dir)
	switch {
	case mounted && m.Type != mountpoints.FSType:
		return exit.Errorf(exit.NotMounted, "%s is a mount of another kind (%s): umount %s", dir, m.Type, dir)
	case !mounted && (known == nil || c.longGone(known)):
		return exit.Errorf(exit.NotMounted, "%s is not a mount of ftpfs: see findmnt -t %s", dir, mountpoints.FSType)
	case mounted:
		if err := c.detach(dir); err != nil {
			return err
		}
	}
	if known == nil {
		return nil
	}
	if c.force {
		c.leave(ctx, known)
		c.end(ctx, known)
	}
	return c.await(ctx, known)
}

// longGone reports whether a state file without a mount has nothing to tell,
// and removes it then.
func (c *umountCommand) longGone(known *mounts.Known) bool {
	alive, err := known.Alive()
	if err != nil || alive || known.Failed != "" {
		return false
	}
	c.forget(known)
	return true
}

func (c *umountCommand) forget(known *mounts.Known) {
	if err := known.Forget(); err != nil && !errors.Is(err, os.ErrNotExist) {
		say.Warn(fmt.Sprintf("%s: %v", known.Path, say.Reason(err)))
	}
}

// detach removes the mount from the table. A dead one, or one by --force, is
// detached even if it is in use.
func (c *umountCommand) detach(dir string) error {
	dead := mountpoints.IsDead(dir, c.dirs)
	switch err := mountpoints.Detach(dir, dead || c.force); {
	case errors.Is(err, mountpoints.ErrBusy):
		return exit.Errorf(exit.Busy, "%s is in use: leave it (fuser -vm %s shows who is there), or ftpfs umount --force %s", dir, dir, dir)
	case errors.Is(err, os.ErrPermission):
		return exit.Errorf(exit.Failure, "%s: only its owner and root may unmount it", dir)
	case err != nil:
		return exit.Errorf(exit.Failure, "%s: %w", dir, err)
	}
	if dead {
		fmt.Fprintf(os.Stderr, "ftpfs: removed the dead mount from %s\n", dir)
	}
	return nil
}

// leave has the process begin no more uploads of what it has accepted, which the
// next mount of the same server finishes, and says what that is.
func (c *umountCommand) leave(ctx context.Context, known *mounts.Known) {
	ans, err := known.Ask(ctx, mounts.Request{Do: "uploads"})
	if err != nil || len(ans.Uploads) == 0 {
		return // it has ended, or has nothing to leave
	}
	say.Warn("not uploaded yet: " + leftOf(ans.Uploads))
	if _, err := known.Ask(ctx, mounts.Request{Do: "leave"}); err != nil {
		say.Warn(err.Error())
	}
}

// end asks the process to upload and exit: the kernel tells it of a lazy
// detach only when the last file is closed.
func (c *umountCommand) end(ctx context.Context, known *mounts.Known) {
	if _, err := known.Ask(ctx, mounts.Request{Do: "end"}); err == nil {
		return
	}
	alive, err := known.Alive()
	if err == nil && alive {
		err = known.Signal(syscall.SIGTERM)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, unix.ESRCH) {
		say.Warn(fmt.Sprintf("process %d: %v", known.PID, err))
	}
}

// await waits for the mount's process and tells what it could not upload.
func (c *umountCommand) await(ctx context.Context, known *mounts.Known) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	telling, told := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { tell(telling, known) })
	st, err := known.WaitEnd(ctx)
	told()
	work.Wait()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return exit.Errorf(exit.Uploads, "%s is unmounted, but process %d is still uploading after %s: it goes on", known.Mountpoint, known.PID, c.timeout)
	case errors.Is(err, context.Canceled):
		return exit.Errorf(exit.Uploads, "%s is unmounted, process %d goes on uploading", known.Mountpoint, known.PID)
	case err != nil:
		return exit.Errorf(exit.Failure, "%s: state of process %d: %w", known.Mountpoint, known.PID, err)
	}
	c.forget(known)
	if st.Failed != "" {
		return exit.Errorf(exit.Uploads, "%s", string(st.Failed))
	}
	return nil
}
