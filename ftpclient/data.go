package ftpclient

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"
)

// dataConn is an open data connection of c, in one direction.
type dataConn struct {
	c       *conn
	raw     net.Conn // as it was dialed
	nc      net.Conn // what data goes over
	up      bool     // we send
	start   time.Time
	ahead   bool // it was opened before it was needed
	between bool // and other commands were sent since
	bytes   int64
	moving  *moving // for Stats; set before octets move

	patience time.Duration // for the first octet, if more than DataTimeout

	tls     *tls.Conn // nil: in the clear
	shaking *tls.Conn // what tls becomes
	wire    *wire

	awaited *activePort // where the server is yet to connect to; nil: it has, or we did
}

// openData prepares a data connection for cmd. If the server refuses cmd
// already, the result is nil and the reply says why.
func (c *conn) openData(ctx context.Context, cmd command) (*dataConn, reply, error) {
	if err := c.settle(); err != nil {
		return nil, reply{}, err
	}
	c.dropChannel()
	if c.opts.Active {
		d, err := c.openActive(ctx)
		return d, reply{}, err
	}
	return c.openPassive(ctx, cmd)
}

// Read reads within DataTimeout, or patience. io.EOF is an end that the server has meant.
func (d *dataConn) Read(p []byte) (int, error) {
	d.c.deadline(d.nc, max(d.c.opts.DataTimeout, d.patience))
	n, err := d.nc.Read(d.c.opts.throttle.some(p))
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

// count takes note of n octets that have moved, and waits where there were too many.
func (d *dataConn) count(n int) {
	if n > 0 {
		d.bytes += int64(n)
		d.c.touch()
		d.moving.moved(&d.c.srv.tally, n)
		d.c.opts.throttle.moved(d.c.life, n)
	}
}

// unreadLeast is what is received ahead of the reader at least: about as much as
// any TCP connection begins with.
const unreadLeast = 64 << 10

// bound sets how many octets are received ahead of the reader; 0 leaves it as it
// is. Over what is no socket of our own it is of no consequence.
func (d *dataConn) bound(octets int64) {
	if s, ok := d.raw.(interface{ SetReadBuffer(octets int) error }); ok && octets > 0 {
		_ = s.SetReadBuffer(int(max(octets, unreadLeast)))
	}
}

// close ends the data connection; err is what ended it, nil or io.EOF at the
// proper end. It may be called again. Of what we send TLS's close_notify would
// say that it is all; that is for endWrite.
func (d *dataConn) close(err error) {
	d.c.act.ended(d.moving)
	if d.awaited != nil {
		d.c.set(guardData, nil)
		d.awaited.close()
		d.awaited = nil
	}
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
	if !d.up {
		d.tls = nil // close_notify would say that it is a proper end
	}
	d.close(err)
}
