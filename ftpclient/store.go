package ftpclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// A SectionReader is a reader that Store can have the system send from (sendfile(2)),
// without the octets passing through here: NextSection is Read that tells where they are
// instead. They must stay as they are until Store has ended.
type SectionReader interface {
	io.Reader
	NextSection(most int64) (file *os.File, off, n int64, err error)
}

// storeBuffer is how much of the source is read at a time.
const storeBuffer = 256 << 10

// StoreOptions say where the octets of a Store go.
type StoreOptions struct {
	Append bool  // APPE instead of STOR
	Offset int64 // REST before STOR; only where the server was seen to do it right
	Verify bool  // look at the file afterwards, as Client.Verify does
	Size   int64 // octets that will be sent, for Stats alone; 0: not known

	// ModTime is set afterwards, as SetModTime does; the zero time leaves it to the
	// server. What Verify tells is of before. Where the server refuses the Store, a
	// file that is there already may have got that time.
	ModTime time.Time

	// ASCII has the server take CR LF for the ends of lines, and write its own
	// (TYPE A, RFC 959 section 3.1.1.1); the caller sends CR LF. It excludes Offset;
	// Verify, which would count other octets, is not done.
	ASCII bool
}

// Stored is what a Store has done.
type Stored struct {
	Sent int64 // octets that were sent, also if the Store failed
	// Begun, of a Store that failed: the server had begun to take the file, as far
	// as is known. What it said was not about the name, and the old content is gone.
	Begun bool

	// With StoreOptions.Verify, after a Store that did not fail: what Verify
	// returns of the file. It costs no round trip where the server stands
	// commands sent behind STOR.
	Entry     Entry
	VerifyErr error

	// TimeErr, with StoreOptions.ModTime and after a Store that did not fail, is why
	// the time was not set. That costs no round trip either where it is known how
	// the server sets times.
	TimeErr error
}

// smallStore is up to how many octets are sent at once with the command.
const smallStore = 64 << 10

// source is what a Store sends. Its head is kept: where the server has refused the
// command, or the connection was lost before it was obeyed, it is sent again.
type source struct {
	r     io.Reader
	head  []byte // what was read of r
	ended bool   // it is all
	err   error  // of r
	read  bool   // head was read
}

// peek reads the head, all of it if it is small.
func (s *source) peek() error {
	if s.read {
		return s.err
	}
	s.read = true
	head := make([]byte, smallStore)
	n, err := io.ReadFull(s.r, head)
	s.head = head[:n]
	switch err {
	case nil:
	case io.EOF, io.ErrUnexpectedEOF:
		s.ended = true
	default:
		s.err = err
	}
	return s.err
}

// sections is what of it follows the head, if the system can send that.
func (s *source) sections() (SectionReader, bool) {
	if s.ended {
		return nil, false
	}
	r, ok := s.r.(SectionReader)
	return r, ok
}

// all reads it from its beginning; that may be done once.
func (s *source) all() io.Reader {
	if s.ended {
		return bytes.NewReader(s.head)
	}
	return io.MultiReader(bytes.NewReader(s.head), s.r)
}

// Store sends r to a file until io.EOF and returns how many octets were sent,
// what the server has then, if that was asked for, and its final answer. A nil error means a 2yz after the last byte.
// If r fails, the data connection is reset rather than ended, so that a server
// can tell, and r's error is returned as it is.
// Store is not retried: an error of which Lost is true leaves open how much of
// the file is there.
func (c *Client) Store(ctx context.Context, path string, r io.Reader, o StoreOptions) (Stored, error) {
	verb := "STOR"
	if o.Append {
		verb = "APPE"
	}
	if err := checkPath(verb, path); err != nil {
		return Stored{}, err
	}
	if o.Offset < 0 || o.Append && o.Offset > 0 {
		return Stored{}, &Error{Op: verb, Path: path, Kind: KindInvalidName, Err: errBadOffset}
	}
	if o.ASCII && o.Offset > 0 {
		return Stored{}, &Error{Op: verb, Path: path, Kind: KindUnsupported, Err: errAsciiOffset}
	}
	var s Stored
	src := &source{r: r}
	err := c.do(ctx, verb, path, atMostOnce, func(ctx context.Context, cn *conn) error {
		var err error
		s, err = cn.store(ctx, command{verb, path}, src, o)
		return err
	})
	return s, err
}

// store sends what src has after cmd.
func (c *conn) store(ctx context.Context, cmd command, src *source, o StoreOptions) (s Stored, err error) {
	at := &restart{offset: o.Offset, expect: o.Size}
	if o.ASCII {
		if err := c.toASCII(); err != nil {
			return s, err
		}
		o.Verify = false
	}
	var after afterStore
	if c.rides() {
		if err := src.peek(); err != nil {
			return s, err
		}
		at.whole, at.content = src.ended, src.head
		after.ride(c, cmd.arg, o)
		at.behind = after.commands()
	}
	t, rep, err := c.begin(ctx, cmd, at)
	if err != nil {
		return s, err
	}
	if t == nil {
		return s, c.refusal(ctx, cmd.verb, cmd.arg, rep)
	}
	s.Begun = true
	ascii := saysASCII(rep) && !o.ASCII
	err = t.storeFrom(ctx, cmd.arg, src)
	s.Sent = t.bytes
	if err == nil && ascii && cmd.verb == "STOR" {
		err = c.checkStored(cmd.arg, o.Offset+s.Sent)
	}
	if err != nil && ascii {
		err = noBeginning(cmd, err)
	}
	if err != nil {
		return s, err
	}
	c.srv.noteStored(cmd.arg)
	after.replies = t.answers
	if o.Verify {
		s.Entry, s.VerifyErr = c.verifyStored(ctx, cmd.arg, after.looks, after.replies)
	}
	if !o.ModTime.IsZero() {
		s.TimeErr = after.setTime(ctx, c, cmd.arg, o.ModTime)
	}
	return s, nil
}

// storeFrom sends what the source has and returns the server's final word, as an
// error if it is none of success.
func (t *transfer) storeFrom(ctx context.Context, path string, src *source) error {
	if _, err := t.sendFrom(src); err != nil {
		return err
	}
	rep, err := t.finish(nil)
	if err == nil && !rep.completed() {
		err = t.c.refusal(ctx, t.verb, path, rep)
	}
	return err
}

// sendFrom sends what the source has, unless that was done with the command.
func (t *transfer) sendFrom(src *source) (int64, error) {
	if t.upload != nil {
		return 0, nil
	}
	if r, ok := src.sections(); ok && t.sendsFiles() {
		return t.sendSections(src.head, r)
	}
	return t.send(src.all())
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
		if err != nil {
			return t.sourceEnds(err)
		}
	}
}

// sourceEnds ends the sending after the last octet, or because of an error of the source.
func (t *transfer) sourceEnds(err error) (int64, error) {
	if err == io.EOF {
		if werr := t.endWrite(); werr != nil {
			return t.bytes, t.writeFailed(werr)
		}
		return t.bytes, nil
	}
	t.reset(err)
	t.abandon(err)
	return t.bytes, err
}

// writeFailed finds the reason of a server that stopped to take data in what
// it says, such as 552; else it is the network's.
func (t *transfer) writeFailed(werr error) error {
	t.reset(werr)
	err := t.c.ioError(t.verb, werr)
	t.abandon(werr)
	switch r := t.final; {
	case errors.Is(t.c.broken, ErrNoTicket):
		return t.c.broken
	case r == nil || r.completed():
		return err
	case kindOfReply(t.verb, *r) != KindUnknown:
		return replyError(t.verb, "", *r)
	default:
		return &Error{Op: t.verb, Kind: KindNetwork, Code: r.code, Text: r.text(), Err: werr}
	}
}
