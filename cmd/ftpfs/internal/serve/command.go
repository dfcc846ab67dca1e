// Package serve is `ftpfs serve`: it serves directories over FTP, by what its flags
// or a configuration say, and by TFTP beside it. ftpfs serve passwd makes the hashed
// passwords of its users.
//
// What is served, and to whom, the packages ftpserver and tftpd do; here is what the
// command's words mean to them, the sockets, the signals and the end.
package serve

import (
	"fmt"
	"os"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// envPrefix is what the variables of the flags begin with.
const envPrefix = "FTPFS_SERVE_"

// command is `ftpfs serve`.
type command struct {
	*secret.Process
	listen       string
	users        []string
	passwordFile string
	anonymous    bool
	write        bool
	readOnly     bool
	passivePorts string
	passiveHost  string
	tls          tlsFlags
	limits       limits
	more         moreFlags
	verbose      bool
	trace        bool

	ready  func(url string)  // told when it listens
	passed func() []*os.File // the sockets that systemd passes
}

// Command returns `ftpfs serve`, with its own command passwd, for the process p.
func Command(p *secret.Process) *cobra.Command { return newCommand(p).cobra() }

func newCommand(p *secret.Process) *command {
	return &command{Process: p, ready: func(url string) { fmt.Println(url) },
		passed: func() []*os.File { return activation.Files(true) }}
}

func (c *command) cobra() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [flags] [DIR]",
		Short: "Serve a directory over FTP",
		Long: `serve lets others read, and with --write change, a directory over FTP. It prints
its URL when it listens, and serves until it is interrupted.

Give --user, --anonymous or both. Without --tls-cert passwords and data are sent
unencrypted: do not serve over networks that you do not trust. By default only
this machine is served; --listen :2121 serves all networks.

A password in --user name:password is seen by whoever lists processes at the
moment of the start (it is removed at once) and stays in the shell's history:
prefer --password-file or FTPFS_SERVE_PASSWORD, which count for every --user
without a password of its own, or a file of users with hashed passwords, which
ftpfs serve passwd writes (--passwords).

--config FILE serves what the file says, instead of DIR: users with folders,
quotas, rates and limits, anonymous users with a folder for uploads, TFTP. SIGHUP
reopens the transfer log and reads the passwords again. Sockets that systemd
passes (LISTEN_FDS) are taken instead of --listen: named ftps they are for implicit TLS, and
those of UDP for TFTP.`,
		Example: `  ftpfs serve --anonymous ~/Public
  FTPFS_SERVE_PASSWORD=secret ftpfs serve --user me --write --listen :2121 /srv/scans
  ftpfs serve --user me --tls-cert host.pem --tls-key host.key --tls-require --listen :2121 /srv/files`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			byFlag := c.write
			if err := settings.ApplyEnvironment(cmd.Flags(), envPrefix); err != nil {
				return err
			}
			if c.readOnly && !byFlag {
				c.write = false // which a variable says
			}
			if err := c.configure(cmd.Flags(), args); err != nil {
				return err
			}
			return c.run(cmd.Context(), args)
		},
	}
	c.addFlags(cmd)
	cmd.AddCommand(newPasswdCommand())
	settings.NameEnvironment(cmd.Flags(), envPrefix)
	return cmd
}

func (c *command) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&c.listen, "listen", "127.0.0.1:2121", "address and port; port 0 lets the system choose")
	f.StringArrayVar(&c.users, "user", nil, "name, or name:password, of a user who may log in")
	f.StringVar(&c.passwordFile, "password-file", "", "file whose first line is the password of each --user without one")
	f.BoolVar(&c.anonymous, "anonymous", false, "let anonymous users in, to read")
	f.BoolVar(&c.write, "write", false, "let users change things; with --anonymous and no --user, anonymous ones")
	f.BoolVar(&c.readOnly, "read-only", false, "refuse every change (the default)")
	f.StringVar(&c.passivePorts, "passive-ports", "", "ports for data connections, A-B (default: any)")
	f.StringVar(&c.passiveHost, "passive-host", "", "address that clients shall connect to for data, behind NAT")
	c.limits.addFlags(f)
	c.more.addFlags(f)
	c.tls.addFlags(f)
	f.BoolVarP(&c.verbose, "verbose", "v", false, "log more")
	f.BoolVar(&c.trace, "trace", false, "log every command and reply, passwords masked")
	cmd.MarkFlagsMutuallyExclusive("write", "read-only")
}
