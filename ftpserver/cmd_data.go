package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// lookupTimeout bounds the resolution of Options.PassiveHost.
const lookupTimeout = 5 * time.Second

var errEpsvOnly = say(501, "Only EPSV after EPSV ALL.")

// cmdPasv is PASV (RFC 959 section 4.1.2).
func (s *session) cmdPasv(string) reply {
	if s.epsvOnly {
		return errEpsvOnly
	}
	host, err := s.passiveHost()
	if err != nil {
		s.log.Warn("PASV", "err", err)
		return say(425, "No IPv4 address; use EPSV.")
	}
	p, err := s.listenPassive()
	if err != nil {
		s.log.Warn("PASV", "err", err)
		return say(425, "Cannot listen for a data connection.")
	}
	s.setData(p)
	a, port := host.As4(), p.port()
	return sayf(227, "Entering Passive Mode (%d,%d,%d,%d,%d,%d).", a[0], a[1], a[2], a[3], port>>8, port&0xff)
}

// passiveHost returns the IPv4 address for PASV.
func (s *session) passiveHost() (netip.Addr, error) {
	addr, ok := addrOf(s.conn.LocalAddr())
	if host := s.srv.opts.PassiveHost; host != "" {
		ctx, cancel := context.WithTimeout(s.ctx, lookupTimeout)
		defer cancel()
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
		if err != nil {
			return netip.Addr{}, err
		}
		addr, ok = found[0].Unmap(), true
	}
	if !ok || !addr.Is4() {
		return netip.Addr{}, errors.New("no IPv4 address")
	}
	return addr, nil
}

// cmdEpsv is EPSV (RFC 2428 section 3).
func (s *session) cmdEpsv(arg string) reply {
	local, _ := addrOf(s.conn.LocalAddr())
	own := protocolOf(local)
	switch strings.ToUpper(arg) {
	case "ALL":
		s.epsvOnly = true
		return say(200, "Only EPSV from now on.")
	case "", own:
	default:
		return unsupportedProtocol(arg, own)
	}
	p, err := s.listenPassive()
	if err != nil {
		s.log.Warn("EPSV", "err", err)
		return say(425, "Cannot listen for a data connection.")
	}
	s.setData(p)
	return sayf(229, "Entering Extended Passive Mode (|||%d|)", p.port())
}

// protocolOf is the address family's number in RFC 2428 section 2.
func protocolOf(a netip.Addr) string {
	if a.Is6() {
		return "2"
	}
	return "1"
}

func unsupportedProtocol(given, own string) reply {
	if _, err := strconv.Atoi(given); err != nil {
		return say(501, "Not a network protocol number.")
	}
	return sayf(522, "Network protocol not supported, use (%s)", own)
}

// cmdPort is PORT (RFC 959 section 4.1.2).
func (s *session) cmdPort(arg string) reply {
	addr, err := parsePort(arg)
	if err != nil {
		return say(501, "Usage: PORT h1,h2,h3,h4,p1,p2")
	}
	return s.active(addr)
}

func parsePort(arg string) (netip.AddrPort, error) {
	fields := strings.Split(arg, ",")
	if len(fields) != 6 {
		return netip.AddrPort{}, errors.New("not six numbers")
	}
	var b [6]byte
	for i, f := range fields {
		n, err := strconv.ParseUint(strings.TrimSpace(f), 10, 8)
		if err != nil {
			return netip.AddrPort{}, err
		}
		b[i] = byte(n)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), uint16(b[4])<<8|uint16(b[5])), nil
}

// cmdEprt is EPRT (RFC 2428 section 2).
func (s *session) cmdEprt(arg string) reply {
	fields := strings.Split(arg, arg[:1])
	if len(fields) != 5 || fields[0] != "" || fields[4] != "" {
		return say(501, "Usage: EPRT |protocol|address|port|")
	}
	local, _ := addrOf(s.conn.LocalAddr())
	if fields[1] != "1" && fields[1] != "2" {
		return unsupportedProtocol(fields[1], protocolOf(local))
	}
	addr, err := netip.ParseAddr(fields[2])
	port, errPort := strconv.ParseUint(fields[3], 10, 16)
	if err != nil || errPort != nil || protocolOf(addr) != fields[1] {
		return say(501, "Bad address or port.")
	}
	return s.active(netip.AddrPortFrom(addr, uint16(port)))
}

// active prepares a connection to addr, which must be the client's own and not
// a port of a well-known service (RFC 2577 section 3).
func (s *session) active(addr netip.AddrPort) reply {
	if s.epsvOnly {
		return errEpsvOnly
	}
	peer, okPeer := addrOf(s.conn.RemoteAddr())
	local, okLocal := s.conn.LocalAddr().(*net.TCPAddr)
	ip := addr.Addr().Unmap().WithZone("")
	switch {
	case !okPeer || !okLocal:
		return say(425, "No data connections here.")
	case ip != peer.WithZone(""):
		return say(501, "Data connections only to your own address.")
	case addr.Port() < 1024:
		return say(501, "No data connections to ports below 1024.")
	}
	s.setData(&activePort{local: net.TCPAddr{IP: local.IP, Zone: local.Zone}, addr: netip.AddrPortFrom(peer, addr.Port())})
	return say(200, "Data port accepted.")
}

// cmdType is TYPE (RFC 959 section 4.1.2). An offset of REST is good for TYPE I
// only.
func (s *session) cmdType(arg string) reply {
	switch strings.ToUpper(arg) {
	case "A", "A N":
		s.ascii, s.rest, s.rangeEnd = true, 0, 0
		return say(200, "Type is ASCII.")
	case "I", "L 8", "L8":
		s.ascii = false
		return say(200, "Type is image.")
	}
	return say(504, "Type not supported; use A, I or L 8.")
}

// cmdStru is STRU (RFC 959 section 4.1.2).
func (s *session) cmdStru(arg string) reply { return only("Structure", "F", arg) }

// cmdMode is MODE (RFC 959 section 4.1.2).
func (s *session) cmdMode(arg string) reply { return only("Mode", "S", arg) }

func only(what, value, arg string) reply {
	if strings.EqualFold(arg, value) {
		return say(200, fmt.Sprintf("%s is %s.", what, value))
	}
	return say(504, fmt.Sprintf("%s not supported; use %s.", what, value))
}

// cmdAllo is ALLO (RFC 959 section 4.1.3): nothing has to be reserved.
func (s *session) cmdAllo(arg string) reply {
	size, record, hasRecord := strings.Cut(strings.ToUpper(arg), " R ")
	_, err := strconv.ParseUint(size, 10, 63)
	if err == nil && hasRecord {
		_, err = strconv.ParseUint(record, 10, 63)
	}
	if err != nil {
		return say(501, "Usage: ALLO size [R size]")
	}
	return say(202, "No storage allocation necessary.")
}

// cmdRest is REST in stream mode (RFC 3659 section 5).
func (s *session) cmdRest(arg string) reply {
	n, err := strconv.ParseUint(arg, 10, 63)
	switch {
	case err != nil:
		return say(501, "Usage: REST offset")
	case s.ascii && n > 0:
		return say(501, "REST not allowed in ASCII mode.")
	}
	s.rest, s.rangeEnd = int64(n), 0
	return sayf(350, "Restarting at %d.", n)
}
