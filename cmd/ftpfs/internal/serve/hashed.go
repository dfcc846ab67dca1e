package serve

import (
	"sync"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/passwd"
	"ftpfs/ftpserver"
)

// hashedUsers are the users with hashed passwords.
type hashedUsers struct {
	users map[string]ftpserver.User  // of the configuration
	own   map[string]*passwd.Checker // of those whose hash is there
	rest  *ftpserver.User            // of who is in the file of passwords only; nil: nobody
	file  string                     // "": none
	any   *passwd.Checker            // takes time for who does not exist

	mu     sync.Mutex
	stored map[string]*passwd.Checker // of the file
}

// newHashedUsers takes the users of the configuration out of o, which knows
// those of the flags.
func newHashedUsers(c *command, o *ftpserver.Options) *hashedUsers {
	a := &hashedUsers{users: make(map[string]ftpserver.User), own: make(map[string]*passwd.Checker), file: c.more.passwords, any: passwd.NewChecker(passwd.Nobody)}
	if c.more.file == nil {
		a.rest = &ftpserver.User{}
		return a
	}
	for _, u := range c.more.file.Users {
		a.users[u.Name] = o.Users[u.Name]
		delete(o.Users, u.Name)
		if u.Password != "" {
			a.own[u.Name] = passwd.NewChecker(u.Password)
		}
	}
	return a
}

// load reads the file of passwords.
func (a *hashedUsers) load() error {
	stored := make(map[string]*passwd.Checker)
	if a.file != "" {
		users, err := passwd.Read(a.file)
		if err != nil {
			return exit.Errorf(exit.Usage, "passwords: %w", err)
		}
		for name, hash := range users {
			stored[name] = passwd.NewChecker(hash)
		}
	}
	for name := range a.users {
		if a.own[name] == nil && stored[name] == nil {
			return exit.Errorf(exit.Usage, "user %s has no password: write password = \"...\" with what ftpfs serve passwd prints, or use --passwords", name)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stored = stored
	return nil
}

// lookup answers for every name: who does not exist takes as long to refuse.
func (a *hashedUsers) lookup(name string) (ftpserver.User, bool) {
	a.mu.Lock()
	check := a.stored[name]
	a.mu.Unlock()
	if own := a.own[name]; own != nil {
		check = own
	}
	user, known := a.users[name]
	if !known && a.rest != nil {
		user, known = *a.rest, true
	}
	if !known || check == nil {
		return ftpserver.User{Check: func(password string) bool { a.any.Check(password); return false }}, true
	}
	user.Check = check.Check
	return user, true
}
