package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// testProxy is a proxy that knows one host, ftp.test, which is this machine.
type testProxy struct {
	user, password string // demanded; empty: nobody is asked
	answer         string // of HTTP, in place of a connection
	code           byte   // of SOCKS, likewise

	mu    sync.Mutex
	asked []string // guarded by mu
}

const proxiedHost = "ftp.test"

// connect connects to what a client has asked for.
func (p *testProxy) connect(addr string) net.Conn {
	p.mu.Lock()
	p.asked = append(p.asked, addr)
	p.mu.Unlock()
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != proxiedHost {
		return nil
	}
	nc, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		return nil
	}
	return nc
}

// wants returns the targets that were asked for.
func (p *testProxy) targets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// relay passes on what either side sends, and its end.
func relay(client io.Reader, clientConn, server net.Conn) {
	defer server.Close()
	var both sync.WaitGroup
	pass := func(to net.Conn, from io.Reader) {
		if _, err := io.Copy(to, from); err != nil {
			to.Close()
			return
		}
		if tcp, ok := to.(*net.TCPConn); ok {
			tcp.CloseWrite()
		}
	}
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(clientConn, server) })
	both.Wait()
}

// socks is a SOCKS 5 proxy's side of a connection (RFC 1928, RFC 1929).
func (p *testProxy) socks(c net.Conn) {
	br := bufio.NewReader(c)
	head := make([]byte, 2)
	if _, err := io.ReadFull(br, head); err != nil || head[0] != 5 {
		return
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(br, methods); err != nil {
		return
	}
	method := byte(0)
	if p.user != "" {
		method = 2
	}
	if !slices.Contains(methods, method) {
		c.Write([]byte{5, 0xff})
		return
	}
	c.Write([]byte{5, method})
	if method == 2 && !p.login(c, br) {
		return
	}
	addr, ok := readSOCKSTarget(br)
	if !ok {
		return
	}
	reply := func(code byte) { c.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0}) }
	if p.code != 0 {
		reply(p.code)
		return
	}
	server := p.connect(addr)
	if server == nil {
		reply(4) // host unreachable
		return
	}
	reply(0)
	relay(br, c, server)
}

// login is RFC 1929.
func (p *testProxy) login(c net.Conn, br *bufio.Reader) bool {
	var text [2]string
	if _, err := br.ReadByte(); err != nil { // version
		return false
	}
	for i := range text {
		n, err := br.ReadByte()
		if err != nil {
			return false
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(br, b); err != nil {
			return false
		}
		text[i] = string(b)
	}
	ok := text == [2]string{p.user, p.password}
	c.Write([]byte{1, map[bool]byte{false: 1}[ok]})
	return ok
}

// readSOCKSTarget reads a CONNECT (RFC 1928 section 4).
func readSOCKSTarget(br *bufio.Reader) (addr string, ok bool) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(br, head); err != nil || head[0] != 5 || head[1] != 1 {
		return "", false
	}
	size := map[byte]int{1: net.IPv4len, 4: net.IPv6len}[head[3]]
	if head[3] == 3 {
		n, err := br.ReadByte()
		if err != nil {
			return "", false
		}
		size = int(n)
	}
	b := make([]byte, size+2)
	if _, err := io.ReadFull(br, b); err != nil || size == 0 {
		return "", false
	}
	host := string(b[:size])
	if head[3] != 3 {
		host = net.IP(b[:size]).String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(b[size:])))), true
}

// http is an HTTP proxy's side of a connection (RFC 9110 section 9.3.6). The
// first words of the server come in one piece with its answer.
func (p *testProxy) http(c net.Conn) {
	br := bufio.NewReader(c)
	r, err := http.ReadRequest(br)
	if err != nil || r.Method != http.MethodConnect {
		return
	}
	asked := &http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	user, password, _ := asked.BasicAuth()
	switch {
	case p.user != user || p.password != password:
		io.WriteString(c, "HTTP/1.1 407 Show yourself\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
		return
	case p.answer != "":
		io.WriteString(c, p.answer)
		return
	}
	server := p.connect(r.RequestURI)
	if server == nil {
		io.WriteString(c, "HTTP/1.1 502 Nothing there\r\n\r\n")
		return
	}
	answer := "HTTP/1.1 200 OK\r\nVia: 1.1 test\r\n\r\n"
	if p.isFirst() {
		words := make([]byte, 4096)
		n, err := server.Read(words)
		if err != nil {
			server.Close()
			return
		}
		answer += string(words[:n])
	}
	io.WriteString(c, answer)
	relay(br, c, server)
}

// isFirst tells whether only one connection was asked for: that to the server,
// which speaks at once.
func (p *testProxy) isFirst() bool { return len(p.targets()) == 1 }

// start lets it listen and returns its address.
func (p *testProxy) start(t *testing.T, scheme string) string {
	t.Helper()
	if strings.HasPrefix(scheme, "socks") {
		return badServer(t, p.socks)
	}
	return badServer(t, p.http)
}
