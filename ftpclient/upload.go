package ftpclient

import "errors"

// upload is what is sent on a data connection, or only the TLS handshake on it,
// beside the reading of replies. Until done is closed the data connection is its
// goroutine's; another may only close what is below it (kill).
type upload struct {
	d       *dataConn
	content []byte
	all     bool // content is to be sent; else only hands are shaken
	done    chan struct{}
	err     error  // valid when done is closed
	stop    func() // of dataConn.drain; may be nil
}

// start begins to send what at has, or to shake hands, without waiting for the
// server to say that it has begun: the data connection is there, and what is
// sent on it waits in its buffers.
func (t *transfer) start(at *restart) {
	private := t.c.tls != nil && t.c.tls.private
	if t.awaited != nil || !at.whole && !private {
		return
	}
	u := &upload{d: t.dataConn, content: at.content, all: at.whole, done: make(chan struct{})}
	if private {
		t.c.startTLS(t.dataConn)
	}
	t.upload = u
	go func() {
		defer close(u.done)
		u.run(private)
	}()
}

func (u *upload) run(private bool) {
	if private {
		if u.err = u.d.c.shakeHands(u.d); u.err != nil {
			u.kill() // so that the server does not wait for more
			u.d.c.deadline(u.d.c.ctl, abortTimeout)
			return
		}
	}
	if !u.all {
		return
	}
	if _, u.err = u.d.Write(u.content); u.err == nil {
		u.err = u.d.endWrite()
	}
	switch {
	case u.err != nil:
		u.kill()
	case private:
		u.stop = u.d.drain(true)
	default:
		u.d.close(nil)
	}
}

// kill ends what the goroutine waits for, so that the server sees an error.
func (u *upload) kill() {
	if l, ok := u.d.raw.(interface{ SetLinger(sec int) error }); ok {
		l.SetLinger(0)
	}
	u.d.raw.Close()
}

// secured makes the data connection a secure one, if it is to be and is not yet.
// It is called after the server has begun.
func (t *transfer) secured() error {
	c := t.c
	if c.tls != nil && c.tls.private {
		c.tls.anew = true // until it is seen to have resumed
	}
	switch {
	case t.upload != nil && t.upload.all:
		return nil // sent tells
	case t.upload != nil:
		<-t.upload.done
		err := t.upload.err
		t.upload = nil
		return c.judgeTLS(t.dataConn, err)
	case c.tls != nil && c.tls.private:
		c.startTLS(t.dataConn)
		return c.judgeTLS(t.dataConn, c.shakeHands(t.dataConn))
	}
	return nil
}

// stop ends what is sent beside, if anything is: the transfer has failed, by r or
// by err. The result is why it has: where TLS had failed before, that.
func (t *transfer) stop(r reply, err error) error {
	u := t.upload
	if u == nil {
		return err
	}
	u.kill()
	return t.c.orTLS(t.join(err), r, err)
}

// sent waits until all was sent, if something is sent beside, and returns why it
// was not. It is called after the server's final reply.
func (t *transfer) sent() error {
	u := t.upload
	if u == nil {
		return nil
	}
	if !t.final.completed() {
		return t.stop(*t.final, nil)
	}
	own := t.join(nil)
	if own == nil {
		return nil
	}
	return t.c.orTLS(own, *t.final, t.c.ioError(t.verb, own))
}

// join waits for the goroutine, ends the data connection and returns why not all
// was sent.
func (t *transfer) join(cause error) error {
	u := t.upload
	t.upload = nil
	<-u.done
	if u.stop != nil {
		u.stop()
	}
	if t.tls != nil {
		t.c.tls.anew = !t.tls.ConnectionState().DidResume
	}
	if cause == nil {
		cause = u.err
	}
	t.close(cause)
	return u.err
}

// orTLS returns own, which ended what was sent beside, if TLS was the reason: the
// connection is given up then, and r has the server's words. Else it returns err.
func (c *conn) orTLS(own error, r reply, err error) error {
	var e *Error
	if !errors.As(own, &e) || e.Kind != KindTLS && !errors.Is(e, errSessionExpired) || errors.Is(err, ErrNoTicket) {
		return err
	}
	n := *e
	if r.transient() || r.permanent() {
		n.Code, n.Text = r.code, r.text()
	}
	c.broken = nil // what the handshake said is the reason
	return c.fail("data", &n)
}
