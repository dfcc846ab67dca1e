package ftpclient

import (
	"context"
	"errors"
	"strings"
)

// Client is one server, as one user. Make it with New.
type Client struct {
	opts Options
	srv  *server
	pool *pool
}

// New checks the options and returns a Client. It does not touch the network.
func New(o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{opts: o, srv: &server{trace: o.Trace}}
	c.pool = newPool(&c.opts, c.srv)
	return c, nil
}

// Connect makes sure that one control connection is logged in and returns the
// directory the server put it in. It is the way to find out early whether
// host, port, user and password are right: it does not retry a refused login.
func (c *Client) Connect(ctx context.Context) (home string, err error) {
	cn, err := c.pool.acquire(ctx, need{})
	if err != nil {
		return "", err
	}
	c.pool.release(cn)
	return c.srv.snapshot().Home, nil
}

// Features returns what is known of the server so far.
func (c *Client) Features() Features { return c.srv.snapshot() }

// Close ends all connections, with QUIT where they are idle. Operations in
// flight fail with KindClosed.
func (c *Client) Close() error {
	c.pool.close()
	return nil
}

// repeat says what may be done when the connection of an operation drops.
type repeat uint8

const (
	// idempotent: done twice is done once. It is repeated on a fresh
	// connection if the one it had was used before, and so may have been dead
	// already.
	idempotent repeat = iota
	// atMostOnce: repeated only after a 421 in place of its first reply.
	atMostOnce
)

// task is an operation on a borrowed connection. keep tells that the
// connection, and the call of stop, are its result's from now on.
type task func(ctx context.Context, cn *conn, stop func()) (keep bool, err error)

// lend runs a task on a connection of the pool.
func (c *Client) lend(ctx context.Context, op, path string, rep repeat, run task) error {
	return c.lendTo(ctx, op, path, rep, run, false)
}

// lendPatient is lend for who lets others go first.
func (c *Client) lendPatient(ctx context.Context, op, path string, rep repeat, run task) error {
	return c.lendTo(ctx, op, path, rep, run, true)
}

func (c *Client) lendTo(ctx context.Context, op, path string, rep repeat, run task, patient bool) error {
	if err := c.opts.charset.check(op, path); err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		cn, err := c.pool.acquire(ctx, need{fresh: attempt > 0, patient: patient})
		if err != nil {
			return about(err, op, path)
		}
		stop := cn.watch(ctx)
		cn.brief = false
		keep, err := run(ctx, cn, stop)
		if keep {
			return nil
		}
		stop()
		cn.brief = !patient
		again := attempt == 0 && cn.mayRepeat(rep, err)
		c.pool.release(cn)
		if !again {
			return about(err, op, path)
		}
	}
}

// lendSpare runs a task that nobody waits for on a connection that is to spare,
// once; the error is ErrNotAhead if there is none.
func (c *Client) lendSpare(ctx context.Context, op, path string, _ repeat, run task) error {
	if err := c.opts.charset.check(op, path); err != nil {
		return err
	}
	cn, err := c.pool.spare(ctx, false)
	if err != nil {
		return about(err, op, path)
	}
	stop := cn.watch(ctx)
	keep, err := run(ctx, cn, stop)
	if keep {
		return nil
	}
	stop()
	c.pool.release(cn)
	return about(err, op, path)
}

// mayRepeat tells whether a task that failed with err did not happen, or
// happens no differently a second time.
func (c *conn) mayRepeat(rep repeat, err error) bool {
	if errors.Is(err, errSessionExpired) || errors.Is(err, errNoStat) {
		return true
	}
	if (lostOwed(err) || errors.Is(err, errStray)) && rep == idempotent && c.interrupted() == nil {
		return true
	}
	if c.doubted == errLoggedOut && c.broken == nil && rep == idempotent {
		return isRefusal(err)
	}
	if !c.reused || c.broken == nil || !dropped(err) {
		return false
	}
	var e *Error
	unheard := errors.As(err, &e) && e.Code == 421 && c.heard == 0
	return rep == idempotent || unheard
}

// do runs an operation that is over when fn returns.
func (c *Client) do(ctx context.Context, op, path string, rep repeat, fn func(context.Context, *conn) error) error {
	return c.lend(ctx, op, path, rep, func(ctx context.Context, cn *conn, _ func()) (bool, error) {
		return false, fn(ctx, cn)
	})
}

// about completes an error with the path it is about.
func about(err error, op, path string) error {
	if err == nil {
		return nil
	}
	return named(err, path)
}

// named returns err with path set where it names none. Errors are shared
// between those who wait for one dial, so a copy is made.
func named(err error, path string) error {
	var e *Error
	if !errors.As(err, &e) || e.Path != "" {
		return err
	}
	n := *e
	n.Path = path
	return &n
}

// checkPath refuses what is not an absolute path or cannot be sent.
func checkPath(op, path string) error {
	if !strings.HasPrefix(path, "/") {
		return &Error{Op: op, Path: path, Kind: KindInvalidName, Err: errRelative}
	}
	if strings.ContainsAny(path, "\r\n\x00") {
		return &Error{Op: op, Path: path, Kind: KindInvalidName, Err: errUnsendable}
	}
	return nil
}

var (
	errRelative   = errors.New("not an absolute path")
	errUnsendable = errors.New("the name holds a CR, LF or NUL, which FTP cannot send")
)
