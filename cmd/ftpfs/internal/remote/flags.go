package remote

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// Flags are the flags that say what a Server is, but for its URL, and where the
// password is.
type Flags struct {
	server *Server
	all    *pflag.FlagSet

	passwordFile    string
	passwordCommand string
	credentialsFile string
	netrc           string

	// As they were written:
	tls                               string // off, try, explicit, implicit; empty: as the URL says
	activePorts, activeAddress, proxy string
}

// NewFlags returns the flags that fill in s, which has their defaults from then on.
func NewFlags(s *Server) *Flags {
	fl := &Flags{server: s, all: pflag.NewFlagSet("server", pflag.ContinueOnError)}
	f := fl.all
	f.IntVar(&s.Connections, "connections", DefaultConnections, "most control connections at a time")
	f.DurationVar(&s.Timeout, "timeout", DefaultTimeout, "how long the server may be silent before an operation fails")
	f.StringVar(&fl.passwordFile, "password-file", "", "file whose first line is the password")
	f.StringVar(&fl.passwordCommand, "password-command", "", "shell command whose first line of output is the password")
	f.StringVar(&fl.credentialsFile, "credentials", "", "file with lines username=NAME and password=TEXT, as mount.cifs has it")
	f.StringVar(&fl.netrc, "netrc", "", "file with machine, login, password (default $NETRC or ~/.netrc)")
	fl.addTLS(f)
	fl.addHabits(f)
	fl.addNetwork(f)
	f.BoolVar(&s.Trace, "trace", false, "log every command and reply, passwords masked")
	return fl
}

// Add adds the flags of these names to a command's, in this order.
func (fl *Flags) Add(to *pflag.FlagSet, names ...string) {
	for _, name := range names {
		to.AddFlag(fl.all.Lookup(name))
	}
}

// Check fills in the server at loc from the flags, and returns the first mistake in
// them. It asks nobody.
func (fl *Flags) Check(loc ftpurl.Location) error {
	for _, err := range fl.mistakes(loc) {
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckAll is Check, but returns all mistakes.
func (fl *Flags) CheckAll(loc ftpurl.Location) error { return errors.Join(fl.mistakes(loc)...) }

func (fl *Flags) mistakes(loc ftpurl.Location) []error {
	fl.server.Location = loc
	return []error{fl.checkTLS(), fl.checkConnections(), fl.checkTimeout(), fl.checkHabits(), fl.checkNetwork()}
}

func (fl *Flags) checkConnections() error {
	if n := fl.server.Connections; n < 1 || n > MaxConnections {
		return exit.Errorf(exit.Usage, "--connections %d is not from 1 to %d", n, MaxConnections)
	}
	return nil
}

func (fl *Flags) checkTimeout() error {
	if t := fl.server.Timeout; t < time.Second {
		return exit.Errorf(exit.Usage, "--timeout %s is less than a second: write one or more, such as 30s", t)
	}
	return nil
}

// CheckDemo refuses the flags that mean nothing where the server is our own.
func (fl *Flags) CheckDemo() error {
	switch {
	case fl.tls != "":
		return exit.Errorf(exit.Usage, "--tls: the demo has no TLS")
	case fl.server.Habits != Habits{}:
		return exit.Errorf(exit.Usage, "--encoding and --timezone: the demo has UTF-8 and UTC: leave them out")
	case fl.proxy != "":
		return exit.Errorf(exit.Usage, "--proxy: the demo's server is in the same process")
	}
	return nil
}

// Sources are where the flags, and the process p, say that user and password are.
func (fl *Flags) Sources(p *secret.Process) (secret.Sources, error) {
	s := secret.System(fl.passwordFile, fl.netrc, p.Secrets, say.Warn)
	s.Command, s.CredentialsFile = fl.passwordCommand, fl.credentialsFile
	given := 0
	for _, name := range []string{fl.passwordFile, fl.passwordCommand, fl.credentialsFile} {
		if name != "" {
			given++
		}
	}
	if given > 1 {
		return s, exit.Errorf(exit.Usage, "--password-file, --password-command, --credentials: give one of them")
	}
	return s, nil
}
