package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/proxy"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/ftpclient"
)

// networkSettings are what the flags say of the ways to the server.
type networkSettings struct {
	Active        bool
	ActivePorts   [2]int // first and last; zeros: any
	ActiveAddress netip.Addr
	Proxy         proxy.Server // zero: none
	Rate          int64        // octets a second; 0: as many as go
}

// leastRate is the least that --limit-rate takes.
const leastRate = 8 << 10

// networkFlags are the flags as they were written.
type networkFlags struct{ activePorts, activeAddress, proxy string }

func (c *mountCommand) addNetworkFlags(f *pflag.FlagSet) {
	f.BoolVar(&c.job.Network.Active, "active", false, "let the server open data connections to us (PORT, EPRT), where it has no passive mode")
	f.StringVar(&c.network.activePorts, "active-ports", "", "our ports for --active, FIRST-LAST, such as a firewall lets through (default any)")
	f.StringVar(&c.network.activeAddress, "active-address", "", "our address as the server sees it, for --active behind NAT")
	f.StringVar(&c.network.proxy, "proxy", "", "connect through socks5://[user:password@]host[:port] or http://[user:password@]host[:port]; it resolves the server's name; ALL_PROXY is not looked at")
	f.Var((*settings.ByteSize)(&c.job.Network.Rate), "limit-rate", "octets a second at most, both directions and all files together: 500K, 2M (0: as many as go)")
}

// validateNetwork fills in the job from the flags, and checks that they go
// together.
func (c *mountCommand) validateNetwork() (err error) {
	n, flags := &c.job.Network, c.network
	switch {
	case !n.Active && flags.activePorts != "":
		return exit.Errorf(exit.Usage, "--active-ports goes with --active")
	case !n.Active && flags.activeAddress != "":
		return exit.Errorf(exit.Usage, "--active-address goes with --active")
	case n.Active && flags.proxy != "":
		return exit.Errorf(exit.Usage, "--active and --proxy exclude each other: the server would connect to this machine, past the proxy")
	case n.Rate > 0 && n.Rate < leastRate:
		return exit.Errorf(exit.Usage, "--limit-rate %d: with less than 8K a second transfers would be given up as dead", n.Rate)
	case c.job.Demo && flags.proxy != "":
		return exit.Errorf(exit.Usage, "--proxy: the demo's server is in the same process")
	}
	if flags.activePorts != "" {
		if n.ActivePorts, err = parseActivePorts(flags.activePorts); err != nil {
			return err
		}
	}
	if flags.activeAddress != "" {
		if n.ActiveAddress, err = parseActiveAddress(flags.activeAddress); err != nil {
			return err
		}
	}
	if flags.proxy != "" {
		n.Proxy, err = proxy.Parse(flags.proxy)
	}
	return err
}

func parseActivePorts(s string) (ports [2]int, err error) {
	ports[0], ports[1], err = settings.ParsePorts(s)
	if err != nil || ports[0] < 1024 {
		return ports, exit.Errorf(exit.Usage, "--active-ports %s: write two ports from 1024 to 65535, such as 50000-50100", say.Printable(s))
	}
	return ports, nil
}

func parseActiveAddress(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if a = a.Unmap(); err != nil || a.IsUnspecified() || a.IsMulticast() || a.Zone() != "" {
		return a, exit.Errorf(exit.Usage, "--active-address %s: write the IP address that the server can reach, such as 192.0.2.1", say.Printable(s))
	}
	return a, nil
}

// hideProxy takes the proxy's password from the arguments and the environment
// to the secrets that are handed over; in the process that has got these it
// puts it back.
func (c *mountCommand) hideProxy(args []string) {
	raw, at := c.network.proxy, &c.job.Network.Proxy.At
	if c.Replaced {
		if raw != "" && c.Secrets.Proxy != "" {
			at.SetPassword(c.Secrets.Proxy)
		}
		return
	}
	if at.HasPassword {
		c.Secrets.HasProxy, c.Secrets.Proxy = true, at.Password
		for i := range args {
			for _, form := range []string{raw, strings.ReplaceAll(raw, ",", `\,`)} { // as -o has it
				args[i] = strings.ReplaceAll(args[i], form, ftpurl.Redact(raw))
			}
		}
	}
	name := settings.EnvName("FTPFS_", "proxy") // it may hold another one
	if value := os.Getenv(name); ftpurl.Redact(value) != value {
		c.Secrets.HasProxy = true
		os.Setenv(name, ftpurl.Redact(value))
	}
}

// apply sets the client's options.
func (n networkSettings) apply(o *ftpclient.Options) {
	o.Active, o.ActivePorts, o.ActiveAddress, o.Rate = n.Active, n.ActivePorts, n.ActiveAddress, n.Rate
	if n.Proxy != (proxy.Server{}) {
		o.Dial = n.Proxy.Dial
	}
}

// checkActive lists the directory, to see whether the server can connect to us:
// no later error could tell that this is what fails. Whatever else is wrong with
// the listing is for those who ask for one.
func (m *mounted) checkActive(ctx context.Context) error {
	if !m.job.Network.Active {
		return nil
	}
	_, err := m.client.List(ctx, m.root)
	return m.activeFailure(err)
}

// activeFailure tells why the server could not connect to us; nil if it is
// something else that went wrong, or nothing.
func (m *mounted) activeFailure(err error) error {
	var e *ftpclient.Error
	if !m.job.Network.Active || !errors.As(err, &e) {
		return nil
	}
	at := m.job.Location.Address()
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
