// Package proxy connects through SOCKS5 and HTTP CONNECT proxies.
package proxy

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
)

// Server is what --proxy names. The zero value is none.
type Server struct {
	Scheme string          // socks5, socks5h or http
	At     ftpurl.Location // its host, port, user and password
}

// proxyPorts are the schemes with the ports that they have by default.
var proxyPorts = map[string]int{"socks5": 1080, "socks5h": 1080, "http": 80}

// Parse reads socks5://, socks5h:// or http:// and
// [user[:password]@]host[:port]. Its error never holds the password.
func Parse(raw string) (p Server, err error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	p.Scheme = strings.ToLower(scheme)
	p.At.Port = proxyPorts[p.Scheme]
	rest = strings.TrimSuffix(rest, "/")
	if !ok || p.At.Port == 0 || strings.ContainsAny(rest, "/?#") {
		// Not shown: what is wrong may be a piece of a password with a bare slash.
		return p, exit.Errorf(exit.Usage, "--proxy is no URL of a proxy: write socks5://[user:password@]host:port or http://... (in a password / as %%2F, @ as %%40, : as %%3A)")
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if err := p.At.SetUserinfo(rest[:i]); err != nil {
			return p, exit.Errorf(exit.Usage, "--proxy: %w", err)
		}
		rest = rest[i+1:]
	}
	if rest == "" || rest[0] == ':' {
		return p, exit.Errorf(exit.Usage, "--proxy has no host: write socks5://host:port or http://host:port")
	}
	if err := p.At.SetHost(rest); err != nil {
		return p, exit.Errorf(exit.Usage, "--proxy: %w", err)
	}
	if len(p.At.User) > 255 || len(p.At.Password) > 255 {
		return p, exit.Errorf(exit.Usage, "--proxy: user and password are at most 255 octets long") // RFC 1929 section 2
	}
	return p, nil
}

// String returns the URL without its password.
func (p Server) String() string {
	user := ""
	if p.At.User != "" {
		user = ftpurl.Encode(p.At.User, "") + "@"
	}
	return p.Scheme + "://" + user + p.At.Address()
}

// Error tells what went wrong at the proxy, or on the way to it.
type Error struct {
	Proxy   string // its URL, without the password
	Reached bool   // it was connected to
	Status  int    // of HTTP; 0 if there was none
	Err     error
}

func (e *Error) Error() string { return "proxy " + e.Proxy + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Dial connects to addr through the proxy, which resolves the name in it. The
// connection is the bare one to the proxy, so that it can be closed by half. ctx
// bounds all of it, and does nothing once dial has returned.
func (p Server) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	const keepAlive = 15 * time.Second
	d := &net.Dialer{KeepAlive: keepAlive}
	nc, err := d.DialContext(ctx, "tcp", p.At.Address())
	if err != nil {
		return nil, &Error{Proxy: p.String(), Err: err}
	}
	connect := p.connectSOCKS
	if p.Scheme == "http" {
		connect = p.connectHTTP
	}
	if err := connect(ctx, nc, addr); err != nil {
		nc.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		e := &Error{Proxy: p.String(), Reached: true, Err: err}
		var status httpStatus
		if errors.As(err, &status) {
			e.Status = status.code
		}
		return nil, e
	}
	return nc, nil
}

// connected is a connection as a way to itself, for the SOCKS library.
type connected struct{ nc net.Conn }

func (c connected) Dial(string, string) (net.Conn, error) { return c.nc, nil }

func (c connected) DialContext(context.Context, string, string) (net.Conn, error) { return c.nc, nil }

// connectSOCKS asks for addr by SOCKS 5 (RFC 1928, RFC 1929). Names in it go
// to the proxy as they are.
func (p Server) connectSOCKS(ctx context.Context, nc net.Conn, addr string) error {
	var auth *proxy.Auth
	if p.At.User != "" {
		auth = &proxy.Auth{User: p.At.User, Password: p.At.Password}
	}
	d, err := proxy.SOCKS5("tcp", p.At.Address(), auth, connected{nc})
	if err != nil {
		return err
	}
	_, err = d.(proxy.ContextDialer).DialContext(ctx, "tcp", addr)
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err // what it is about is told by who calls
	}
	return err
}

// httpStatus is an answer of an HTTP proxy other than 2yz.
type httpStatus struct {
	code int
	text string
}

func (s httpStatus) Error() string { return s.text }

// maxProxyAnswer is the most that is read of an HTTP proxy's answer, in octets.
const maxProxyAnswer = 64 << 10

// connectHTTP asks for addr by CONNECT (RFC 9110 section 9.3.6). What follows
// the answer is the server's greeting and must stay in nc, so that no more than
// the answer is read of it.
func (p Server) connectHTTP(ctx context.Context, nc net.Conn, addr string) error {
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr,
		Header: http.Header{"User-Agent": {"ftpfs"}}}
	if p.At.User != "" { // RFC 7617
		r.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(p.At.User+":"+p.At.Password)))
	}
	if err := r.Write(nc); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(octets{nc}, maxProxyAnswer)), r)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return httpStatus{answer.StatusCode, answer.Status}
	}
	if !stop() {
		return ctx.Err()
	}
	return nc.SetDeadline(time.Time{})
}

// octets reads one octet at a time.
type octets struct{ r io.Reader }

func (o octets) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }
