package remote

import (
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/ftpclient"
)

// Failure tells in one line why the server at loc could not be used,
// and what to do.
func Failure(loc ftpurl.Location, err error) error {
	if failure := proxyFailure(loc, err); failure != nil {
		return failure
	}
	at := loc.Address()
	says := say.ServerWords(err)
	switch ftpclient.KindOf(err) {
	case ftpclient.KindHost:
		return exit.Errorf(exit.Host, "unknown host %s: check the spelling and the name server", say.Printable(loc.Host))
	case ftpclient.KindRefused:
		return exit.Errorf(exit.Connect, "%s refuses the connection: check the port, and that the FTP server runs", at)
	case ftpclient.KindNetwork, ftpclient.KindTruncated, ftpclient.KindClosed:
		return exit.Errorf(exit.Connect, "%s: the connection failed (%s): check the network and the server", at, say.Printable(say.Cause(err)))
	case ftpclient.KindTimeout:
		return exit.Errorf(exit.Timeout, "%s does not answer in time: check host, port and firewall", at)
	case ftpclient.KindProtocol:
		return exit.Errorf(exit.NotFTP, "%s is not an FTP server (%s): check the port", at, say.Printable(say.Cause(err)))
	case ftpclient.KindTooMany:
		return exit.Errorf(exit.TooMany, "%s has too many connections%s: try later, or lower --connections", at, says)
	case ftpclient.KindTLS:
		return tlsFailure(loc, says, err)
	case ftpclient.KindLogin, ftpclient.KindPermission:
		return loginFailure(loc, says, err)
	}
	return exit.Errorf(exit.Failure, "%s: %w", at, err)
}

func loginFailure(loc ftpurl.Location, says string, err error) error {
	if loc.User == "" || secret.IsAnonymous(loc.User) {
		return exit.Errorf(exit.Login, "%s does not let anonymous users in%s: give a user: ftp://user@%s/", loc.Address(), says, loc.Host)
	}
	return exit.Errorf(exit.Login, "%s refuses user %s%s: check user and password", loc.Address(), say.Printable(loc.User), says)
}

// dirFailure tells why the remote directory root cannot be mounted.
func dirFailure(loc ftpurl.Location, root string, err error) error {
	name := say.Printable(root)
	switch ftpclient.KindOf(err) {
	case ftpclient.KindNotExist:
		return exit.Errorf(exit.RemoteDir, "%s has no directory %s: check the path (/dir is relative to the login directory, //dir absolute)", loc.Address(), name)
	case ftpclient.KindNotDir:
		return exit.Errorf(exit.RemoteDir, "%s on %s is not a directory: give the directory that holds it", name, loc.Address())
	case ftpclient.KindPermission, ftpclient.KindUnknown, ftpclient.KindInvalidName:
		return exit.Errorf(exit.RemoteDir, "%s does not let us into %s%s: check the path and the user's rights", loc.Address(), name, say.ServerWords(err))
	}
	return Failure(loc, err)
}
