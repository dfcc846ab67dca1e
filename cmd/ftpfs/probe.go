package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/ftpclient"
)

// probeFlags are the flags of mount that probe has too: those that are about
// the server.
var probeFlags = []string{"connections", "timeout", "password-file", "password-command", "credentials", "netrc", "config",
	"tls", "ca-file", "tls-pin", "tls-cert", "tls-key", "no-verify", "encoding", "timezone", "trace"}

// probeCommand is `ftpfs probe`. What it needs to know of the server is what
// mount needs.
type probeCommand struct {
	*mountCommand
	shared *pflag.FlagSet // the flags of probeFlags
	own    *pflag.FlagSet
	all    *pflag.FlagSet // all flags of mount
	write  string
	json   bool
}

func newProbeCommand(p *secret.Process) *cobra.Command {
	c := &probeCommand{mountCommand: &mountCommand{Process: p, cacheSize: defaultCacheBytes},
		shared: pflag.NewFlagSet("probe", pflag.ContinueOnError)}
	cmd := &cobra.Command{
		Use:   "probe [flags] URL|SERVER",
		Short: "Find out what an FTP server is and can",
		Long: `probe logs in as mount would, finds out by experiments what the server is and
can, and prints each fact with what showed it, and what ftpfs does because of
them. It is what a bug report should hold; passwords are never in it.

Nothing is changed on the server, unless --write names a directory there: then
probe makes one of its own in it, tries there what changes files, and removes it
again. The URL, the password and the exit codes are as for ftpfs mount.`,
		Example: `  ftpfs probe ftp://ftp.debian.org/debian
  ftpfs probe --write . ftpes://me@nas.local/
  ftpfs probe --json ftp://me@nas.local/ >nas.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	cmd.ValidArgsFunction = c.completeTarget
	c.flags(cmd.Flags())
	return cmd
}

func (c *probeCommand) flags(f *pflag.FlagSet) {
	ofMount, own := &cobra.Command{}, &cobra.Command{}
	c.addFlags(ofMount)
	c.all = ofMount.Flags()
	settings.NameEnvironment(ofMount.Flags(), "FTPFS_")
	for _, name := range probeFlags {
		c.shared.AddFlag(ofMount.Flags().Lookup(name))
	}
	c.own = own.Flags()
	c.own.StringVar(&c.write, "write", "", "directory on the server to try changes in, relative to the login directory unless it begins with /")
	c.own.BoolVar(&c.json, "json", false, "print JSON")
	settings.NameEnvironment(own.Flags(), "FTPFS_PROBE_")
	f.SortFlags = false
	f.AddFlagSet(c.own)
	f.AddFlagSet(c.shared)
}

func (c *probeCommand) run(ctx context.Context, rawURL string) error {
	if err := errors.Join(settings.ApplyEnvironment(c.shared, "FTPFS_"), settings.ApplyEnvironment(c.own, "FTPFS_PROBE_")); err != nil {
		return err
	}
	rawURL, err := c.configure(c.shared, c.all, rawURL)
	if err != nil {
		return err
	}
	if err := c.validateServer(rawURL); err != nil {
		return err
	}
	if strings.ContainsAny(c.write, "\r\n\x00") {
		return exit.Errorf(exit.Usage, "--write %s: FTP cannot send such a name", say.Printable(c.write))
	}
	if err := c.hideSecrets(rawURL); err != nil {
		return err
	}
	sources, err := c.credentials()
	if err != nil {
		return err
	}
	if err := sources.Resolve(&c.job.Location); err != nil {
		return err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return c.probe(ctx, os.Stdout)
}

// probe connects as mount does, and prints what it finds.
func (c *probeCommand) probe(ctx context.Context, w io.Writer) error {
	session, err := c.job.Connect(ctx, c.job.Redactor().Log(logs.OfCall(c.job.Trace)), say.Warn)
	if err != nil {
		return err
	}
	defer session.Client.Close()
	report, err := session.Client.Probe(ctx, c.probeOptions(session))
	if report == nil {
		return remote.Failure(c.job.Location, err)
	}
	explainWrite(report)
	report.Plan = append(report.Plan, uploadPlan(session.Client.Features())...)
	if err := c.print(w, session.Source, report); err != nil {
		return exit.Errorf(exit.Failure, "%w", err)
	}
	switch {
	case len(report.Left) > 0:
		return exit.Errorf(exit.Failure, "probe could not remove what it made: %s", say.Printable(strings.Join(report.Left, "; ")))
	case errors.Is(err, context.Canceled):
		return exit.Errorf(exit.Failure, "interrupted: the report is not complete")
	case err != nil:
		return remote.Failure(c.job.Location, err)
	}
	return nil
}

func (c *probeCommand) print(w io.Writer, source string, r *ftpclient.Report) error {
	if c.json {
		return printJSON(w, source, r)
	}
	return printProbe(w, source, r)
}

// probeOptions gives a slow server, for which --timeout was raised, as much
// more for the whole.
func (c *probeCommand) probeOptions(s *remote.Session) ftpclient.ProbeOptions {
	o := ftpclient.ProbeOptions{Dir: s.Root}
	if c.write != "" {
		o.Write = ftpurl.Location{Dir: c.write}.Root(s.Client.Features().Home)
	}
	if c.job.Timeout != remote.DefaultTimeout {
		o.Step, o.Timeout = c.job.Timeout, 12*c.job.Timeout
	}
	return o
}

// uploadPlan says what the cache does with files that are written.
func uploadPlan(f ftpclient.Features) []ftpclient.Intention {
	replace := "RNTO over the old one, else that is moved aside first"
	switch f.RenameOver {
	case ftpclient.Yes:
		replace = "RNTO over the old one"
	case ftpclient.No:
		replace = "the old one is moved aside, then RNTO"
	}
	return []ftpclient.Intention{
		{Subject: "uploads", Does: "whole files by STOR, after an append or a change within too"},
		{Subject: "replacing a file", Does: "STOR under another name, then " + replace},
	}
}

// explainWrite says in the program's terms what was not tried.
func explainWrite(r *ftpclient.Report) {
	for i := range r.Facts {
		if r.Facts[i].Evidence == ftpclient.NeedsWrite {
			r.Facts[i].Evidence = "not tried: needs --write"
		}
	}
}

// printJSON prints the report as an object.
func printJSON(w io.Writer, source string, r *ftpclient.Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		URL     string `json:"url"`
		Version string `json:"ftpfs"`
		*ftpclient.Report
	}{source, fmt.Sprint(versionText()), r})
}
