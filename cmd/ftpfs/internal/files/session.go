package files

import (
	"context"
	"slices"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

// session is one server, as one user.
type session struct {
	at      ftpurl.Location   // without a path
	written []ftpurl.Location // what it is in URLs, perhaps without user and password
	client  *ftpclient.Client
	home    string
}

// place is a path on a server, as a URL has it.
type place struct {
	ftpurl.FilePath
	*session
}

// join returns the session of a URL: that of one before it for the same server and
// user, if there is one. What was said of a URL is not asked for again for another.
func (c *command) join(sources secret.Sources, loc ftpurl.Location) (*session, error) {
	if loc.User == "" {
		loc.User = sources.EnvUser
	}
	written := loc
	for _, s := range c.sessions {
		if s.at == loc || slices.Contains(s.written, loc) {
			return s, nil
		}
	}
	if err := sources.Resolve(&loc); err != nil {
		return nil, err
	}
	for _, s := range c.sessions {
		if s.at == loc {
			s.written = append(s.written, written)
			return s, nil
		}
	}
	s := &session{at: loc, written: []ftpurl.Location{written}}
	c.sessions = append(c.sessions, s)
	return s, nil
}

// connectAll logs in everywhere.
func (c *command) connectAll(ctx context.Context) error {
	log := logs.OfCall(c.server.Trace)
	for _, s := range c.sessions {
		server := c.server
		server.Location = s.at
		session, err := server.Connect(ctx, server.Redactor().Log(log), say.Warn)
		if err != nil {
			return err
		}
		s.client, s.home = session.Client, session.Root
	}
	return nil
}

func (c *command) close() {
	for _, s := range c.sessions {
		if s.client != nil {
			s.client.Close() // its error is always nil
		}
	}
}

// expand asks what the patterns of places name. What names nothing is among the
// failures.
func expand(ctx context.Context, places []place, follow bool) (found []transfer.Match, failures []transfer.Failure) {
	for _, p := range places {
		matches, err := transfer.Expand(ctx, p.client, p.Pattern(p.home), follow)
		if err != nil {
			failures = append(failures, transfer.Failure{Path: p.Text, Err: err})
			continue
		}
		found = append(found, matches...)
	}
	return found, failures
}

// oneServer refuses places on several servers.
func (c *command) oneServer(command string) error {
	if len(c.sessions) > 1 {
		return exit.Errorf(exit.Usage, "%s takes URLs of one server: use ftpfs copy between two", command)
	}
	return nil
}
