// Package ftpurl reads the URLs that ftpfs is given, of directories and files on
// servers, and writes them without their passwords.
package ftpurl

import (
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
)

// Location is what an FTP URL names (RFC 1738 section 3.2, RFC 3986). User,
// Password and Dir are raw bytes, percent-decoding done.
type Location struct {
	Host        string // name or address, without brackets
	Port        int
	HasPort     bool // the URL names it
	User        string
	Password    string
	HasPassword bool   // told apart from an empty password
	Dir         string // relative to the login directory unless it begins with a slash
	Security    ftpclient.Security
}

// Parse reads ftp://, ftpes:// (TLS, asked for by AUTH) or ftps:// (TLS from
// the first octet) and [user[:password]@]host[:port]/[dir]. dir is relative to
// the login directory; //dir and /%2Fdir are absolute. Its error is of
// exit.Usage and never holds the password.
func Parse(raw string) (Location, error) {
	rest, security, err := cutScheme(raw)
	if err != nil {
		return Location{}, err
	}
	if strings.ContainsAny(rest, "?#") {
		return Location{}, exit.Errorf(exit.Usage, "the URL has a query or fragment, which FTP has not: write ? as %%3F and # as %%23")
	}
	authority, dir, _ := strings.Cut(rest, "/")
	loc := Location{Port: security.DefaultPort(), Security: security}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if err := loc.SetUserinfo(authority[:i]); err != nil {
			return Location{}, err
		}
		authority = authority[i+1:]
	}
	if err := loc.SetHost(authority); err != nil {
		return Location{}, err
	}
	if loc.Dir, err = Decode("directory", cutType(dir)); err != nil {
		return Location{}, err
	}
	return loc, nil
}

// cutScheme returns what follows the scheme and what that means, or says what to
// write instead.
func cutScheme(raw string) (string, ftpclient.Security, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return "", 0, exit.Errorf(exit.Usage, "%s: not a URL: write ftp://%s", Redact(raw), strings.TrimPrefix(Redact(raw), "ftp:"))
	}
	switch s := strings.ToLower(scheme); s {
	case "ftp":
		return rest, ftpclient.SecurityNone, nil
	case "ftpes":
		return rest, ftpclient.SecurityExplicit, nil
	case "ftps":
		return rest, ftpclient.SecurityImplicit, nil
	case "sftp", "ssh":
		return "", 0, exit.Errorf(exit.Usage, "%s://: SFTP is another protocol, that of SSH: use sshfs for it", s)
	case "http", "https", "dav", "davs":
		return "", 0, exit.Errorf(exit.Usage, "%s://: not FTP: use davfs2 or rclone for it", s)
	default:
		return "", 0, exit.Errorf(exit.Usage, "%q is not a scheme that ftpfs knows: write ftp://host/dir", s)
	}
}

// SetUserinfo takes user[:password], percent-encoded.
func (l *Location) SetUserinfo(userinfo string) (err error) {
	user, password, has := strings.Cut(userinfo, ":")
	if l.User, err = Decode("user", user); err != nil {
		return err
	}
	if l.User == "" && has {
		return exit.Errorf(exit.Usage, "the URL has a password but no user: write ftp://user:password@host/")
	}
	l.HasPassword = has
	l.Password, err = Decode("password", password)
	return err
}

// SetHost takes host[:port], or [IPv6 address][:port].
func (l *Location) SetHost(hostport string) error {
	host, port := hostport, ""
	if i := strings.LastIndexByte(hostport, ':'); i > strings.LastIndexByte(hostport, ']') {
		host, port = hostport[:i], hostport[i+1:]
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			// Not shown: it may be a piece of a password with a bare slash.
			return exit.Errorf(exit.Usage, "the port in the URL is not a number from 1 to 65535 (in a password write / as %%2F, @ as %%40, : as %%3A)")
		}
		l.Port, l.HasPort = int(n), true
	}
	if strings.HasPrefix(host, "[") {
		return l.setIPv6(host)
	}
	host, err := Decode("host", host)
	if err != nil {
		return err
	}
	if host == "" {
		return exit.Errorf(exit.Usage, "the URL has no host: write ftp://host/dir")
	}
	if strings.ContainsAny(host, ":[]") {
		return exit.Errorf(exit.Usage, "host %q: write an IPv6 address in brackets: ftp://[::1]/", host)
	}
	if strings.ContainsAny(host, " /\\") {
		return exit.Errorf(exit.Usage, "host %q is not a host name", host)
	}
	l.Host = host
	return nil
}

// setIPv6 takes an address in brackets; a zone is written %25eth0 (RFC 6874).
func (l *Location) setIPv6(host string) error {
	inner, ok := strings.CutSuffix(host[1:], "]")
	text := strings.Replace(inner, "%25", "%", 1)
	addr, err := netip.ParseAddr(text)
	if !ok || err != nil || !addr.Is6() {
		return exit.Errorf(exit.Usage, "%q is not an IPv6 address in brackets: write ftp://[::1]/", host)
	}
	l.Host = addr.String()
	return nil
}

// SetPassword notes a password that did not come with the URL.
func (l *Location) SetPassword(p string) { l.Password, l.HasPassword = p, true }

// cutType drops ;type=a|i|d (RFC 1738 section 3.2.2): files go as images here.
func cutType(dir string) string {
	if i := strings.LastIndex(dir, ";"); i >= 0 && len(dir) == i+len(";type=i") &&
		strings.EqualFold(dir[i:i+len(";type=")], ";type=") && strings.ContainsAny(dir[len(dir)-1:], "aidAID") {
		return dir[:i]
	}
	return dir
}

// Decode decodes percent escapes into raw bytes. Control characters would
// end or corrupt an FTP command, so they are refused.
func Decode(what, s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", exit.Errorf(exit.Usage, "the %s in the URL has a %% without two hexadecimal digits: write %% as %%25", what)
			}
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		if c < 0x20 || c == 0x7f {
			return "", exit.Errorf(exit.Usage, "the %s in the URL holds a control character (%%%02X): FTP cannot send it", what, c)
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// Root returns the server path that is mounted, given the login directory.
func (l Location) Root(home string) string {
	if strings.HasPrefix(l.Dir, "/") {
		return path.Clean(l.Dir)
	}
	return path.Join("/", home, l.Dir)
}

// Address returns host:port for messages and dialing.
func (l Location) Address() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

// Scheme returns the URL's scheme. That of SecurityTry is ftp: it promises no
// more.
func (l Location) Scheme() string {
	switch l.Security {
	case ftpclient.SecurityExplicit:
		return "ftpes"
	case ftpclient.SecurityImplicit:
		return "ftps"
	}
	return "ftp"
}

// String returns the URL without its password, as the mount table shows it.
func (l Location) String() string {
	var b strings.Builder
	b.WriteString(l.Scheme() + "://")
	if l.User != "" {
		b.WriteString(Encode(l.User, "") + "@")
	}
	if strings.Contains(l.Host, ":") {
		b.WriteString("[" + strings.Replace(l.Host, "%", "%25", 1) + "]")
	} else {
		b.WriteString(Encode(l.Host, ""))
	}
	if l.Port != l.Security.DefaultPort() {
		b.WriteString(":" + strconv.Itoa(l.Port))
	}
	b.WriteString("/" + Encode(l.Dir, "/"))
	return b.String()
}

// Encode escapes all but RFC 3986's unreserved characters and those of keep.
func Encode(s, keep string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if isHex(c) || 'g' <= c && c <= 'z' || 'G' <= c && c <= 'Z' || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// Redact returns raw, which need not be a valid URL, without the password
// it may hold: what stands between the first colon after the scheme and the
// last @ of the authority.
func Redact(raw string) string {
	start := 0
	if i := strings.Index(raw, "://"); i >= 0 {
		start = i + len("://")
	}
	end := len(raw)
	if i := strings.IndexByte(raw[start:], '/'); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(raw[start:end], '@')
	if at < 0 {
		return raw
	}
	user, _, has := strings.Cut(raw[start:start+at], ":")
	if !has {
		return raw
	}
	return raw[:start] + user + raw[start+at:]
}
