package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/files"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/manage"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/serve"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// newRoot returns the command tree. Errors that cobra finds itself are usage
// errors; those of our commands know their code.
func newRoot(p *secret.Process) *cobra.Command {
	root := &cobra.Command{
		Use:   "ftpfs",
		Short: "Mount an FTP server as a local directory",
		Long: `ftpfs mounts an FTP server as a local directory (FUSE), so that every program
can read and write what is there. It also has a small FTP server of its own.`,
		Example: `  ftpfs mount ftp://ftp.debian.org/debian ~/debian
  ls ~/debian
  ftpfs umount ~/debian

  ftpfs mount --demo ~/demo      try it without any server`,
		Version:       versionText(),
		Args:          noSuchCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(settings.FlagError)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newMountCommand(p), newDaemonCommand())
	root.AddCommand(manage.Commands()...)
	root.AddCommand(serve.Command(p), newProbeCommand(p))
	root.AddCommand(newConfigCommand(p), newCompletionCommand(), newManCommand())
	root.AddCommand(files.Commands(p)...)
	root.AddCommand(&cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long:  exit.Help(),
	})
	classify(root)
	return root
}

// noSuchCommand is for what is no command, and suggests one.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	near := ""
	if name := config.Nearest(args[0], names); name != "" {
		near = ", did you mean " + name + "?"
	}
	return exit.Errorf(exit.Usage, "there is no command %s%s: see %s --help", ftpurl.Redact(args[0]), near, cmd.CommandPath())
}

// classify makes failures of all errors: those of a command's own work without
// a code are exit.Failure, those that cobra finds (see execute) exit.Usage.
func classify(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(c *cobra.Command, args []string) error {
			err := run(c, args)
			var f *exit.Error
			if err == nil || errors.As(err, &f) {
				return err
			}
			return exit.Errorf(exit.Failure, "%w", err)
		}
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			var f *exit.Error
			if err == nil || errors.As(err, &f) {
				return err
			}
			return exit.Errorf(exit.Usage, "%w: write %s", settings.CountError(err), c.UseLine())
		}
	}
	for _, c := range cmd.Commands() {
		classify(c)
	}
}

// execute runs the command of args.
func execute(root *cobra.Command, args []string) error {
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	var f *exit.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return exit.Errorf(exit.Usage, "%w: see %s --help", err, cmd.CommandPath())
}

// newDaemonCommand is the process in the background of a mount.
func newDaemonCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "daemon URL MOUNTPOINT",
		Short:  "The background process of a mount, started by mount",
		Hidden: true,
		// The arguments are only for the process list: what they say is in the job.
		DisableFlagParsing: true,
		Args:               cobra.ExactArgs(2),
		RunE:               func(*cobra.Command, []string) error { return runDaemon() },
	}
}

// packagedVersion and packagedCommit are set by packaging/build: the go command does
// not find the version in every kind of checkout.
var packagedVersion, packagedCommit string

// versionText is the answer to --version: version, revision, Go version.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "ftpfs (built without version information)"
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	if packagedVersion != "" {
		version = packagedVersion
	}
	text := "ftpfs " + version
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if packagedCommit != "" {
		settings["vcs.revision"] = packagedCommit
	}
	if rev := settings["vcs.revision"]; rev != "" && !strings.Contains(version, rev[:min(12, len(rev))]) {
		text += " " + rev[:min(12, len(rev))]
		if settings["vcs.modified"] == "true" {
			text += "+changes"
		}
	}
	return text + fmt.Sprintf(" %s %s/%s", info.GoVersion, settings["GOOS"], settings["GOARCH"])
}
