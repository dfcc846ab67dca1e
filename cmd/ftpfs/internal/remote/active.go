package remote

import (
	"context"
	"errors"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpclient"
)

// checkActive lists the directory, to see whether the server can connect to us:
// no later error could tell that this is what fails. Whatever else is wrong with
// the listing is for those who ask for one.
func (s Server) checkActive(ctx context.Context, c *ftpclient.Client, root string) error {
	if !s.Network.Active {
		return nil
	}
	_, err := c.List(ctx, root)
	return s.activeFailure(err)
}

// activeFailure tells why the server could not connect to us; nil if it is
// something else that went wrong, or nothing.
func (s Server) activeFailure(err error) error {
	var e *ftpclient.Error
	if !s.Network.Active || !errors.As(err, &e) {
		return nil
	}
	at := s.Location.Address()
	switch {
	case e.Op == "listen":
		return exit.Errorf(exit.Connect, "no port for data connections (%s): give others with --active-ports", say.Printable(say.Cause(err)))
	case e.Op == "PORT" || e.Op == "EPRT":
		return exit.Errorf(exit.Connect, "%s does not open data connections to %s%s: mount without --active, or give the address that it sees us by with --active-address", at, e.Path, say.ServerWords(err))
	case e.Code == 425 || e.Op == "data":
		code := exit.Connect
		if e.Kind == ftpclient.KindTimeout {
			code = exit.Timeout
		}
		return exit.Errorf(code, "%s cannot open a data connection to us%s: mount without --active, or let it through the firewall (--active-ports, --active-address)", at, say.ServerWords(err))
	}
	return nil
}
