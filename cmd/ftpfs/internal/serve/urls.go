package serve

import (
	"net"
	"os"
	"strings"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/ftpclient"
)

// url is where the server is reached, for a person to copy.
func (c *command) url(addr net.Addr, security ftpclient.Security) string {
	tcp := addr.(*net.TCPAddr)
	loc := ftpurl.Location{Host: tcp.IP.String(), Port: tcp.Port, Security: security}
	if tcp.IP.IsUnspecified() {
		loc.Host = "localhost"
		if name, err := os.Hostname(); err == nil && name != "" {
			loc.Host = name
		}
	}
	switch {
	case c.anonymous:
	case len(c.users) > 0:
		loc.User, _, _ = strings.Cut(c.users[0], ":")
	case c.more.file != nil && c.more.file.Anonymous == nil && len(c.more.file.Users) > 0:
		loc.User = c.more.file.Users[0].Name
	}
	return loc.String()
}

// urls are where clients reach the server, FTP first.
func (c *command) urls(s *sockets) (all []string) {
	for _, l := range s.plain {
		security := ftpclient.SecurityNone
		if c.tls.require {
			security = ftpclient.SecurityExplicit
		}
		all = append(all, c.url(l.Addr(), security))
	}
	for _, l := range s.implicit {
		all = append(all, c.url(l.Addr(), ftpclient.SecurityImplicit))
	}
	for _, u := range s.udp {
		all = append(all, "tftp://"+u.LocalAddr().String()+"/")
	}
	return all
}
