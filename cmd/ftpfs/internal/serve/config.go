package serve

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/serveconf"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// moreFlags are the flags of `ftpfs serve` for servers that stay, and what
// their configuration says.
type moreFlags struct {
	config      string
	passwords   string
	transferLog string
	listenTLS   string
	tftp        string
	rate        settings.ByteSize

	file *serveconf.File // nil: there is none
}

func (m *moreFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&m.config, "config", "", "serve what this file says, instead of DIR")
	f.StringVar(&m.passwords, "passwords", "", "file of users with hashed passwords, see ftpfs serve passwd")
	f.StringVar(&m.transferLog, "transfer-log", "", "file to log each transfer to, in the format of xferlog(5)")
	f.Var(&m.rate, "session-rate", "bytes per second for each session; 0 for no limit")
	f.StringVar(&m.listenTLS, "listen-tls", "", "address and port for implicit TLS (ftps://) as well")
	f.StringVar(&m.tftp, "tftp", "", "address and port to serve by TFTP as well; DIR for reading")
}

// admits reports whether somebody could get anything.
func (m *moreFlags) admits() bool { return m.file != nil || m.passwords != "" || m.tftp != "" }

// notInFile are the flags that say what a configuration says in its tables.
var notInFile = []string{"config", "user", "password-file", "anonymous", "write", "read-only", "tftp", "verbose", "trace", "help"}

// configure reads the configuration, if there is one: what it sets before its
// tables counts for the flags that are not given.
func (c *command) configure(flags *pflag.FlagSet, args []string) error {
	m := &c.more
	if m.config == "" {
		if len(args) != 1 {
			return exit.Errorf(exit.Usage, "nothing to serve: give a directory, or --config FILE")
		}
		return nil
	}
	if len(args) > 0 {
		return exit.Errorf(exit.Usage, "both %s and --config %s: leave one of them out", args[0], m.config)
	}
	for _, name := range []string{"user", "password-file", "anonymous", "write"} {
		if flags.Changed(name) {
			return exit.Errorf(exit.Usage, "--%s and --config exclude each other: write it into %s", name, m.config)
		}
	}
	settings := slices.DeleteFunc(settings.FlagNames(flags), func(name string) bool { return slices.Contains(notInFile, name) })
	var err error
	if m.file, err = serveconf.Load(m.config, settings); err != nil {
		var p *config.Problem
		if errors.As(err, &p) {
			return exit.Errorf(exit.Usage, "%w", p)
		}
		return exit.Errorf(exit.Usage, "configuration %s: %w", m.config, say.Reason(err))
	}
	return m.set(flags)
}

// set gives the flags that were not given what the file says.
func (m *moreFlags) set(flags *pflag.FlagSet) error {
	for _, s := range m.file.Settings() {
		f := flags.Lookup(s.Name)
		if f.Changed {
			continue
		}
		for _, value := range s.Values {
			if err := settings.SetFlag(flags, f, value); err != nil {
				return exit.Errorf(exit.Usage, "%w", m.file.Problem(s.Name, err))
			}
		}
	}
	if t := m.file.TFTP; t != nil && m.tftp == "" {
		m.tftp = t.Listen
	}
	if m.file.TFTP == nil && m.tftp != "" {
		return exit.Errorf(exit.Usage, "--tftp with a configuration without [tftp]: write its folders into %s", m.config)
	}
	return nil
}
