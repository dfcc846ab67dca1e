package ftpclient

import (
	"context"
	"errors"
	"io"
)

// Ahead is what RetrieveAhead has of one file.
type Ahead struct {
	Data []byte // the whole file; nil with an error. It is the callee's to keep.

	// Entry is what the server said of the file right before it sent it, as
	// Client.Verify does; Verified is false if it did not say.
	Entry    Entry
	Verified bool

	// Err is why there is no Data: ErrTooLarge, a refusal, or why the connection
	// failed.
	Err error
}

// ErrTooLarge is the answer of RetrieveAhead for files of more octets than were
// asked for.
var ErrTooLarge = errors.New("the file is larger than what was to be fetched")

// RetrieveAhead fetches whole small files that somebody is likely to ask for
// soon, one after the other. It uses one connection that nobody waits for, and
// leaves another for who comes, or several that are free soon; several calls side
// by side use several.
//
// next returns the file to be fetched next, false if there is none for now; it is
// asked again after each call of got, which has the result of one file. A file of
// more than most octets is broken off. Both are called on the goroutine of the
// caller and must not call the Client.
//
// RetrieveAhead returns when next has no more, when somebody waits for a
// connection, or when ctx ends, which costs the connection if something was under
// way. It returns ErrNotAhead if no connection is to spare, and the error of the
// connection if that is lost; a file that the server refuses is told to got and
// is no reason to end.
func (c *Client) RetrieveAhead(ctx context.Context, most int64, next func() (path string, ok bool), got func(path string, a Ahead)) error {
	cn, err := c.pool.spare(ctx, true)
	if err != nil {
		return err
	}
	stop := cn.watch(ctx)
	defer func() {
		stop()
		c.pool.release(cn)
	}()
	for c.pool.waiting.Load() == 0 && ctx.Err() == nil {
		path, ok := next()
		if !ok {
			return nil
		}
		if err := c.mayFetch(path); err != nil {
			got(path, Ahead{Err: err})
			continue
		}
		a := cn.fetch(ctx, path, most)
		a.Err = about(a.Err, "RETR", path)
		got(path, a)
		if cn.broken != nil {
			return a.Err
		}
	}
	return nil
}

// mayFetch tells why a path cannot be asked for.
func (c *Client) mayFetch(path string) error {
	if err := checkPath("RETR", path); err != nil {
		return err
	}
	return c.opts.charset.check("RETR", path)
}

// fetch reads a file of at most so many octets.
func (c *conn) fetch(ctx context.Context, path string, most int64) Ahead {
	d, err := c.retrieve(ctx, path, RetrieveOptions{Verify: true})
	if err != nil {
		return Ahead{Err: err}
	}
	a := Ahead{Entry: d.entry, Verified: d.verified}
	if d.t == nil { // not without an offset
		return Ahead{Err: errOutOfStep}
	}
	if a.Verified && a.Entry.Size > most {
		d.t.breakOff(nil)
		a.Err = ErrTooLarge
		return a
	}
	a.Data, a.Err = d.readAll(most, max(0, a.Entry.Size))
	return a
}

// readAll reads a download, whose connection it leaves with its owner, to its
// confirmed end. likely is the size that it may have.
func (d *Download) readAll(most, likely int64) ([]byte, error) {
	data := make([]byte, 0, min(likely, most)+512)
	for {
		n, err := d.readSome(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > most:
			d.t.breakOff(nil)
			return nil, ErrTooLarge
		case err != nil:
			if err = d.verdict(err); err == io.EOF {
				return data, nil
			}
			return nil, err
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}
