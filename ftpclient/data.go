package ftpclient

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// firstDataDial bounds the dial to the first EPSV port: routers that do not
// know EPSV swallow it rather than refuse it.
const firstDataDial = 3 * time.Second

// dataConn is an open data connection of c, in one direction.
type dataConn struct {
	c     *conn
	raw   net.Conn // as it was dialed
	nc    net.Conn // what data goes over
	up    bool     // we send
	start time.Time
	bytes int64

	patience time.Duration // for the first octet, if more than DataTimeout

	tls  *tls.Conn // nil: in the clear
	wire *wire
}

// openData asks for a passive port and dials it: EPSV (RFC 2428), or PASV
// where the server refuses EPSV or the port it names cannot be reached.
func (c *conn) openData(ctx context.Context) (*dataConn, error) {
	known := c.srv.support(factEPSV)
	if known == No {
		return c.openPASV(ctx)
	}
	r, err := c.cmd("EPSV", "")
	if err != nil {
		return nil, err
	}
	if port, ok := epsvPort(r); ok {
		timeout := c.opts.DialTimeout
		if known == Untried {
			timeout = min(timeout, firstDataDial)
		}
		d, err := c.dialData(ctx, port, timeout)
		if err == nil {
			c.srv.learn(factEPSV, Yes, r.evidence())
			return d, nil
		}
		if known == Yes || ctx.Err() != nil {
			return nil, err
		}
	} else if !r.permanent() && !r.completed() {
		return nil, replyError("EPSV", "", r)
	}
	d, err := c.openPASV(ctx)
	if err == nil {
		c.srv.learn(factEPSV, No, r.evidence()+"; PASV works")
	}
	return d, err
}

func (c *conn) openPASV(ctx context.Context) (*dataConn, error) {
	r, err := c.cmd("PASV", "")
	if err != nil {
		return nil, err
	}
	port, ok := pasvPort(r)
	if !ok {
		if r.completed() {
			return nil, c.fail("PASV", &protocolError{"no port in " + clip(quote(r.text()))})
		}
		return nil, replyError("PASV", "", r)
	}
	return c.dialData(ctx, port, c.opts.DialTimeout)
}

func (c *conn) dialData(ctx context.Context, port int, timeout time.Duration) (*dataConn, error) {
	addr := net.JoinHostPort(c.peer, strconv.Itoa(port))
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

// pasvPort finds six numbers with commas anywhere in a 227 (RFC 1123 section
// 4.1.2.6; quirkPASVText). The address among them is never used.
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
			if s = strings.TrimPrefix(s, ","); len(s) == 0 {
				return n, false
			}
		}
	}
	return n, true
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// Read reads within DataTimeout, or patience. io.EOF is an end that the server has meant.
func (d *dataConn) Read(p []byte) (int, error) {
	d.c.deadline(d.nc, max(d.c.opts.DataTimeout, d.patience))
	n, err := d.nc.Read(p)
	if n > 0 {
		d.patience = 0
	}
	d.count(n)
	if d.tls != nil && (err == io.EOF && d.wire.ended || err == io.ErrUnexpectedEOF) {
		err = errCut
	}
	return n, err
}

// Write writes all of p, and each part of it within DataTimeout.
func (d *dataConn) Write(p []byte) (int, error) {
	const part = 64 << 10
	done := 0
	for done < len(p) {
		d.c.deadline(d.nc, d.c.opts.DataTimeout)
		n, err := d.nc.Write(p[done:min(len(p), done+part)])
		d.count(n)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (d *dataConn) count(n int) {
	if n > 0 {
		d.bytes += int64(n)
		d.c.touch()
	}
}

// close ends the data connection; err is what ended it, nil or io.EOF at the
// proper end. It may be called again. Of what we send TLS's close_notify would
// say that it is all; that is for endWrite.
func (d *dataConn) close(err error) {
	if d.nc == nil {
		return
	}
	d.c.set(guardData, nil)
	if d.tls != nil && !d.up {
		d.tls.SetDeadline(time.Now().Add(farewell))
		d.tls.Close()
	} else {
		d.raw.Close()
	}
	d.nc = nil
	if err == io.EOF {
		err = nil
	}
	d.c.opts.Trace.data(d.c.id, d.bytes, time.Since(d.start), err)
}

// reset ends the data connection so that the server sees an error and not the
// end of the data.
func (d *dataConn) reset(err error) {
	if l, ok := d.raw.(interface{ SetLinger(sec int) error }); ok {
		l.SetLinger(0) // else the close is plain, and the reply tells
	}
	d.close(err)
}
