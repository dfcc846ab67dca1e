package remote

import (
	"net/netip"
	"strings"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/proxy"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/ftpclient"
)

// Network are what the flags say of the ways to the server.
type Network struct {
	Active        bool
	ActivePorts   [2]int // first and last; zeros: any
	ActiveAddress netip.Addr
	Proxy         proxy.Server // zero: none
	Rate          int64        // octets a second; 0: as many as go
}

// leastRate is the least that --limit-rate takes.
const leastRate = 8 << 10

func (fl *Flags) addNetwork(f *pflag.FlagSet) {
	f.BoolVar(&fl.server.Network.Active, "active", false, "let the server open data connections to us (PORT, EPRT), where it has no passive mode")
	f.StringVar(&fl.activePorts, "active-ports", "", "our ports for --active, FIRST-LAST, such as a firewall lets through (default any)")
	f.StringVar(&fl.activeAddress, "active-address", "", "our address as the server sees it, for --active behind NAT")
	f.StringVar(&fl.proxy, "proxy", "", "connect through socks5://[user:password@]host[:port] or http://[user:password@]host[:port]; it resolves the server's name; ALL_PROXY is not looked at")
	f.Var((*settings.ByteSize)(&fl.server.Network.Rate), "limit-rate", "octets a second at most, both directions and all files together: 500K, 2M (0: as many as go)")
}

// checkNetwork fills in the settings from the flags, and checks that they go
// together.
func (fl *Flags) checkNetwork() (err error) {
	n := &fl.server.Network
	switch {
	case !n.Active && fl.activePorts != "":
		return exit.Errorf(exit.Usage, "--active-ports goes with --active")
	case !n.Active && fl.activeAddress != "":
		return exit.Errorf(exit.Usage, "--active-address goes with --active")
	case n.Active && fl.proxy != "":
		return exit.Errorf(exit.Usage, "--active and --proxy exclude each other: the server would connect to this machine, past the proxy")
	case n.Rate > 0 && n.Rate < leastRate:
		return exit.Errorf(exit.Usage, "--limit-rate %d: with less than 8K a second transfers would be given up as dead", n.Rate)
	}
	if fl.activePorts != "" {
		if n.ActivePorts, err = parseActivePorts(fl.activePorts); err != nil {
			return err
		}
	}
	if fl.activeAddress != "" {
		if n.ActiveAddress, err = parseActiveAddress(fl.activeAddress); err != nil {
			return err
		}
	}
	if fl.proxy != "" {
		n.Proxy, err = proxy.Parse(fl.proxy)
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

// apply sets the client's options.
func (n Network) apply(o *ftpclient.Options) {
	o.Active, o.ActivePorts, o.ActiveAddress, o.Rate = n.Active, n.ActivePorts, n.ActiveAddress, n.Rate
	if n.Proxy != (proxy.Server{}) {
		o.Dial = n.Proxy.Dial
	}
}
