package main

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/serveconf"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpserver"
)

// serveMore are the flags of `ftpfs serve` for servers that stay, and what
// their configuration says.
type serveMore struct {
	config      string
	passwords   string
	transferLog string
	listenTLS   string
	tftp        string
	rate        settings.ByteSize

	file *serveconf.File // nil: there is none
}

func (m *serveMore) addFlags(f *pflag.FlagSet) {
	f.StringVar(&m.config, "config", "", "serve what this file says, instead of DIR")
	f.StringVar(&m.passwords, "passwords", "", "file of users with hashed passwords, see ftpfs serve passwd")
	f.StringVar(&m.transferLog, "transfer-log", "", "file to log each transfer to, in the format of xferlog(5)")
	f.Var(&m.rate, "session-rate", "bytes per second for each session; 0 for no limit")
	f.StringVar(&m.listenTLS, "listen-tls", "", "address and port for implicit TLS (ftps://) as well")
	f.StringVar(&m.tftp, "tftp", "", "address and port to serve by TFTP as well; DIR for reading")
}

// admits reports whether somebody could get anything.
func (m *serveMore) admits() bool { return m.file != nil || m.passwords != "" || m.tftp != "" }

// notInFile are the flags that say what a configuration says in its tables.
var notInFile = []string{"config", "user", "password-file", "anonymous", "write", "read-only", "tftp", "verbose", "trace", "help"}

// configure reads the configuration, if there is one: what it sets before its
// tables counts for the flags that are not given.
func (c *serveCommand) configure(flags *pflag.FlagSet, args []string) error {
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
func (m *serveMore) set(flags *pflag.FlagSet) error {
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

// serveTrees are the directories that are open.
type serveTrees struct{ open []*ftpserver.DirFS }

func (t *serveTrees) close() {
	for _, d := range t.open {
		_ = d.Close() // it was only looked through
	}
}

func (t *serveTrees) dir(name string) (*ftpserver.DirFS, error) {
	d, err := ftpserver.OpenDirFS(name)
	if err != nil {
		return nil, exit.Errorf(exit.Serve, "directory %s cannot be served: %w", name, say.Reason(err))
	}
	t.open = append(t.open, d)
	return d, nil
}

// folders makes one tree of folders, of which those that are written to count
// for the quota, 0 for none.
func (t *serveTrees) folders(folders []serveconf.Folder, quota serveconf.Size) (ftpserver.FS, error) {
	q := ftpserver.NewQuota(int64(quota))
	places := make(map[string]ftpserver.FS)
	for _, f := range folders {
		d, err := t.dir(f.Dir)
		if err != nil {
			return nil, err
		}
		var tree ftpserver.FS = d
		if quota > 0 && f.Writes() {
			if tree, err = q.Apply(tree); err != nil {
				return nil, exit.Errorf(exit.Serve, "directory %s cannot be counted for its quota: %w", f.Dir, say.Reason(err))
			}
		}
		places[f.At] = ftpserver.Restrict(tree, f.Restrictions())
	}
	return ftpserver.Mount(places)
}

// trees opens what is served and fills in the options; nil for no TFTP.
func (c *serveCommand) trees(t *serveTrees, o *ftpserver.Options, args []string) (*tftpd.Options, error) {
	if c.more.file != nil {
		return c.configured(t, o)
	}
	d, err := t.dir(args[0])
	if err != nil {
		return nil, err
	}
	o.FS = d
	if c.more.tftp == "" {
		return nil, nil
	}
	return &tftpd.Options{FS: ftpserver.Restrict(d, ftpserver.Access{ReadOnly: true})}, nil
}

// configured is trees for a configuration. The users' passwords are not here.
func (c *serveCommand) configured(t *serveTrees, o *ftpserver.Options) (tftp *tftpd.Options, err error) {
	file := c.more.file
	o.ReadOnly = c.readOnly
	for _, u := range file.Users {
		user := ftpserver.User{MaxSessions: u.MaxSessions, Rate: int64(u.Rate)}
		if user.FS, err = t.folders(u.Folders, u.Quota); err != nil {
			return nil, err
		}
		o.Users[u.Name] = user
	}
	if a := file.Anonymous; a != nil {
		o.Anonymous, o.AnonymousWrite = true, true // as the folders say
		o.AnonymousUser = ftpserver.User{MaxSessions: a.MaxSessions, Rate: int64(a.Rate)}
		if o.AnonymousUser.FS, err = t.folders(a.Folders, a.Quota); err != nil {
			return nil, err
		}
	}
	if file.TFTP == nil {
		return nil, nil
	}
	tftp = &tftpd.Options{MaxSize: int64(file.TFTP.MaxSize)}
	tftp.FS, err = t.folders(file.TFTP.Folders, file.TFTP.Quota)
	return tftp, err
}
