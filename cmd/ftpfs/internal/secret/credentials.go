// Package secret finds user and password of a server, and hands them from process to
// process without a trace in argument lists and environments.
package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
)

// MaxFile bounds what is read of password and netrc files, in bytes.
const MaxFile = 1 << 20

// Sources is where user and password may come from, in the order in
// which they count: the URL, the environment, the file or command of a flag, the
// configuration, systemd, netrc, a prompt. The zero value knows none.
type Sources struct {
	EnvUser      string  // FTPFS_USER
	EnvPassword  *string // FTPFS_PASSWORD, nil if unset
	PasswordFile string

	Command         string // whose first line of output is the password
	CredentialsFile string // with username= and password=
	ConfigPassword  *string
	SystemdDir      string // $CREDENTIALS_DIRECTORY
	Server          string // its name in the configuration

	Netrc        string // as given by flag or NETRC; must exist then
	DefaultNetrc string // ~/.netrc; may be missing

	// Prompt asks a person; nil where there is no terminal.
	Prompt func(question string) (string, error)
	// Warn is told of files that others may read.
	Warn func(text string)
}

// Resolve fills in User, Password and HasPassword of loc. No user at all means
// anonymous, which needs no password.
func (s Sources) Resolve(loc *ftpurl.Location) error {
	if loc.User == "" {
		loc.User = s.EnvUser
	}
	if loc.HasPassword {
		return nil
	}
	steps := []func(*ftpurl.Location) error{s.fromEnv, s.FromPasswordFile, s.fromCommand, s.fromCredentialsFile,
		s.fromConfig, s.fromSystemd, s.fromNetrc, s.fromPrompt}
	for _, step := range steps {
		if err := step(loc); err != nil {
			return err
		}
		if loc.HasPassword {
			break
		}
	}
	if loc.HasPassword && loc.User == "" {
		return s.userFromNetrc(loc)
	}
	return nil
}

func (s Sources) fromEnv(loc *ftpurl.Location) error {
	if s.EnvPassword != nil {
		loc.SetPassword(*s.EnvPassword)
	}
	return checkPassword("FTPFS_PASSWORD", loc.Password)
}

// FromPasswordFile takes the password from the file that PasswordFile names, if one is.
func (s Sources) FromPasswordFile(loc *ftpurl.Location) error {
	if s.PasswordFile == "" {
		return nil
	}
	text, err := s.readSecret(s.PasswordFile)
	if err != nil {
		return exit.Errorf(exit.Usage, "password file %s: %w", s.PasswordFile, say.Unreadable(err))
	}
	line, _, _ := strings.Cut(text, "\n")
	loc.SetPassword(strings.TrimSuffix(line, "\r"))
	return checkPassword("password file "+s.PasswordFile, loc.Password)
}

func (s Sources) fromNetrc(loc *ftpurl.Location) error {
	e, ok, err := s.lookupNetrc(loc)
	if err != nil || !ok {
		return err
	}
	if loc.User == "" {
		loc.User = e.login
	}
	if e.hasPass {
		loc.SetPassword(e.password)
	}
	return checkPassword("netrc", loc.Password)
}

// userFromNetrc finds the user to a password that came without one.
func (s Sources) userFromNetrc(loc *ftpurl.Location) error {
	e, ok, err := s.lookupNetrc(loc)
	if err != nil {
		return err
	}
	if !ok {
		return exit.Errorf(exit.Usage, "there is a password but no user: write ftp://user@%s/ or set FTPFS_USER", loc.Host)
	}
	loc.User = e.login
	return nil
}

func (s Sources) lookupNetrc(loc *ftpurl.Location) (netrcEntry, bool, error) {
	name, must := s.Netrc, true
	if name == "" {
		name, must = s.DefaultNetrc, false
	}
	if name == "" {
		return netrcEntry{}, false, nil
	}
	text, err := s.readSecret(name)
	if errors.Is(err, fs.ErrNotExist) && !must {
		return netrcEntry{}, false, nil
	}
	if err != nil {
		return netrcEntry{}, false, exit.Errorf(exit.Usage, "netrc file %s: %w", name, say.Unreadable(err))
	}
	entries, err := parseNetrc(text)
	if err != nil {
		return netrcEntry{}, false, exit.Errorf(exit.Usage, "netrc file %s: %w", name, err)
	}
	e, ok := findNetrc(entries, loc.Host, loc.User)
	return e, ok, nil
}

func (s Sources) fromPrompt(loc *ftpurl.Location) error {
	if loc.User == "" || IsAnonymous(loc.User) {
		return nil
	}
	if s.Prompt == nil {
		return exit.Errorf(exit.Login, "no password for %s@%s and no terminal to ask: use --password-file, --password-command, FTPFS_PASSWORD or ~/.netrc", loc.User, loc.Host)
	}
	password, err := s.Prompt(fmt.Sprintf("Password for %s@%s: ", say.Printable(loc.User), loc.Host))
	if err != nil {
		return exit.Errorf(exit.Login, "no password for %s@%s: %w", loc.User, loc.Host, err)
	}
	loc.SetPassword(password)
	return checkPassword("password", password)
}

// IsAnonymous reports whether a user needs no password of his own (RFC 1635).
func IsAnonymous(user string) bool {
	return strings.EqualFold(user, "anonymous") || strings.EqualFold(user, "ftp")
}

// checkPassword refuses what no FTP command can hold.
func checkPassword(source, password string) error {
	if strings.ContainsAny(password, "\r\n\x00") {
		return exit.Errorf(exit.Usage, "%s: a password cannot hold a line break or NUL", source)
	}
	return nil
}

// readSecret reads a file that should be private, and warns if it is not.
func (s Sources) readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", say.Reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", say.Reason(err)
	}
	if info.IsDir() {
		return "", syscall.EISDIR
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s may be read by others (mode %04o): chmod 600 %s", name, info.Mode().Perm(), name))
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxFile))
	return string(text), say.Reason(err)
}

// System are the sources of this process.
func System(passwordFile, netrc string, handed Handed, warn func(string)) Sources {
	s := Sources{
		EnvUser: os.Getenv("FTPFS_USER"), EnvPassword: handed.envPassword(),
		PasswordFile: passwordFile, Netrc: netrc, Warn: warn, Prompt: TerminalPrompt(),
	}
	if s.Netrc == "" {
		s.Netrc = os.Getenv("NETRC")
	}
	if home, err := os.UserHomeDir(); err == nil {
		s.DefaultNetrc = filepath.Join(home, ".netrc")
	}
	return s
}
