package remote

import (
	"context"
	"log/slog"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/ftpclient"
)

const (
	// connectLimit bounds connecting, login and the look at the remote
	// directory together; a longer --timeout extends it, a short one cuts it.
	connectLimit = 9 * time.Second
	// dialLimit bounds one TCP connect.
	dialLimit = 8 * time.Second
)

// ConnectLimit is how long Connect may take.
func (s Server) ConnectLimit() time.Duration {
	if s.Timeout > DefaultTimeout {
		return s.Timeout
	}
	return min(connectLimit, 2*s.Timeout)
}

// Session is a server that we are logged in to.
type Session struct {
	Client *ftpclient.Client // to be closed by who has the session
	Root   string            // the server's path of the directory that the URL names
	Source string            // the URL without its password
}

// Connect logs in and makes sure that the remote directory is one. Its error says what
// to do, and has an exit code. warn is for the person who waits, log for all that the
// session does until its end.
func (s Server) Connect(ctx context.Context, log *slog.Logger, warn func(string)) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, s.ConnectLimit())
	defer cancel()
	refused := new(refusals)
	options := s.clientOptions(refused.watch(newTrace(log, s.Trace)))
	s.Habits.apply(&options)
	var err error
	if options.TLS, err = s.TLS.config(); err != nil {
		return nil, err
	}
	s.Network.apply(&options)
	client, err := ftpclient.New(options)
	if err != nil {
		return nil, exit.Errorf(exit.Usage, "%w", err)
	}
	session := &Session{Client: client, Source: s.Location.String()}
	if err := s.enter(ctx, session, refused); err != nil {
		client.Close() // its error is always nil
		return nil, err
	}
	s.tellSecurity(client.Features().TLS, log, warn)
	return session, nil
}

// enter logs in, finds the directory, and looks at it where something may be wrong.
func (s Server) enter(ctx context.Context, to *Session, refused *refusals) error {
	loc := s.Location
	home, err := to.Client.Connect(ctx)
	if err != nil {
		return Failure(loc, timedOut(ctx, err, refused))
	}
	to.Root = loc.Root(home)
	if err := checkRemoteDir(ctx, to.Client, loc, to.Root); err != nil {
		if failure := s.activeFailure(err); failure != nil {
			return failure
		}
		return dirFailure(loc, to.Root, timedOut(ctx, err, refused))
	}
	if err := s.checkActive(ctx, to.Client, to.Root); err != nil {
		return err
	}
	if err := checkData(ctx, to.Client, to.Root); err != nil {
		return dirFailure(loc, to.Root, timedOut(ctx, err, refused))
	}
	return nil
}

// checkData lists the directory where there is reason to fear that no data
// connection will work. It is no check elsewhere: a directory may be large.
func checkData(ctx context.Context, c *ftpclient.Client, root string) error {
	if !c.Features().NoTickets {
		return nil
	}
	_, err := c.List(ctx, root)
	return err
}

// tellSecurity says what the person may not expect of the connection's security.
func (s Server) tellSecurity(suite string, log *slog.Logger, warn func(string)) {
	at, security := s.Location.Address(), s.Location.Security
	if security != ftpclient.SecurityNone && s.TLS.NoVerify {
		warn(at + ": the server's certificate is not verified (--no-verify): it may be anybody's")
	}
	switch {
	case suite != "":
		log.Info("the connection is encrypted", "with", suite)
	case security == ftpclient.SecurityTry:
		warn(at + " has no TLS, or not for all: password or data go unencrypted (--tls=try)")
	}
}

func (s Server) clientOptions(trace *ftpclient.Trace) ftpclient.Options {
	return ftpclient.Options{
		Host: s.Location.Host, Port: s.Location.Port,
		User: s.Location.User, Password: s.Location.Password,
		Security: s.Location.Security, TLSPins: s.TLS.Pins,
		Connections: s.Connections, KeepIdle: true,
		DialTimeout: min(s.Timeout, dialLimit), ReplyTimeout: s.Timeout,
		// A transfer may rest longer than a reply: disks spin up.
		DataTimeout: s.Timeout + s.Timeout/2,
		Trace:       trace,
	}
}

// checkRemoteDir asks for the directory to be mounted. The login directory
// needs no look: the server put us there.
func checkRemoteDir(ctx context.Context, c *ftpclient.Client, loc ftpurl.Location, root string) error {
	if loc.Dir == "" {
		return nil
	}
	e, err := c.Stat(ctx, root)
	switch {
	case err != nil && ftpclient.Lost(err):
		return err
	case err == nil && e.Type == ftpclient.TypeDir:
		return nil
	case err == nil && e.Type == ftpclient.TypeFile:
		return &ftpclient.Error{Op: "STAT", Path: root, Kind: ftpclient.KindNotDir}
	}
	// A symbolic link, or a server that tells nothing of a single path: what
	// can be listed is a directory.
	_, listErr := c.List(ctx, root)
	if listErr != nil && ftpclient.KindOf(err) == ftpclient.KindNotExist {
		return err
	}
	return listErr
}
