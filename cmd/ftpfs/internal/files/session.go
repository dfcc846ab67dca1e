package files

import (
	"context"
	"log/slog"
	"os"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

// session is one server, as one user.
type session struct {
	at     ftpurl.Location // without a path
	client *ftpclient.Client
	home   string
}

// place is a path on a server, as a URL has it.
type place struct {
	ftpurl.FilePath
	*session
}

// join gives a place its session: that of the URL before it for the same server and
// user, if there is one.
func (c *command) join(i int, loc ftpurl.Location) error {
	sources, err := c.flags.Sources(c.Process)
	if err != nil {
		return err
	}
	if err := sources.Resolve(&loc); err != nil {
		return err
	}
	for _, s := range c.sessions {
		if s.at == loc {
			c.places[i].session = s
			return nil
		}
	}
	s := &session{at: loc}
	c.sessions = append(c.sessions, s)
	c.places[i].session = s
	return nil
}

// connectAll logs in everywhere.
func (c *command) connectAll(ctx context.Context) error {
	level := slog.LevelWarn
	if c.server.Trace {
		level = slog.LevelInfo
	}
	log := slog.New(&logs.LineHandler{Level: level, Write: logs.Text.Sink(os.Stderr, false)})
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
