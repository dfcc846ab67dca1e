package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// transfer is one use of a data connection. It runs on a goroutine of its own,
// which owns everything here but count, cancel and started.
type transfer struct {
	verb    string
	path    string // absolute, for the log
	fault   *Fault // nil: none
	port    dataPort
	timeout time.Duration
	body    func(c *dataConn) error
	// work is instead of body where no data connection is used, and done is
	// then what it returns.
	work    func(ctx context.Context) (reply, error)
	secure  *tls.Config       // nil: in the clear
	resumed bool              // the session of TLS must be the control connection's
	tail    *dataConn         // what is left to close after the reply; nil if nothing
	file    io.Closer         // closed at the end; nil if there is none
	undo    func(error) error // takes back what a failure left, before the file is closed; nil: nothing
	ascii   bool
	pace    pace

	done    reply         // if all goes well
	left    *reply        // if the client closed early; nil: 426
	lingers time.Duration // the wait for the client to close first

	count   atomic.Int64 // octets moved so far
	started bool
	// answered: the final reply was sent before the data, by FaultEarly.
	answered bool
	cancel   context.CancelFunc
}

// outcome is what a transfer sends to its session at its end.
type outcome struct {
	reply reply
	bytes int64
	began time.Time
	took  time.Duration
	err   error
}

const transferComplete = "Transfer complete."

// begin makes the prepared data connection that of a transfer. The caller
// answers with 1yz, and the session starts it.
func (s *session) begin(verb, path string, file io.Closer, body func(*dataConn) error) *transfer {
	t := &transfer{verb: verb, path: path, port: s.data, timeout: s.srv.opts.DataTimeout, body: body, file: file, done: say(226, transferComplete), ascii: s.ascii}
	t.pace = s.account.pace
	if s.protected {
		t.secure, t.resumed = s.sessionTLS(), s.srv.opts.RequireSessionReuse
	}
	t.lingers = s.srv.profile.lingers
	if verb == "RETR" {
		t.left = s.srv.profile.left
	}
	s.data = nil
	s.transfer = t
	return t
}

// work makes a command that takes long a transfer without data: it is done on
// a goroutine of its own, and ABOR is heard. The file is closed at the end.
func (s *session) work(verb, path string, file io.Closer, work func(context.Context) (reply, error)) {
	s.transfer = &transfer{verb: verb, path: path, work: work, file: file}
}

// startTransfer runs s.transfer on its goroutine.
func (s *session) startTransfer() {
	t := s.transfer
	t.started = true
	ctx, cancel := context.WithCancel(s.ctx)
	t.cancel = cancel
	s.transfers.Go(func() {
		defer cancel()
		began := time.Now()
		err := t.run(ctx)
		s.outcome <- outcome{t.answer(ctx, err), t.count.Load(), began, time.Since(began), err} // has room
		if t.tail != nil {
			t.tail.linger(ctx)
		}
	})
}

// abort ends the transfer early; its outcome follows.
func (t *transfer) abort() { t.cancel() }

// errNoData is that there was no data connection.
var errNoData = errors.New("no data connection")

// run moves the data. The data connection and the file are closed when it
// returns, which is before the reply (RFC 959 section 3.3).
func (t *transfer) run(ctx context.Context) (err error) {
	if t.file != nil {
		defer func() {
			if err != nil && t.undo != nil {
				err = errors.Join(err, t.undo(err))
			}
			err = errors.Join(err, t.file.Close())
		}()
	}
	if t.work != nil {
		t.done, err = t.work(ctx)
		return err
	}
	conn, err := t.port.open(ctx, t.timeout)
	if err != nil {
		return errors.Join(errNoData, err)
	}
	c := newDataConn(conn, t.timeout, &t.count)
	c.ctx, c.pace = ctx, t.pace
	stop := context.AfterFunc(ctx, c.reset)
	err = t.move(ctx, c)
	if !stop() {
		return errors.Join(err, ctx.Err())
	}
	if _, struck := faultAnswer(err); struck {
		c.Close()
		return err
	}
	if err != nil {
		c.reset()
		return err
	}
	if err := c.finish(); err != nil {
		c.reset()
		return &dataError{err}
	}
	if c.tls != nil {
		t.tail = c
	}
	return nil
}

// move makes the handshake, if there is TLS, and moves the data.
func (t *transfer) move(ctx context.Context, c *dataConn) error {
	if t.fault != nil {
		c.fault = &dataFault{ctx, t.fault}
	}
	if t.secure != nil {
		if err := c.handshake(ctx, t.secure, t.resumed); err != nil {
			return err
		}
	}
	if err := t.body(c); err != nil {
		return err
	}
	_, err := c.fault.room(c, t.count.Load(), 0) // if the rule waits for the last octet
	if err == nil && t.lingers > 0 && c.tls == nil {
		c.awaitClose(t.lingers)
	}
	return err
}

// answer is the reply for what run returned (RFC 959 section 5.4).
func (t *transfer) answer(ctx context.Context, err error) reply {
	if r, struck := faultAnswer(err); struck {
		return r
	}
	var trouble *dataError
	switch {
	case err == nil:
		return t.done
	case ctx.Err() != nil:
		return say(426, "Transfer aborted.")
	case errors.Is(err, errNoData):
		return say(425, "Cannot open data connection.")
	case errors.As(err, &trouble) && isTimeout(err):
		return say(426, "Data connection timed out; transfer aborted.")
	case errors.As(err, &trouble) && t.left != nil:
		return *t.left
	case errors.As(err, &trouble):
		return say(426, "Connection closed; transfer aborted.")
	}
	return failTransfer(err)
}

// finish answers for a transfer that has ended.
func (s *session) finish(o outcome) {
	t := s.transfer
	s.transfer = nil
	s.log.Info("transfer", "verb", t.verb, "path", t.path, "bytes", o.bytes, "took", o.took, "reply", o.reply.code)
	if o.err != nil {
		s.log.Debug("transfer failed", "verb", t.verb, "path", t.path, "err", o.err)
	}
	s.record(t, o)
	if !t.answered {
		s.answer(t.verb, "", o.reply)
	}
	s.closing = s.closing || o.reply.code == 421
}

// endTransfer aborts the transfer that runs at the session's end, if any.
func (s *session) endTransfer() {
	if s.transfer != nil {
		s.transfer.abort()
		s.finish(<-s.outcome)
	}
}

// sendChunk is how much one call of sendfile(2) is asked to move.
const sendChunk = 1 << 20

// sendFile sends f from offset to its end without copying through us.
func sendFile(c *dataConn, tcp *net.TCPConn, f *os.File, offset int64) error {
	for {
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		c.SetWriteDeadline(time.Now().Add(c.timeout))
		n, err := io.CopyN(tcp, f, sendChunk)
		offset += n
		c.count.Add(n)
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !(n > 0 && isTimeout(err)):
			return &dataError{err}
		}
	}
}

// send copies r to the data connection.
func send(c *dataConn, r io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := c.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// receive copies the data connection to w until its end.
func receive(w io.Writer, c *dataConn) error {
	buf := make([]byte, 128<<10)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
