package ftpclient

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ListAhead lists directories that somebody is likely to ask for soon. It uses
// one connection that nobody waits for, and leaves another for who comes;
// where the server lists by STAT, many directories are under way at once.
//
// next returns the directory to be listed next, false if there is none for now;
// it is asked again after each call of got, which has the result of one
// directory: a listing as List returns it, or ErrNotAhead where it is better to
// call List when it is needed, or why the connection failed. Both are called on
// the goroutine of the caller and must not call the Client.
//
// ListAhead returns when next has no more and all is told, when somebody waits
// for a connection, or when ctx ends, which costs the connection if something
// was under way. It returns ErrNotAhead if no connection is to spare.
func (c *Client) ListAhead(ctx context.Context, next func() (dir string, ok bool), got func(dir string, l *Listing, err error)) error {
	cn, err := c.pool.spare(ctx, false)
	if err != nil {
		return err
	}
	stop := cn.watch(ctx)
	defer func() {
		stop()
		c.pool.release(cn)
	}()
	want := func() (string, bool) {
		for c.pool.waiting.Load() == 0 && ctx.Err() == nil {
			dir, ok := next()
			if !ok || checkPath("LIST", dir) == nil && cn.sendable(command{"CWD", dir}) {
				return dir, ok
			}
			got(dir, nil, ErrNotAhead)
		}
		return "", false
	}
	for {
		if f := c.srv.snapshot(); f.Pipelining == Yes && f.StatList == Yes {
			return cn.statAhead(want, got)
		}
		dir, ok := want()
		if !ok {
			return nil
		}
		if c.srv.isBulky(dir) {
			got(dir, nil, ErrNotAhead) // it would be held whole, and for long
			continue
		}
		l, err := cn.listWhole(ctx, dir, nil)
		if l != nil {
			c.opts.Trace.skipped(dir, l.Skipped)
		}
		got(dir, l, err)
		if cn.broken != nil {
			return err
		}
	}
}

// ErrNotAhead is the answer of ListAhead where something is not to be had
// ahead of need.
var ErrNotAhead = errors.New("not to be had ahead of need")

// statAhead lists by STAT what next wants.
func (c *conn) statAhead(next func() (string, bool), got func(string, *Listing, error)) error {
	p := pipeline{c: c, wait: c.opts.ReplyTimeout, window: window{octets: windowFirst, adapts: true}}
	flying := make(map[string]bool)
	more := func() bool {
		dir, ok := next()
		for ok && !c.srv.byStat(dir) {
			got(dir, nil, ErrNotAhead)
			dir, ok = next()
		}
		if !ok {
			return false
		}
		flying[dir] = true
		p.list(dir, true, nil, func(s *statListing) {
			delete(flying, dir)
			if s.l == nil {
				s.notByStat()
				got(dir, nil, ErrNotAhead)
				return
			}
			got(dir, s.l, nil)
		})
		return true
	}
	err := p.run(more)
	for dir := range flying {
		if c.interrupted() == nil && isKind(err, KindProtocol, KindTimeout) {
			c.srv.avoidStat(dir) // one of them is the reason
		}
		got(dir, nil, err)
	}
	return err
}

// spare returns a connection for work that nobody waits for, ErrNotAhead if
// there is none. It leaves an idle one, or room for one, unless brief tells that
// the work is so short that among several connections one is free soon.
func (p *pool) spare(ctx context.Context, brief bool) (*conn, error) {
	g, ok := p.claimSpare(brief)
	if !ok {
		return nil, ErrNotAhead
	}
	c, err := p.redeem(ctx, g, false)
	if c == nil && err == nil {
		err = ErrNotAhead
	}
	if c != nil {
		p.warm(0)
	}
	return c, err
}

// briefLeast is how many connections there are at least where brief work may
// have the last.
const briefLeast = 4

func (p *pool) claimSpare(brief bool) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := min(p.limit, p.opts.Connections)
	room := limit - len(p.all) - p.dialing
	last := brief && limit >= briefLeast
	switch {
	case p.closed || p.waiters.Len() > 0 || time.Now().Before(p.quietUntil):
	case len(p.idle) > 1 || len(p.idle) == 1 && (room > 0 || p.dialing > 0 || last):
		return grant{conn: p.takeIdle()}, true
	case room > 1 || room == 1 && last:
		p.dialing++
		return grant{}, true
	}
	return grant{}, false
}

// jumpers is how many connections serve a reader who jumps at his pace: a download
// that is broken off keeps its own for two round trips, and for another until that
// has its next data connection.
const jumpers = 4

// warm logs in others, in the background, where no connection is idle and at rest,
// or where there are fewer than so many, and the server is not known to allow no
// more: who comes next need not wait for it. It does nothing unless Options.KeepIdle
// is set.
func (p *pool) warm(least int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.opts.KeepIdle || p.closed || !p.loggedIn || time.Now().Before(p.quietUntil) {
		return
	}
	n := least - len(p.all) - p.dialing
	if p.dialing == 0 && !slices.ContainsFunc(p.idle, (*conn).atRest) {
		n = max(n, 1)
	}
	for n = min(n, p.limit-len(p.all)-p.dialing); n > 0; n-- {
		p.dialing++
		go func() {
			c, err := p.open(p.life)
			if c != nil && err == nil {
				p.release(c)
			}
		}()
	}
}
