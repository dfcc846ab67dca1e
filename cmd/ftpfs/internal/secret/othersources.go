package secret

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
)

const (
	// commandLimit bounds --password-command: a person may have to open a key.
	commandLimit = 2 * time.Minute
	commandSlack = time.Second
)

// fromCommand runs a command for the password, which is the first line it prints.
// A signal that ends this process ends it, too, from a terminal.
func (s Sources) fromCommand(loc *ftpurl.Location) error {
	if s.Command == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	var stdout, stderr say.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", s.Command)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = CleanEnviron(), os.Stdin, &stdout, &stderr, commandSlack
	err := cmd.Run()
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	says := ""
	if last := lines[len(lines)-1]; last != "" {
		says = ": " + say.Short(say.Printable(last))
	}
	line, _, _ := strings.Cut(stdout.String(), "\n")
	switch {
	case ctx.Err() != nil:
		return exit.Errorf(exit.Login, "--password-command has not ended within %s%s: try it in a shell", commandLimit, says)
	case err != nil:
		return exit.Errorf(exit.Login, "--password-command fails (%w)%s: try it in a shell", err, says)
	case line == "":
		return exit.Errorf(exit.Login, "--password-command prints nothing%s: its first line has to be the password", says)
	}
	loc.SetPassword(strings.TrimSuffix(line, "\r"))
	return checkPassword("--password-command", loc.Password)
}

// fromCredentialsFile reads the file of mount.cifs(8): lines of username=NAME and
// password=TEXT.
func (s Sources) fromCredentialsFile(loc *ftpurl.Location) error {
	if s.CredentialsFile == "" {
		return nil
	}
	text, err := s.readSecret(s.CredentialsFile)
	if err != nil {
		return exit.Errorf(exit.Usage, "credentials file %s: %w", s.CredentialsFile, err)
	}
	user := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		key, value, has := strings.Cut(line, "=")
		switch key = strings.TrimSpace(key); {
		case line == "" || line[0] == '#':
		case has && (key == "username" || key == "user"):
			user = value
		case has && (key == "password" || key == "pass"):
			loc.SetPassword(value)
		case has && (key == "domain" || key == "dom"):
		default:
			// Not shown: it may be a password.
			return exit.Errorf(exit.Usage, "credentials file %s, line %d: write username=NAME and password=TEXT", s.CredentialsFile, i+1)
		}
	}
	if loc.User == "" {
		loc.User = user
	}
	return checkPassword("credentials file "+s.CredentialsFile, loc.Password)
}

func (s Sources) fromConfig(loc *ftpurl.Location) error {
	if s.ConfigPassword != nil {
		loc.SetPassword(*s.ConfigPassword)
	}
	return checkPassword("password in the configuration", loc.Password)
}

// fromSystemd takes the password that systemd has put into a folder for the
// service: ftpfs.SERVER.password or ftpfs.password (systemd.exec(5), LoadCredential=).
func (s Sources) fromSystemd(loc *ftpurl.Location) error {
	if s.SystemdDir == "" {
		return nil
	}
	names := []string{"ftpfs.password"}
	if s.Server != "" {
		names = []string{"ftpfs." + s.Server + ".password", "ftpfs.password"}
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(s.SystemdDir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return exit.Errorf(exit.Usage, "credential %s of systemd: %w", name, say.Reason(err))
		}
		line, _, _ := bytes.Cut(text, []byte("\n"))
		loc.SetPassword(strings.TrimSuffix(string(line), "\r"))
		return checkPassword("credential "+name, loc.Password)
	}
	return nil
}
