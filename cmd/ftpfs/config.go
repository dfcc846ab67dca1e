package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// systemConfig is the configuration of the machine, for who has none.
const systemConfig = "/etc/ftpfs/config.toml"

// secretFlags say where the password is: one of them, given before, puts those of
// the configuration aside.
var secretFlags = []string{"password-file", "password-command", "credentials"}

// configuredServer is what the configuration says of the server of a command.
type configuredServer struct {
	config.Server
	Name string // "" where a URL was given
}

// defaultConfigs are the places of the configuration; the first that is there counts.
func defaultConfigs() (names []string) {
	if dir, err := os.UserConfigDir(); err == nil {
		names = append(names, filepath.Join(dir, "ftpfs", "config.toml"))
	}
	return append(names, systemConfig)
}

// openConfig reads the configuration, that of name if it is given. Where there is
// none it returns nil.
func openConfig(name string) (*config.File, error) {
	names, must := []string{name}, true
	if name == "" {
		names, must = defaultConfigs(), false
	}
	for _, name := range names {
		f, err := config.Load(name)
		if errors.Is(err, fs.ErrNotExist) && !must {
			continue
		}
		var p *config.Problem
		if err != nil && !errors.As(err, &p) {
			return nil, exit.Errorf(exit.Usage, "configuration %s: %w: check the path, or leave --config out", name, say.Reason(err))
		}
		if err != nil {
			return nil, exit.Errorf(exit.Usage, "%w", err)
		}
		return f, nil
	}
	return nil, nil
}

// configFlags are the flags that a configuration may set; all are those of mount.
func configFlags(set, all *pflag.FlagSet) config.Flags {
	fl := config.Flags{Set: set, All: all, Secrets: secretFlags, Not: []string{"config"}}
	for name := range settings.NotSettings {
		fl.Not = append(fl.Not, name)
	}
	return fl
}

// allMountFlags are the flags that a configuration may hold, for a command that has
// only some of them.
func allMountFlags(p *secret.Process) *pflag.FlagSet {
	cmd := &cobra.Command{}
	newMountFlags(p).addFlags(cmd)
	return cmd.Flags()
}

// configure sets the flags that were not given from the configuration, where
// target, a URL or a server's name, is concerned, and returns the URL. all are the
// flags that a configuration may hold, of which flags may be a part.
func (c *mountCommand) configure(flags, all *pflag.FlagSet, target string) (rawURL string, err error) {
	isURL := strings.Contains(target, "://")
	f, err := openConfig(c.configFile)
	switch {
	case err != nil:
		return "", err
	case f == nil && isURL:
		return target, nil
	case f == nil:
		return "", exit.Errorf(exit.Usage, "%s is no URL (write ftp://%s), and there is no configuration that could name a server so: see ftpfs config --help", ftpurl.Redact(target), strings.TrimPrefix(ftpurl.Redact(target), "ftp:"))
	case !isURL && !f.Has(target):
		return "", exit.Errorf(exit.Usage, "%s is neither a URL (write ftp://%s) nor a server of %s%s", ftpurl.Redact(target), ftpurl.Redact(target), f.Name, known(target, f.Servers()))
	}
	if isURL {
		c.server.Name = ""
	} else {
		c.server.Name = target
	}
	if c.server.Server, err = f.Apply(c.server.Name, configFlags(flags, all)); err != nil {
		return "", exit.Errorf(exit.Usage, "%w", err)
	}
	if text := f.Exposed(); text != "" {
		say.Warn(text)
	}
	switch {
	case isURL:
		return target, nil
	case c.server.URL == "":
		return "", exit.Errorf(exit.Usage, `the server %s has no url in %s: write url = "ftp://..." below [servers.%s]`, target, f.Name, target)
	}
	return c.server.URL, nil
}

// known says which names could have been meant.
func known(name string, names []string) string {
	if near := config.Nearest(name, names); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}

func newConfigCommand(p *secret.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "The file that names servers",
		Long: `A configuration names servers, so that ftpfs mount nas is all there is to type. It
is TOML, in --config, in FTPFS_CONFIG, in ~/.config/ftpfs/config.toml or, if that
is missing, in /etc/ftpfs/config.toml:

  [defaults]                     # for all servers, and for URLs
  timeout = "30s"

  [servers.nas]
  url = "ftpes://me@nas.local//volume1"
  mountpoint = "~/nas"           # for ftpfs mount nas
  password-command = "pass show nas"
  connections = 4

Every flag of ftpfs mount is a key, and means the same; - may be written _. A flag
counts before -o, that before the environment, that before the server's table,
that before [defaults]. What begins with ~/ is below the home directory.

The password is best kept elsewhere: password-file, credentials, netrc, or
password-command, whose first line of output it is. password = "..." works, too:
then nobody else may be able to read the file.`,
		Example: `  ftpfs config check
  ftpfs mount nas
  ftpfs mount --read-only nas /mnt/nas`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var file string
	check := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check the file, and say which line is wrong",
		Long: `check reads the configuration, or FILE, as mount would, and prints each mistake
with its line and column. It connects to nothing.`,
		Example: `  ftpfs config check
  ftpfs config check /etc/ftpfs/config.toml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				file = args[0]
			}
			return checkConfig(p, file)
		},
	}
	check.Flags().StringVar(&file, "config", os.Getenv("FTPFS_CONFIG"), "the file [FTPFS_CONFIG]")
	cmd.AddCommand(check)
	return cmd
}

// checkConfig prints what is wrong, a line each, and fails if something is.
func checkConfig(p *secret.Process, name string) error {
	f, err := openConfig(name)
	switch {
	case err != nil:
		return err
	case f == nil:
		return exit.Errorf(exit.Usage, "there is no configuration: make one of %s", strings.Join(defaultConfigs(), ", "))
	}
	var c *mountCommand
	flags := func() config.Flags {
		c = newMountFlags(p)
		set := &cobra.Command{}
		c.addFlags(set)
		return configFlags(set.Flags(), nil)
	}
	problems := f.Check(flags, func(s config.Server, _ config.Flags) (string, error) { return c.checkServer(s) })
	for i, problem := range problems {
		if i < len(problems)-1 {
			fmt.Fprintln(os.Stderr, "ftpfs: "+problem.Error())
			continue
		}
		return exit.Errorf(exit.Usage, "%w", problem)
	}
	if text := f.Exposed(); text != "" {
		say.Warn(text)
	}
	fmt.Printf("%s: %s\n", f.Name, say.Plural(len(f.Servers()), "server"))
	return nil
}

// checkServer says what mount would say of a server of the configuration, and at
// which key.
func (c *mountCommand) checkServer(s config.Server) (key string, err error) {
	if _, err := ftpurl.Parse(s.URL); err != nil {
		return "url", err
	}
	mountpoint := s.Mountpoint
	if mountpoint == "" {
		mountpoint = "/"
	}
	if err := c.validate(s.URL, mountpoint); err != nil {
		return "", err
	}
	return "", nil
}
