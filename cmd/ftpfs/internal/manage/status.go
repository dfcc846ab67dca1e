package manage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

// statusCommand is `ftpfs status`.
type statusCommand struct {
	dirs     []string // where state files are
	json     bool
	watch    bool
	interval time.Duration
}

// leastInterval is how often a mount may be asked.
const leastInterval = 100 * time.Millisecond

func newStatusCommand() *cobra.Command {
	c := &statusCommand{dirs: mounts.Dirs()}
	cmd := &cobra.Command{
		Use:   "status [MOUNTPOINT...]",
		Short: "Show what mounts do: server, connections, transfers, caches, uploads, errors",
		Long: `status shows, of each MOUNTPOINT or of all mounts of this user, whether the server
is there and since when, what each connection does, transfers with their progress,
how much the caches are of use, what is not uploaded yet, how long requests take,
and the last errors in the server's words. Nothing is asked of the server for it.

A mount whose process has died is told with what to do; the exit code is 14 then,
and 1 where a process does not answer.

--json prints {"mounts": [...]}, whose names and units stay as they are. --watch
shows it again and again until it is interrupted; with --json a line each time.

ftpfs mount --http :9121 shows the same as a page, and as metrics for Prometheus at
/metrics. The signal USR1 has a mount write its state to its log.`,
		Example: `  ftpfs status
  ftpfs status --watch ~/nas
  ftpfs status --json ~/nas | jq '.mounts[0].status.uploads'`,
		ValidArgsFunction: completeMountpoints,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return c.run(ctx, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&c.json, "json", false, "print JSON")
	f.BoolVarP(&c.watch, "watch", "w", false, "show it again and again")
	f.DurationVar(&c.interval, "interval", time.Second, "how often, with --watch")
	return cmd
}

func (c *statusCommand) run(ctx context.Context, names []string) error {
	if c.interval < leastInterval {
		return exit.Errorf(exit.Usage, "--interval %s is less than %s", c.interval, leastInterval)
	}
	dirs, err := absolute(names)
	if err != nil {
		return err
	}
	switch {
	case !c.watch:
		return c.once(ctx, dirs)
	case !c.json && term.IsTerminal(int(os.Stdout.Fd())):
		s := newScreen(os.Stdout)
		defer s.close()
		return c.repeat(ctx, dirs, s.show)
	}
	return c.repeat(ctx, dirs, func(reports []Report) error { return c.print(os.Stdout, reports) })
}

// once prints, and returns what is wrong with the first mount that is not right.
func (c *statusCommand) once(ctx context.Context, dirs []string) error {
	reports, err := c.gather(ctx, dirs)
	if err == nil {
		err = c.print(os.Stdout, reports)
	}
	if err != nil {
		return err
	}
	for _, r := range reports {
		if code := r.code(); code != exit.OK {
			return exit.Errorf(code, "%s: %s: %s", r.Mountpoint, say.Printable(r.Problem), r.Mend)
		}
	}
	return nil
}

// repeat shows it until ctx ends.
func (c *statusCommand) repeat(ctx context.Context, dirs []string, show func([]Report) error) error {
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	tick := time.NewTicker(c.interval)
	defer tick.Stop()
	for {
		reports, err := c.gather(ctx, dirs)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = show(reports)
		}
		if err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-resized:
		case <-ctx.Done():
			return nil
		}
	}
}

// gather reports on dirs, on all mounts if there are none.
func (c *statusCommand) gather(ctx context.Context, dirs []string) ([]Report, error) {
	table, err := readTable()
	if err != nil {
		return nil, err
	}
	f := &statusFinder{dirs: c.dirs, table: table}
	if len(dirs) == 0 {
		return f.all(ctx), nil
	}
	var reports []Report
	for _, dir := range dirs {
		r := f.one(ctx, dir)
		if r == nil {
			return nil, exit.Errorf(exit.NotMounted, "%s is not a mount of ftpfs: see findmnt -t %s", dir, mountpoints.FSType)
		}
		reports = append(reports, *r)
	}
	return reports, nil
}

// print writes a report for programs or people.
func (c *statusCommand) print(w io.Writer, reports []Report) error {
	if c.json {
		e := json.NewEncoder(w)
		if !c.watch {
			e.SetIndent("", "  ")
		}
		return e.Encode(map[string]any{"mounts": reports})
	}
	for _, line := range reportLines(reports) {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
