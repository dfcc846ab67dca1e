package ftpclient

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"
)

// firstDataDial bounds the dial to the first EPSV port: routers that do not
// know EPSV swallow it rather than refuse it.
const firstDataDial = 3 * time.Second

// openPassive asks for a port for cmd and dials it: EPSV (RFC 2428), or PASV
// where the server refuses EPSV or the port it names cannot be reached. A
// server that refuses cmd itself at PRET leaves the result nil; its reply says
// why.
func (c *conn) openPassive(ctx context.Context, cmd command) (*dataConn, reply, error) {
	known := c.srv.support(factEPSV)
	if known == No {
		return c.openPASV(ctx, cmd)
	}
	r, refused, err := c.askPort(cmd, "EPSV")
	if err != nil || refused {
		return nil, r, err
	}
	if port, ok := epsvPort(r); ok {
		timeout := c.opts.DialTimeout
		if known == Untried {
			timeout = min(timeout, firstDataDial)
		}
		d, err := c.dialData(ctx, port, timeout)
		if err == nil {
			c.srv.learn(factEPSV, Yes, r.evidence())
			return d, r, nil
		}
		if known == Yes || ctx.Err() != nil {
			return nil, r, err
		}
	} else if !r.permanent() && !r.completed() {
		return nil, r, replyError("EPSV", "", r)
	}
	d, answer, err := c.openPASV(ctx, cmd)
	if d != nil {
		c.srv.learn(factEPSV, No, r.evidence()+"; PASV works")
	}
	return d, answer, err
}

// openPASV is openPassive by PASV.
func (c *conn) openPASV(ctx context.Context, cmd command) (*dataConn, reply, error) {
	r, refused, err := c.askPort(cmd, "PASV")
	if err != nil || refused {
		return nil, r, err
	}
	port, ok := pasvPort(r)
	if !ok {
		if r.completed() {
			return nil, r, c.fail("PASV", &protocolError{"no port in " + clip(quote(r.text()))})
		}
		return nil, r, replyError("PASV", "", r)
	}
	d, err := c.dialData(ctx, port, c.opts.DialTimeout)
	return d, r, err
}

func (c *conn) dialData(ctx context.Context, port int, timeout time.Duration) (*dataConn, error) {
	addr := net.JoinHostPort(c.peer, strconv.Itoa(port))
	if port < lowestPort {
		return nil, &Error{Op: "data", Path: addr, Kind: KindProtocol, Err: errLowPort}
	}
	nc, err := dial(ctx, c.opts, addr, timeout)
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			return nil, c.fail("data", cause)
		}
		kind := kindOfIO(err)
		if kind == KindRefused || kind == KindHost {
			kind = KindNetwork // the server itself was reached
		}
		return nil, &Error{Op: "data", Path: addr, Kind: kind, Err: err}
	}
	c.set(guardData, nc)
	return &dataConn{c: c, raw: nc, nc: nc, start: time.Now()}, nil
}

// epsvPort reads "(|||port|)" with any delimiter (RFC 2428 section 3).
func epsvPort(r reply) (int, bool) {
	if r.code != 229 {
		return 0, false
	}
	text := r.text()
	for i := 0; i+4 < len(text); i++ {
		d := text[i]
		if d < 33 || d > 126 || d >= '0' && d <= '9' || text[i+1] != d || text[i+2] != d {
			continue
		}
		end := strings.IndexByte(text[i+3:], d)
		if end < 1 || end > 5 {
			continue
		}
		port, err := strconv.ParseUint(text[i+3:i+3+end], 10, 16)
		if err == nil && port > 0 {
			return int(port), true
		}
	}
	return 0, false
}

// pasvPort finds six numbers with commas, and perhaps spaces behind them, anywhere in a
// 227 (RFC 1123 section 4.1.2.6; quirkPASVText). The address among them is never used.
func pasvPort(r reply) (int, bool) {
	if r.code != 227 {
		return 0, false
	}
	text := r.text()
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) || i > 0 && (isDigit(text[i-1]) || text[i-1] == ',') {
			continue
		}
		if n, ok := sixNumbers(text[i:]); ok {
			port := n[4]<<8 | n[5]
			return port, port != 0
		}
	}
	return 0, false
}

func sixNumbers(s string) (n [6]int, ok bool) {
	for i := range n {
		digits := 0
		for digits < len(s) && isDigit(s[digits]) {
			digits++
		}
		if digits == 0 || digits > 3 {
			return n, false
		}
		n[i], _ = strconv.Atoi(s[:digits]) // at most three digits
		if n[i] > 255 {
			return n, false
		}
		s = s[digits:]
		if i < 5 {
			rest, more := strings.CutPrefix(s, ",")
			if !more {
				return n, false
			}
			s = strings.TrimLeft(rest, " ")
		}
	}
	return n, true
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
