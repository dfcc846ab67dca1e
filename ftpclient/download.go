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

	entry    Entry // if verified
	verified bool

	since    time.Time     // when it began
	share    time.Duration // for how long it has its connection, at least
	taken    bool          // somebody ended it; guarded by pool.mu
	parkedAt time.Time     // guarded by pool.mu
}

// RetrieveOptions say how a download begins.
type RetrieveOptions struct {
	Offset int64 // where, in octets

	// Verify asks for size and time of the file right before its content, for
	// Download.Verified: in the same write where the server stands it, else with
	// a round trip of its own.
	Verify bool

	// ASCII has the server change line ends to CR LF (TYPE A, RFC 959 section
	// 3.1.1.1), and leaves it to the caller to change those. It excludes Offset;
	// Verify, which would count other octets, is not done. Close waits then.
	ASCII bool

	// Spare takes a connection only if nobody waits for one and another is left
	// for who comes; else the error is ErrNotAhead.
	Spare bool

	// Part tells that not all will be read, and that what is read must be as it is in
	// the file: of a server that says ASCII mode whatever it is told, and was never
	// seen to send a file as it is, the error is KindUnsupported.
	Part bool

	// Unread bounds what the server sends ahead of the reader, in octets, as far
	// as that is in our hands: what has arrived when a download is closed has
	// come for nothing. 0 leaves it to the system, which fills long lines.
	Unread int64

	// Jump tells that the reader jumps: others like this download are likely to
	// follow it soon, at other places. With Options.KeepIdle connections are made
	// ready for them.
	Jump bool

	// Patient tells that the reader has had a turn, and others may go first who want
	// less. After 20 s he is one of them.
	Patient bool
}

// Retrieve opens a file for reading. ctx bounds the
// whole download: when it ends, reads fail and the connection is given up.
// An offset at or after the end of the file gives a Download at io.EOF.
func (c *Client) Retrieve(ctx context.Context, path string, o RetrieveOptions) (*Download, error) {
	if o.Offset < 0 {
		return nil, &Error{Op: "RETR", Path: path, Kind: KindInvalidName, Err: errBadOffset}
	}
	if o.ASCII && o.Offset > 0 {
		return nil, &Error{Op: "RETR", Path: path, Kind: KindUnsupported, Err: errAsciiOffset}
	}
	if err := checkPath("RETR", path); err != nil {
		return nil, err
	}
	var d *Download
	lend := c.lend
	switch {
	case o.Spare:
		lend = c.lendSpare
	case o.Patient:
		lend = c.lendPatient
	}
	err := lend(ctx, "RETR", path, idempotent, func(ctx context.Context, cn *conn, stop func()) (bool, error) {
		if o.Jump {
			c.pool.warm(jumpers)
		}
		var err error
		d, err = cn.retrieve(ctx, path, o)
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

// Verified returns what the server said of the file right before it sent it, as
// Client.Verify does; false if it was not asked or did not say.
func (d *Download) Verified() (Entry, bool) { return d.entry, d.verified }

// retrieve starts a RETR.
func (c *conn) retrieve(ctx context.Context, path string, o RetrieveOptions) (*Download, error) {
	offset := o.Offset
	at := &restart{offset: offset, optional: true, unread: o.Unread}
	d := &Download{c: c, path: path}
	if o.ASCII {
		if err := c.toASCII(); err != nil {
			return nil, err
		}
		o.Verify = false
	}
	switch {
	case o.Verify && c.rides():
		at.before = c.verifyCommands(path)
	case o.Verify:
		if err := d.lookFirst(ctx); err != nil {
			return nil, err
		}
	}
	size := int64(-1)
	if !o.ASCII {
		var err error
		if size, err = c.sizeToCheck(path); err != nil {
			return nil, err
		}
	}
	asked := time.Now()
	t, r, err := c.begin(ctx, command{"RETR", path}, at)
	if err != nil {
		return nil, err
	}
	d.t, d.since = t, time.Now()
	d.share = min(max(fairShare, shareCosts*d.since.Sub(asked)), mostShare)
	if t != nil {
		if len(at.looked) > 0 {
			d.look(at.looked)
		}
		if d.verified {
			t.moving.knows(d.entry.Size)
		}
		if at.ignored {
			d.skip = offset
		}
		if o.ASCII {
			return d, nil
		}
		if c.srv.unprovable(r, size) || o.Part && c.srv.doubtful(r) {
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

// lookFirst is Verify of a file that is about to be sent, with a round trip of
// its own.
func (d *Download) lookFirst(ctx context.Context) (err error) {
	d.entry, err = d.c.verify(ctx, d.path)
	if isRefusal(err) {
		return nil // RETR will say why, or not
	}
	d.verified = err == nil
	return err
}

// look takes what was said of the file in the same write as RETR.
func (d *Download) look(replies []reply) {
	d.entry, d.verified = d.c.toldOf(d.path, replies)
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
	n, err := d.readSome(p)
	if err == nil {
		return n, nil
	}
	if err = d.ended(err); n > 0 {
		return n, nil // the error is for the next Read
	}
	return 0, err
}

// readSome reads from the data connection.
func (d *Download) readSome(p []byte) (int, error) {
	if d.whole != nil {
		return d.readChecked(p)
	}
	return d.t.Read(p)
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
	d.pool.forget(d)
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
		if isKind(err, KindTimeout) && d.c.doubted == nil {
			d.c.doubted = err // as silent as its data connection, perhaps, since it said the last
		}
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

// Close ends the download and does not wait for the server. If it was not read
// to its end, the data connection is closed early, and the control connection is
// kept if what the server says of that comes, within a short deadline, and leaves
// it in step; who needs it meanwhile waits for that. Its error is always nil: that
// a download is no longer wanted cannot fail.
func (d *Download) Close() error {
	if d.err == nil {
		d.err = closedError("RETR")
	}
	if d.t != nil && d.pool.claimEnd(d) {
		d.t.breakOff(nil)
		d.stop()
		d.pool.release(d.c)
		d.pool.forget(d)
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
	if d.c.ascii && d.c.broken == nil {
		d.c.broken = errASCII // not worth a round trip of who waits
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

// Contended reports whether somebody waits for a connection, this download has had
// its share, and no other is ended for him. Its owner must Close it soon then, or
// Park it. Any goroutine may call it.
func (d *Download) Contended() bool {
	return d.t != nil && d.pool.yields(d)
}
