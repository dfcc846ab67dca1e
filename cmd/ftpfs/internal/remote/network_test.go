package remote

import (
	"net/netip"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

func TestNetworkFlags(t *testing.T) {
	j, err := checked(t, "ftp://h/", "--active", "--active-ports", "50000-50100", "--active-address=[2001:db8::1]")
	if n := j.Network; err != nil || !n.Active || n.ActivePorts != [2]int{50000, 50100} || n.ActiveAddress != netip.MustParseAddr("2001:db8::1") {
		t.Errorf("%+v, %v", n, err)
	}
	j, err = checked(t, "ftp://h/", "-o", "active,active_ports=4000,active_address=::ffff:192.0.2.1")
	if n := j.Network; err != nil || !n.Active || n.ActivePorts != [2]int{4000, 4000} || n.ActiveAddress != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%+v, %v", n, err)
	}
	if j, err = checked(t, "ftp://h/", "-o", "limit-rate=2M"); err != nil || j.Network.Rate != 2<<20 {
		t.Errorf("%+v, %v", j.Network, err)
	}
	t.Setenv("FTPFS_ACTIVE", "true")
	t.Setenv("FTPFS_ACTIVE_PORTS", "4000-4001")
	if j, err = checked(t, "ftp://h/"); err != nil || !j.Network.Active || j.Network.ActivePorts != [2]int{4000, 4001} {
		t.Errorf("%+v, %v", j.Network, err)
	}
	t.Setenv("FTPFS_ACTIVE", "")
	t.Setenv("FTPFS_ACTIVE_PORTS", "")
	t.Setenv("ALL_PROXY", "socks5://elsewhere")
	if j, err = checked(t, "ftp://h/"); err != nil || j.Network != (Network{}) {
		t.Errorf("%+v, %v", j.Network, err)
	}
}

func TestNetworkFlagsRefused(t *testing.T) {
	for _, tt := range []struct{ flags, says string }{
		{"--active-ports=4000-5000", "goes with --active"},
		{"--active-address=192.0.2.1", "goes with --active"},
		{"--active --proxy=socks5://h", "exclude each other"},
		{"--active --active-ports=20-5000", "1024"},
		{"--active --active-ports=5000-4000", "50000-50100"},
		{"--active --active-ports=5000-70000", "50000-50100"},
		{"--active --active-ports=some", "some"},
		{"--active --active-address=0.0.0.0", "0.0.0.0"},
		{"--active --active-address=myhost", "myhost"},
		{"--active --active-address=fe80::1%lo", "IP address"},
		{"--active --active-address=ff02::1", "IP address"},
		{"--proxy=h:1080", "socks5://"},
		{"--limit-rate=1K", "8K"},
	} {
		if _, err := checked(t, "ftp://h/", strings.Fields(tt.flags)...); exit.CodeOf(err) != exit.Usage || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.flags, err, tt.says)
		}
	}
}
