package ftpclient

import (
	"context"
	"errors"
	"io"
)

// storeBuffer is how much of the source is read at a time.
const storeBuffer = 256 << 10

// StoreOptions say where the octets of a Store go.
type StoreOptions struct {
	Append bool  // APPE instead of STOR
	Offset int64 // REST before STOR; only where the server was seen to do it right
}

// Store sends r to a file until io.EOF and returns how many octets were sent
// and the server's final answer. A nil error means a 2yz after the last byte.
// If r fails, the data connection is reset rather than ended, so that a server
// can tell, and r's error is returned as it is.
// Store is not retried: an error of which Lost is true leaves open how much of
// the file is there.
func (c *Client) Store(ctx context.Context, path string, r io.Reader, o StoreOptions) (int64, error) {
	verb := "STOR"
	if o.Append {
		verb = "APPE"
	}
	if err := checkPath(verb, path); err != nil {
		return 0, err
	}
	if o.Offset < 0 || o.Append && o.Offset > 0 {
		return 0, &Error{Op: verb, Path: path, Kind: KindInvalidName, Err: errBadOffset}
	}
	var n int64
	err := c.do(ctx, verb, path, atMostOnce, func(ctx context.Context, cn *conn) error {
		var err error
		n, err = cn.store(ctx, command{verb, path}, r, o.Offset)
		return err
	})
	return n, err
}

// store sends r after cmd.
func (c *conn) store(ctx context.Context, cmd command, r io.Reader, offset int64) (int64, error) {
	t, rep, err := c.begin(ctx, cmd, &restart{offset: offset})
	if err != nil {
		return 0, err
	}
	if t == nil {
		return 0, c.refusal(ctx, cmd.verb, cmd.arg, rep)
	}
	ascii := saysASCII(rep)
	n, err := t.send(r)
	if err != nil {
		return n, err
	}
	rep, err = t.finish(nil)
	if err == nil && !rep.completed() {
		err = c.refusal(ctx, cmd.verb, cmd.arg, rep)
	}
	if err == nil && ascii && cmd.verb == "STOR" {
		err = c.checkStored(cmd.arg, offset+n)
	}
	if err == nil {
		c.srv.noteStored(cmd.arg)
	}
	return n, err
}

// send copies r to the data connection. An error means that the transfer is
// over, with the connection in step or broken.
func (t *transfer) send(r io.Reader) (int64, error) {
	buf := make([]byte, storeBuffer)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := t.Write(buf[:n]); werr != nil {
				return t.bytes, t.writeFailed(werr)
			}
		}
		if err == io.EOF {
			if werr := t.endWrite(); werr != nil {
				return t.bytes, t.writeFailed(werr)
			}
			return t.bytes, nil
		}
		if err != nil {
			t.reset(err)
			t.abandon(err)
			return t.bytes, err
		}
	}
}

// writeFailed finds the reason of a server that stopped to take data in what
// it says, such as 552; else it is the network's.
func (t *transfer) writeFailed(werr error) error {
	t.reset(werr)
	err := t.c.ioError(t.verb, werr)
	if t.final == nil && t.c.broken == nil {
		r, rerr := t.c.recv(t.verb, abortTimeout)
		if errors.Is(rerr, ErrNoTicket) {
			return rerr
		}
		if rerr == nil && (r.transient() || r.permanent()) {
			t.final = &r
			if kind := kindOfReply(t.verb, r); kind != KindUnknown {
				return replyError(t.verb, "", r)
			}
			return &Error{Op: t.verb, Kind: KindNetwork, Code: r.code, Text: r.text(), Err: werr}
		}
		if rerr == nil && r.preliminary() {
			t.abandon(werr)
		}
	}
	return err
}
