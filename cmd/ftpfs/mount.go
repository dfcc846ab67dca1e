package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/demo"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/spools"
)

const (
	defaultAttrTTL    = 10 * time.Second
	defaultCacheBytes = 256 << 20
	defaultDiskBytes  = 4 << 30
	leastDiskBytes    = 16 << 20
)

// mountCommand is `ftpfs mount`: it gathers what a mountJob needs, and runs it
// here or in the background.
type mountCommand struct {
	*secret.Process
	job        mountJob
	remote     *remote.Flags // of the job's server
	options    []string
	cacheSize  settings.ByteSize
	diskSize   settings.ByteSize
	umask      settings.Octal
	fileMode   settings.Octal
	dirMode    settings.Octal
	configFile string
	server     configuredServer

	atomic     string
	onConflict string
	attrErrors string
	spoolSize  settings.ByteSize
}

func newMountFlags(p *secret.Process) *mountCommand {
	return &mountCommand{Process: p, cacheSize: defaultCacheBytes, diskSize: defaultDiskBytes}
}

func newMountCommand(p *secret.Process) *cobra.Command {
	c := newMountFlags(p)
	cmd := &cobra.Command{
		Use:   "mount [flags] URL|SERVER [MOUNTPOINT]",
		Short: "Mount an FTP server on a directory",
		Long: `mount makes the directory of an FTP server appear at MOUNTPOINT. It returns when
the mount answers, or with one line that says why not and an exit code (see
ftpfs help exit-codes). The mount stays until ftpfs umount.

The URL is ftp://[user[:password]@]host[:port]/[dir], or ftpes:// or ftps:// for
TLS. dir is relative to the login directory, //dir is absolute. Odd characters
are written %XX. SERVER is a server of the configuration, which may also say where
it is mounted: see ftpfs config --help.

The password is looked for in the URL, in FTPFS_PASSWORD (with FTPFS_USER), in
--password-file, --password-command or --credentials, in the configuration, in
systemd's credential ftpfs.SERVER.password or ftpfs.password, in ~/.netrc, and
asked for on the terminal. Without a user the
login is anonymous. It is never shown in the process list, the mount table or a
log. ftp:// sends it, and all data, unencrypted. ftpes:// is FTP over TLS, asked
for by AUTH; ftps:// speaks TLS from the start, on port 990. Neither goes on
without. The server's certificate must be of a known authority (--ca-file adds
those of a file in place of the system's), or the one of --tls-pin.

Data connections are opened by us, to the host of the URL alone (EPSV, PASV).
With --active the server opens them, which only works where no firewall or NAT
of ours is in its way. Through --proxy go all connections. A proxy in ALL_PROXY
is not used: the mount outlives the shell that has set it.

Flags may also be given as -o name=value, in fstab too, by the environment, or in
the configuration.`,
		Example: `  ftpfs mount ftp://ftp.debian.org/debian ~/debian
  ftpfs mount -o ro,umask=077 ftp://me@nas.local//volume1/data ~/data
  ftpfs mount ftpes://me@www.example.org/htdocs ~/site
  FTPFS_PASSWORD=secret ftpfs mount -f --trace ftp://me@nas.local/ ~/nas
  ftpfs mount --demo ~/demo

  /etc/fstab:
  ftp://me@nas.local/  /mnt/nas  ftpfs  noauto,x-systemd.automount,_netdev,allow_other,credentials=/etc/nas.cred  0 0`,
		Args: c.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	cmd.ValidArgsFunction = c.completeTarget
	c.addFlags(cmd)
	settings.NameEnvironment(cmd.Flags(), "FTPFS_")
	return cmd
}

func (c *mountCommand) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	c.remote = remote.NewFlags(&c.job.Server)
	f.BoolVarP(&c.job.Foreground, "foreground", "f", false, "stay in the foreground, log to stderr")
	f.BoolVar(&c.job.Demo, "demo", false, "mount a sample tree from a server in the same process, on MOUNTPOINT alone, which is made if missing")
	f.StringVar(&c.configFile, "config", "", "file that names servers (default ~/.config/ftpfs/config.toml, else "+systemConfig+")")
	f.StringArrayVarP(&c.options, "options", "o", nil, "options as mount(8) has them: ro,allow_other,uid=1000,...")
	f.BoolVar(&c.job.ReadOnly, "read-only", false, "refuse every change")
	c.remote.Add(f, "connections")
	f.DurationVar(&c.job.AttrTTL, "attr-timeout", defaultAttrTTL, "how long what the server said is believed; 0 asks anew each time")
	f.Var(&c.cacheSize, "cache-size", "memory for file contents")
	f.StringVar(&c.job.DiskDir, "cache-dir", "", "keep file contents in this directory, too, for later mounts; nobody else may be able to write to it (default: nothing is kept)")
	f.Var(&c.diskSize, "cache-disk-size", "what --cache-dir may grow to, for all servers together")
	f.StringVar(&c.job.SpoolBase, "spool-dir", "", "where written data waits for its upload (default "+spools.DefaultBase()+")")
	c.addWritingFlags(f)
	c.remote.Add(f, "timeout")
	c.job.UID, c.job.GID = uint32(os.Getuid()), uint32(os.Getgid())
	f.Var(settings.UserID(&c.job.UID), "uid", "owner of all files, a number or a name")
	f.Var(settings.GroupID(&c.job.GID), "gid", "group of all files, a number or a name")
	f.Var(&c.umask, "umask", "permission bits that are not shown, octal")
	f.Var(&c.fileMode, "file-mode", "permission bits of all files, octal, in place of the server's (000: those of the server)")
	f.Var(&c.dirMode, "dir-mode", "permission bits of all directories, as --file-mode")
	f.BoolVar(&c.job.AllowOther, "allow-other", false, "let other users in")
	f.BoolVar(&c.job.CheckPerms, "default-permissions", false, "let the kernel check owner, group and mode of each file as they are shown, as on a disk; without it each user who is let in may do what the server lets us do")
	f.BoolVar(&c.job.NoExec, "noexec", false, "start no programs from the mount")
	f.BoolVar(&c.job.Contain, "contain-symlinks", false, "refuse links of the server that lead out of the mount, to files of this machine")
	f.BoolVar(&c.job.NonEmpty, "nonempty", false, "mount even if the directory has content, which is hidden then")
	c.remote.Add(f, "password-file", "password-command", "credentials", "netrc", "tls", "ca-file", "tls-pin", "tls-cert", "tls-key", "no-verify",
		"encoding", "timezone", "active", "active-ports", "active-address", "proxy", "limit-rate")
	f.StringVar(&c.job.LogFile, "log-file", "", "append the log to this file (default: stderr with -f, else the system log)")
	c.addWatchingFlags(f)
	f.BoolVarP(&c.job.Verbose, "verbose", "v", false, "log more")
	c.remote.Add(f, "trace")
}

func (c *mountCommand) checkArgs(cmd *cobra.Command, args []string) error {
	switch {
	case c.job.Demo && len(args) == 1, !c.job.Demo && len(args) == 2:
		return nil
	case c.job.Demo:
		return fmt.Errorf("mount --demo takes one argument, MOUNTPOINT")
	case len(args) == 1 && !strings.Contains(args[0], "/"):
		return nil // a server of the configuration, which may name the mount point
	case len(args) == 1:
		return fmt.Errorf("mount takes a URL and a MOUNTPOINT, one of them is missing")
	}
	return fmt.Errorf("mount takes two arguments, URL and MOUNTPOINT, not %d", len(args))
}

func (c *mountCommand) run(cmd *cobra.Command, args []string) error {
	if err := settings.ApplyOptions(cmd.Flags(), c.options, say.Warn); err != nil {
		return err
	}
	if err := settings.ApplyEnvironment(cmd.Flags(), "FTPFS_"); err != nil {
		return err
	}
	rawURL, mountpoint, err := c.targets(cmd, args)
	if err != nil {
		return err
	}
	if err := c.validate(rawURL, mountpoint); err != nil {
		return err
	}
	if err := c.hideSecrets(rawURL); err != nil {
		return err
	}
	if c.job.Demo {
		if err := demo.MakeDir(c.job.Mountpoint); err != nil {
			return err
		}
	} else {
		sources, err := c.credentials()
		if err != nil {
			return err
		}
		if err := sources.Resolve(&c.job.Location); err != nil {
			return err
		}
	}
	if c.job.Foreground {
		return c.runForeground()
	}
	return c.runBackground(cmd.Context())
}

// targets returns what is mounted where, and takes the settings that the
// configuration has for it.
func (c *mountCommand) targets(cmd *cobra.Command, args []string) (rawURL, mountpoint string, err error) {
	if c.job.Demo {
		return "", args[0], nil
	}
	if rawURL, err = c.configure(cmd.Flags(), nil, args[0]); err != nil {
		return "", "", err
	}
	if mountpoint = c.server.Mountpoint; len(args) == 2 {
		mountpoint = args[1]
	}
	if mountpoint == "" {
		return "", "", exit.Errorf(exit.Usage, "the configuration has no mountpoint for %s: write ftpfs mount %s MOUNTPOINT", args[0], args[0])
	}
	return rawURL, mountpoint, nil
}

// validate fills in the job from the arguments. It asks nobody and changes
// nothing.
func (c *mountCommand) validate(rawURL, mountpoint string) (err error) {
	if err = c.validateServer(rawURL); err != nil {
		return err
	}
	if err = c.validateWriting(); err != nil {
		return err
	}
	if err = c.validateWatching(); err != nil {
		return err
	}
	switch {
	case c.job.AttrTTL < 0:
		return exit.Errorf(exit.Usage, "--attr-timeout %s is negative: write 0 or more, such as 10s", c.job.AttrTTL)
	case mountpoint == "":
		return exit.Errorf(exit.Usage, "the mount point is empty")
	case c.job.DiskDir != "" && c.diskSize < leastDiskBytes:
		return exit.Errorf(exit.Usage, "--cache-disk-size %s is less than 16MiB", c.diskSize.String())
	}
	c.job.CacheBytes, c.job.DiskBytes = int64(c.cacheSize), int64(c.diskSize)
	c.job.Umask, c.job.FileMode, c.job.DirMode = uint32(c.umask), uint32(c.fileMode), uint32(c.dirMode)
	if c.job.SpoolBase == "" {
		c.job.SpoolBase = spools.DefaultBase()
	}
	for _, name := range []*string{&c.job.SpoolBase, &c.job.DiskDir, &c.job.LogFile} {
		if *name, err = settings.Absolute(*name); err != nil {
			return exit.Errorf(exit.Failure, "%w", err)
		}
	}
	c.job.Mountpoint, err = mountpoints.Absolute(mountpoint)
	return err
}

// validateServer is validate for what is about the server.
func (c *mountCommand) validateServer(rawURL string) (err error) {
	var loc ftpurl.Location
	if c.job.Demo {
		err = c.remote.CheckDemo()
	} else {
		loc, err = ftpurl.Parse(rawURL)
	}
	if err != nil {
		return err
	}
	return c.remote.Check(loc)
}

// hideSecrets replaces the process by one that has no password in arguments
// or environment, if there is one; it returns in the process that has not.
func (c *mountCommand) hideSecrets(rawURL string) error {
	if c.Replaced {
		if c.Secrets.HasURL {
			c.job.Location.SetPassword(c.Secrets.URL)
		}
		c.remote.HideProxy(c.Process, nil)
		return nil
	}
	c.Secrets.HasURL, c.Secrets.URL = c.job.Location.HasPassword, c.job.Location.Password
	args := slices.Clone(c.Args)
	c.remote.HideProxy(c.Process, args)
	for i, a := range args {
		if i > 0 && a == rawURL {
			args[i] = c.job.Location.String()
		}
	}
	return c.Hide(args)
}

func (c *mountCommand) runForeground() error {
	log, closeLog, err := logs.OpenAs(c.job.Watching.LogFormat, c.job.LogFile, true, c.job.Verbose)
	if err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return exit.Errorf(exit.Failure, "%w", err)
	}
	ready := func() error { return nil }
	if c.job.Demo {
		ready = func() error { fmt.Print(demo.Hints(c.Args[0], c.job.Mountpoint)); return nil }
	}
	return errors.Join(c.job.run(log, say.Warn, ready), closeLog())
}

func (c *mountCommand) runBackground(ctx context.Context) error {
	d := &daemonCommand{job: c.job, limit: c.job.ConnectLimit() + mountSlack, warn: say.Warn}
	if err := d.run(ctx); err != nil {
		return err
	}
	if c.job.Demo {
		fmt.Print(demo.Hints(c.Args[0], c.job.Mountpoint))
	}
	return nil
}

// display is the job's source as it may be seen in the process list.
func (j mountJob) display() string {
	if j.Demo {
		return "demo"
	}
	return j.Location.String()
}

// credentials are the sources that the flags, the configuration and the process name.
func (c *mountCommand) credentials() (secret.Sources, error) {
	s, err := c.remote.Sources(c.Process)
	s.SystemdDir, s.Server = os.Getenv("CREDENTIALS_DIRECTORY"), c.server.Name
	if c.server.HasPassword {
		s.ConfigPassword = &c.server.Password
	}
	return s, err
}
