package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

const (
	defaultConnections = 8
	defaultAttrTTL     = 10 * time.Second
	defaultCacheBytes  = 256 << 20
	defaultTimeout     = 20 * time.Second

	maxConnections = 64
)

// mountCommand is `ftpfs mount`: it gathers what a mountJob needs, and runs it
// here or in the background.
type mountCommand struct {
	*program
	job          mountJob
	options      []string
	cacheSize    byteSize
	umask        octal
	passwordFile string
	netrc        string
	tls          string // off, try, explicit, implicit; empty: as the URL says
	network      networkFlags
}

func newMountCommand(p *program) *cobra.Command {
	c := &mountCommand{program: p, cacheSize: defaultCacheBytes}
	cmd := &cobra.Command{
		Use:   "mount [flags] URL MOUNTPOINT",
		Short: "Mount an FTP server on a directory",
		Long: `mount makes the directory of an FTP server appear at MOUNTPOINT. It returns when
the mount answers, or with one line that says why not and an exit code (see
ftpfs help exit-codes). The mount stays until ftpfs umount.

The URL is ftp://[user[:password]@]host[:port]/[dir], or ftpes:// or ftps:// for
TLS. dir is relative to the login directory, //dir is absolute. Odd characters
are written %XX.

The password is looked for in the URL, in FTPFS_PASSWORD (with FTPFS_USER), in
--password-file, in ~/.netrc, and asked for on the terminal. Without a user the
login is anonymous. It is never shown in the process list, the mount table or a
log. ftp:// sends it, and all data, unencrypted. ftpes:// is FTP over TLS, asked
for by AUTH; ftps:// speaks TLS from the start, on port 990. Neither goes on
without. The server's certificate must be of a known authority (--ca-file adds
those of a file in place of the system's), or the one of --tls-pin.

Data connections are opened by us, to the host of the URL alone (EPSV, PASV).
With --active the server opens them, which only works where no firewall or NAT
of ours is in its way. Through --proxy go all connections. A proxy in ALL_PROXY
is not used: the mount outlives the shell that has set it.

Flags may also be given as -o name=value, in fstab too, or by the environment.`,
		Example: `  ftpfs mount ftp://ftp.debian.org/debian ~/debian
  ftpfs mount -o ro,umask=077 ftp://me@nas.local//volume1/data ~/data
  ftpfs mount ftpes://me@www.example.org/htdocs ~/site
  FTPFS_PASSWORD=secret ftpfs mount -f --trace ftp://me@nas.local/ ~/nas
  ftpfs mount --demo ~/demo

  /etc/fstab:
  ftp://me@nas.local/  /mnt/nas  fuse.ftpfs  _netdev,allow_other,password_file=/etc/nas.pass  0 0`,
		Args: c.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	c.addFlags(cmd)
	nameEnvironment(cmd, "FTPFS_")
	return cmd
}

func (c *mountCommand) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&c.job.Foreground, "foreground", "f", false, "stay in the foreground, log to stderr")
	f.BoolVar(&c.job.Demo, "demo", false, "mount a sample tree from a server in the same process, on MOUNTPOINT alone, which is made if missing")
	f.StringArrayVarP(&c.options, "options", "o", nil, "options as mount(8) has them: ro,allow_other,uid=1000,...")
	f.BoolVar(&c.job.ReadOnly, "read-only", false, "refuse every change")
	f.IntVar(&c.job.Connections, "connections", defaultConnections, "most control connections at a time")
	f.DurationVar(&c.job.AttrTTL, "attr-timeout", defaultAttrTTL, "how long what the server said is believed; 0 asks anew each time")
	f.Var(&c.cacheSize, "cache-size", "memory for file contents")
	f.StringVar(&c.job.SpoolBase, "spool-dir", "", "where written data waits for its upload (default "+defaultSpoolBase()+")")
	f.DurationVar(&c.job.Timeout, "timeout", defaultTimeout, "how long the server may be silent before an operation fails")
	f.Uint32Var(&c.job.UID, "uid", uint32(os.Getuid()), "owner of all files, a number")
	f.Uint32Var(&c.job.GID, "gid", uint32(os.Getgid()), "group of all files, a number")
	f.Var(&c.umask, "umask", "permission bits of the server that are not shown, octal")
	f.BoolVar(&c.job.AllowOther, "allow-other", false, "let other users in")
	f.BoolVar(&c.job.NonEmpty, "nonempty", false, "mount even if the directory has content, which is hidden then")
	f.StringVar(&c.passwordFile, "password-file", "", "file whose first line is the password")
	f.StringVar(&c.netrc, "netrc", "", "file with machine, login, password (default $NETRC or ~/.netrc)")
	c.addTLSFlags(f)
	c.addHabitFlags(f)
	c.addNetworkFlags(f)
	f.StringVar(&c.job.LogFile, "log-file", "", "append the log to this file (default: stderr with -f, else the system log)")
	f.BoolVarP(&c.job.Verbose, "verbose", "v", false, "log more")
	f.BoolVar(&c.job.Trace, "trace", false, "log every command and reply, passwords masked")
}

func (c *mountCommand) checkArgs(cmd *cobra.Command, args []string) error {
	switch {
	case c.job.Demo && len(args) == 1, !c.job.Demo && len(args) == 2:
		return nil
	case c.job.Demo:
		return fmt.Errorf("mount --demo takes one argument, MOUNTPOINT")
	case len(args) == 1:
		return fmt.Errorf("mount takes a URL and a MOUNTPOINT, one of them is missing")
	}
	return fmt.Errorf("mount takes two arguments, URL and MOUNTPOINT, not %d", len(args))
}

func (c *mountCommand) run(cmd *cobra.Command, args []string) error {
	if err := applyOptions(cmd.Flags(), c.options, c.warn); err != nil {
		return err
	}
	if err := applyEnvironment(cmd.Flags(), "FTPFS_"); err != nil {
		return err
	}
	rawURL := ""
	if !c.job.Demo {
		rawURL = args[0]
	}
	if err := c.validate(rawURL, args[len(args)-1]); err != nil {
		return err
	}
	if err := c.hideSecrets(rawURL); err != nil {
		return err
	}
	if c.job.Demo {
		if err := makeDemoDir(c.job.Mountpoint); err != nil {
			return err
		}
	} else {
		sources := systemCredentials(c.passwordFile, c.netrc, c.secrets, c.warn)
		if err := sources.resolve(&c.job.Location); err != nil {
			return err
		}
	}
	if c.job.Foreground {
		return c.runForeground()
	}
	return c.runBackground(cmd.Context())
}

// validate fills in the job from the arguments. It asks nobody and changes
// nothing.
func (c *mountCommand) validate(rawURL, mountpoint string) (err error) {
	if err = c.validateServer(rawURL); err != nil {
		return err
	}
	if err = c.validateHabits(); err != nil {
		return err
	}
	if err = c.validateNetwork(); err != nil {
		return err
	}
	switch {
	case c.job.AttrTTL < 0:
		return failf(exitUsage, "--attr-timeout %s is negative", c.job.AttrTTL)
	case mountpoint == "":
		return failf(exitUsage, "the mount point is empty")
	}
	c.job.CacheBytes, c.job.Umask = int64(c.cacheSize), uint32(c.umask)
	if c.job.SpoolBase == "" {
		c.job.SpoolBase = defaultSpoolBase()
	}
	for _, name := range []*string{&c.job.SpoolBase, &c.job.LogFile} {
		if *name, err = absolute(*name); err != nil {
			return failf(exitFailure, "%w", err)
		}
	}
	c.job.Mountpoint, err = absoluteMountpoint(mountpoint)
	return err
}

// validateServer is validate for what is about the server.
func (c *mountCommand) validateServer(rawURL string) (err error) {
	if !c.job.Demo {
		if c.job.Location, err = parseURL(rawURL); err != nil {
			return err
		}
	}
	if err = c.validateTLS(); err != nil {
		return err
	}
	switch {
	case c.job.Connections < 1 || c.job.Connections > maxConnections:
		return failf(exitUsage, "--connections %d is not from 1 to %d", c.job.Connections, maxConnections)
	case c.job.Timeout < time.Second:
		return failf(exitUsage, "--timeout %s is less than a second", c.job.Timeout)
	}
	return nil
}

// hideSecrets replaces the process by one that has no password in arguments
// or environment, if there is one; it returns in the process that has not.
func (c *mountCommand) hideSecrets(rawURL string) error {
	if c.replaced {
		if c.secrets.HasURL {
			c.job.Location.setPassword(c.secrets.URL)
		}
		c.hideProxy(nil)
		return nil
	}
	c.secrets.HasURL, c.secrets.URL = c.job.Location.HasPassword, c.job.Location.Password
	args := slices.Clone(c.argv)
	c.hideProxy(args)
	if !c.secrets.exposed() {
		return nil
	}
	for i, a := range args {
		if i > 0 && a == rawURL {
			args[i] = c.job.Location.String()
		}
	}
	return failf(exitFailure, "cannot hide the password: %w", c.secrets.replaceProcess(args))
}

func (c *mountCommand) runForeground() error {
	log, closeLog, err := openLog(c.job.LogFile, true, c.job.Verbose)
	if err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return failf(exitFailure, "%w", err)
	}
	ready := func() error { return nil }
	if c.job.Demo {
		ready = func() error { fmt.Print(demoHints(selfCommand(c.argv[0]), c.job.Mountpoint)); return nil }
	}
	return errors.Join(c.job.run(log, c.warn, ready), closeLog())
}

func (c *mountCommand) runBackground(ctx context.Context) error {
	d := &daemonCommand{job: c.job, limit: c.job.connectLimit() + mountSlack, warn: c.warn}
	if err := d.run(ctx); err != nil {
		return err
	}
	if c.job.Demo {
		fmt.Print(demoHints(selfCommand(c.argv[0]), c.job.Mountpoint))
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
