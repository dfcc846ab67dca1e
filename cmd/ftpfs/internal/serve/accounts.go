package serve

import (
	"os"
	"slices"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/ftpserver"
)

// accounts returns the users with their passwords.
func (c *command) accounts() (map[string]ftpserver.User, error) {
	shared, err := c.sharedPassword()
	if err != nil {
		return nil, err
	}
	users := make(map[string]ftpserver.User)
	for _, u := range c.users {
		name, password, has := strings.Cut(u, ":")
		if p, ok := c.Secrets.Users[name]; ok {
			password, has = p, true
		}
		switch {
		case name == "" || strings.ContainsAny(u, "\r\n\x00"):
			return nil, exit.Errorf(exit.Usage, "--user %q is not a name", name)
		case secret.IsAnonymous(name):
			return nil, exit.Errorf(exit.Usage, "--user %s: use --anonymous", name)
		case !has && shared == nil:
			return nil, exit.Errorf(exit.Usage, "user %s has no password: set FTPFS_SERVE_PASSWORD or give --password-file", name)
		case !has:
			password = *shared
		}
		users[name] = ftpserver.User{Check: ftpserver.Password(password)}
	}
	return users, nil
}

// sharedPassword is that of the users who have none of their own.
func (c *command) sharedPassword() (*string, error) {
	if c.Secrets.HasServe {
		return &c.Secrets.Serve, nil
	}
	if c.passwordFile == "" {
		return nil, nil
	}
	var loc ftpurl.Location
	if err := (secret.Sources{PasswordFile: c.passwordFile, Warn: say.Warn}).FromPasswordFile(&loc); err != nil {
		return nil, err
	}
	return &loc.Password, nil
}

// hideSecrets replaces the process by one without passwords in arguments or
// environment.
func (c *command) hideSecrets() error {
	if c.Replaced {
		return nil
	}
	args := slices.Clone(c.Args)
	c.Secrets.Users = make(map[string]string)
	for _, u := range c.users {
		name, password, has := strings.Cut(u, ":")
		if !has {
			continue
		}
		c.Secrets.Users[name] = password
		for i, a := range args {
			if a == u || a == "--user="+u {
				args[i] = strings.TrimSuffix(a, ":"+password)
			}
		}
	}
	c.hideVariable()
	return c.Hide(args)
}

// hideVariable takes the password out of the variable of --user, which may hold
// another user than the flags.
func (c *command) hideVariable() {
	variable := settings.EnvName(envPrefix, "user")
	value := os.Getenv(variable)
	if name, _, has := strings.Cut(value, ":"); has {
		os.Setenv(variable, name)
		c.Secrets.HasIdle = c.Secrets.HasIdle || !slices.Contains(c.users, value)
	}
}
