package remote

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/proxy"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// HideProxy takes the proxy's password from the arguments and the environment
// to the secrets that are handed over; in the process that has got these it
// puts it back.
func (fl *Flags) HideProxy(p *secret.Process, args []string) {
	raw, at := fl.proxy, &fl.server.Network.Proxy.At
	if p.Replaced {
		if raw != "" && p.Secrets.Proxy != "" {
			at.SetPassword(p.Secrets.Proxy)
		}
		return
	}
	if at.HasPassword {
		p.Secrets.HasProxy, p.Secrets.Proxy = true, at.Password
		for i := range args {
			for _, form := range []string{raw, strings.ReplaceAll(raw, ",", `\,`)} { // as -o has it
				args[i] = strings.ReplaceAll(args[i], form, ftpurl.Redact(raw))
			}
		}
	}
	name := settings.EnvName("FTPFS_", "proxy") // it may hold another one
	if value := os.Getenv(name); ftpurl.Redact(value) != value {
		p.Secrets.HasProxy = true
		os.Setenv(name, ftpurl.Redact(value))
	}
}

// proxyFailure tells why the proxy was of no use; nil if it was not the proxy.
func proxyFailure(loc ftpurl.Location, err error) error {
	var p *proxy.Error
	if !errors.As(err, &p) {
		return nil
	}
	words := say.Short(say.Printable(p.Err.Error()))
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded):
		return exit.Errorf(exit.Timeout, "proxy %s does not answer in time, or does not reach %s: check --proxy, and the server's host and port", p.Proxy, loc.Address())
	case p.Status == 407:
		return exit.Errorf(exit.Login, "proxy %s refuses user and password (it says: %s): check those in --proxy", p.Proxy, words)
	case p.Reached:
		return exit.Errorf(exit.Connect, "proxy %s does not connect to %s (%s): check the server's host and port, and whether the proxy lets FTP through", p.Proxy, loc.Address(), words)
	case errors.As(err, &dns):
		return exit.Errorf(exit.Host, "proxy %s: unknown host: check the spelling and the name server", p.Proxy)
	}
	return exit.Errorf(exit.Connect, "proxy %s cannot be reached (%s): check --proxy", p.Proxy, words)
}
