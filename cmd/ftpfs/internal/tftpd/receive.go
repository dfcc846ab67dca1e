package tftpd

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// receiver returns what reads a datagram and tells at which of our addresses it
// arrived, so that the answer comes from there: clients take no other. The
// address is nil where the system does not tell.
func receiver(conn *net.UDPConn) func(buf []byte) (n int, local net.IP, peer netip.AddrPort, err error) {
	if addr, ok := conn.LocalAddr().(*net.UDPAddr); ok && addr.IP.To4() != nil {
		p := ipv4.NewPacketConn(conn)
		_ = p.SetControlMessage(ipv4.FlagDst, true) // without it the system chooses
		return func(buf []byte) (int, net.IP, netip.AddrPort, error) {
			n, cm, from, err := p.ReadFrom(buf)
			if cm == nil {
				cm = &ipv4.ControlMessage{}
			}
			return n, unicast(cm.Dst), portOf(from), err
		}
	}
	p := ipv6.NewPacketConn(conn)
	_ = p.SetControlMessage(ipv6.FlagDst, true)
	return func(buf []byte) (int, net.IP, netip.AddrPort, error) {
		n, cm, from, err := p.ReadFrom(buf)
		if cm == nil {
			cm = &ipv6.ControlMessage{}
		}
		return n, unicast(cm.Dst), portOf(from), err
	}
}

// unicast is an address that can be answered from, or nil.
func unicast(ip net.IP) net.IP {
	if ip.IsMulticast() || ip.Equal(net.IPv4bcast) {
		return nil
	}
	return ip
}

func portOf(a net.Addr) netip.AddrPort {
	if udp, ok := a.(*net.UDPAddr); ok {
		return udp.AddrPort()
	}
	return netip.AddrPort{}
}
