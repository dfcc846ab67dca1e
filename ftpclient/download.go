package ftpclient

import (
	"context"
	"io"
	"time"
)

// Download is a RETR in progress. It owns a control connection until its end
// or Close. Its methods are for one goroutine at a time, unless they say
// otherwise.
type Download struct {
	pool  *pool
	c     *conn
	t     *transfer // nil: there was nothing to transfer
	path  string
	stop  func()     // ends the watch of the context
	skip  int64      // octets to read over, where the server cannot REST
	whole *wholeFile // checks what is read; nil: nothing is checked
	err   error      // what every further Read returns

	since    time.Time // when it got its connection
	taken    bool      // somebody ended it; guarded by pool.mu
	parkedAt time.Time // guarded by pool.mu
}

// Retrieve opens a file for reading from offset (octets). ctx bounds the
// whole download: when it ends, reads fail and the connection is given up.
// An offset at or after the end of the file gives a Download at io.EOF.
func (c *Client) Retrieve(ctx context.Context, path string, offset int64) (*Download, error) {
	if offset < 0 {
		return nil, &Error{Op: "RETR", Path: path, Kind: KindInvalidName, Err: errBadOffset}
	}
	if err := checkPath("RETR", path); err != nil {
		return nil, err
	}
	var d *Download
	err := c.lend(ctx, "RETR", path, idempotent, func(ctx context.Context, cn *conn, stop func()) (bool, error) {
		var err error
		d, err = cn.retrieve(ctx, path, offset)
		if err != nil || d.t == nil {
			return false, err
		}
		d.pool, d.stop = c.pool, stop
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

var errBadOffset = &protocolError{"negative offset"}

// retrieve starts a RETR.
func (c *conn) retrieve(ctx context.Context, path string, offset int64) (*Download, error) {
	size, err := c.sizeToCheck(path)
	if err != nil {
		return nil, err
	}
	at := &restart{offset: offset, optional: true}
	t, r, err := c.begin(ctx, command{"RETR", path}, at)
	if err != nil {
		return nil, err
	}
	d := &Download{c: c, t: t, path: path, since: time.Now()}
	if t != nil {
		if at.ignored {
			d.skip = offset
		}
		if c.srv.unprovable(r, size) {
			t.abandon(errASCII)
			return nil, &Error{Op: "RETR", Path: path, Kind: KindUnsupported, Err: errASCII}
		}
		if offset == 0 {
			d.whole = c.srv.toCheck(r, size)
		}
		return d, nil
	}
	if offset > 0 && r.permanent() && c.pastEnd(path, offset) { // quirkRestPastEnd
		d.err, d.taken = io.EOF, true
		return d, nil
	}
	return nil, c.refusal(ctx, "RETR", path, r)
}

// pastEnd asks whether a file ends at or before offset.
func (c *conn) pastEnd(path string, offset int64) bool {
	r, err := c.cmd("SIZE", path)
	if err != nil {
		return false
	}
	size, ok := sizeReply(r)
	return ok && size <= offset
}

// Read reads from the data connection. io.EOF comes only after the server has
// confirmed the transfer with its final reply; a stream cut short is
// KindTruncated or KindNetwork. At io.EOF, and after an error, the control
// connection is given back.
func (d *Download) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	for d.skip > 0 {
		n, err := d.t.Read(p[:min(int64(len(p)), d.skip)])
		d.skip -= int64(n)
		if err != nil {
			return 0, d.ended(err)
		}
	}
	read := d.t.Read
	if d.whole != nil {
		read = d.readChecked
	}
	n, err := read(p)
	if err == nil {
		return n, nil
	}
	if err = d.ended(err); n > 0 {
		return n, nil // the error is for the next Read
	}
	return 0, err
}

// ended takes the end of the data, finds out how the transfer went, and gives
// the connection back.
func (d *Download) ended(cause error) error {
	if !d.pool.claimEnd(d) {
		d.err = closedError("RETR") // parked, and read all the same
		return d.err
	}
	d.err = d.verdict(cause)
	d.stop()
	d.pool.release(d.c)
	return d.err
}

// verdict is io.EOF where the data ended and a 2yz says that it was all.
func (d *Download) verdict(cause error) error {
	if cause == errMore {
		return named(d.changedData(), d.path)
	}
	if cause != io.EOF {
		err := named(d.c.ioError("RETR", cause), d.path)
		d.t.abandon(cause)
		return d.t.inWords(err)
	}
	r, err := d.t.finish(cause)
	switch {
	case err != nil:
		return named(err, d.path)
	case !r.completed():
		if r.outOfTurn() {
			d.c.broken = errOutOfStep
		}
		return &Error{Op: "RETR", Path: d.path, Kind: KindTruncated, Code: r.code, Text: r.text()}
	}
	return d.checkedEnd()
}

// Close ends the download. If it was not read to its end, the data connection
// is closed early, what the server says of it is read with a short deadline,
// and the control connection is kept if it is in step. Its error is always
// nil: that a download is no longer wanted cannot fail.
func (d *Download) Close() error {
	if d.err == nil {
		d.err = closedError("RETR")
	}
	if d.t != nil && d.pool.claimEnd(d) {
		d.pool.release(d.surrender())
	}
	return nil
}

// surrender ends the download early, for who has claimed that, and returns
// its connection, which may be broken.
func (d *Download) surrender() *conn {
	d.t.abandon(nil)
	d.stop()
	if cause := d.c.interrupted(); cause != nil && d.c.broken == nil {
		d.c.broken = cause
	}
	d.c.reused, d.c.heard = true, 0
	return d.c
}

// Park says that the download is at rest: until Resume the pool may close it
// to use its connection for somebody who waits, and does so if nobody resumes
// it for half a minute. Between Park and Resume only Close may be called.
func (d *Download) Park() {
	if d.t != nil && d.err == nil {
		d.pool.park(d)
	}
}

// Resume ends Park and reports whether the download still stands where it
// was; false means it was closed meanwhile.
func (d *Download) Resume() bool {
	if d.t == nil {
		return true // at the end of the file, without a connection
	}
	if !d.pool.unpark(d) {
		if d.err == nil {
			d.err = closedError("RETR")
		}
		return d.err == io.EOF
	}
	return true
}

// Contended reports whether somebody waits for a connection and this download
// has had its share. Its owner should Close it soon. Any goroutine may call it.
func (d *Download) Contended() bool {
	return d.t != nil && d.pool.waiting.Load() > 0 && time.Since(d.since) >= fairShare
}
