package ftpclient

import (
	"context"
	"fmt"
	"time"
)

// open uses a slot to dial and log in. Both results nil: the slot is gone, the
// server allows no more than the connections there are; wait for one of them.
func (p *pool) open(ctx context.Context) (*conn, error) {
	wait, until := fullBackoff, time.Now().Add(p.opts.WaitTimeout)
	for {
		c, err := p.dialOne(ctx)
		if err == nil {
			return p.opened(c)
		}
		if ctx.Err() != nil || isKind(err, KindClosed, KindCanceled, KindInvalidName) {
			p.freeSlot()
			return nil, err
		}
		again, err := p.notOpened(err, until)
		if !again {
			return nil, err
		}
		if err := p.pause(ctx, wait); err != nil {
			p.freeSlot()
			return nil, err
		}
		wait = min(2*wait, downMost)
	}
}

// dialOne dials, with an end when the client closes.
func (p *pool) dialOne(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	p.lastID++
	id := p.lastID
	p.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.life, func() { cancel(errClientClosed) })()
	c, err := p.dial(ctx, id, p.touch)
	if p.life.Err() != nil {
		if err == nil {
			c.close("client closed")
		}
		return nil, closedError("dial")
	}
	return c, err
}

// opened notes a success.
func (p *pool) opened(c *conn) (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing--
	if p.closed {
		go c.quit("client closed")
		return nil, closedError("dial")
	}
	p.all[c] = true
	p.down, p.downWait, p.downUntil = nil, 0, time.Time{}
	p.loggedIn = true
	c.act.since = time.Now()
	p.srv.tally.up()
	if len(p.all) > p.limit {
		p.limit, p.growWait = len(p.all), 0
		p.growAt = time.Now().Add(growFirst)
		if p.limit == p.opts.Connections {
			p.srv.limited(0, "")
		} else {
			p.srv.limited(p.limit, fmt.Sprintf("%d are there", p.limit))
		}
	}
	return c, nil
}

// notOpened notes a failure and decides what the one who dialed does: dial
// again with the slot it has, wait for one of the connections there are (err
// nil), or give up.
func (p *pool) notOpened(err error, until time.Time) (again bool, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	others := len(p.all)
	full := isKind(err, KindTooMany)
	if !p.loggedIn {
		until = until.Add(firstFull - p.opts.WaitTimeout)
	}
	if full && others == 0 && p.dialing == 1 && time.Now().Before(until) {
		p.shrink(err, 1)
		return true, nil
	}
	p.dialing--
	p.srv.tally.failed(err, others == 0 && !(full && p.dialing > 0))
	if others > 0 || full && p.dialing > 0 {
		p.shrink(err, max(1, others))
		return false, nil
	}
	p.failed(err)
	return false, err
}

// shrink keeps to the connections that exist and says when to try another.
// A refusal to log in, or silence, is the same limit in other words where
// others are logged in with the same password. mu is held.
func (p *pool) shrink(err error, n int) {
	if !isKind(err, KindTooMany, KindLogin) {
		p.quietUntil = time.Now().Add(downMost)
		return
	}
	p.limit = n
	if p.growWait == 0 || time.Now().After(p.growAt) { // those who dialed at the same time do not count
		p.growWait = min(max(2*p.growWait, growFirst), growMost)
	}
	p.growAt = time.Now().Add(p.growWait)
	p.srv.limited(n, said(err))
	p.srv.trace.learned("limit of connections: " + err.Error())
}

// failed remembers why there is no connection, and tells all who wait. mu is
// held.
func (p *pool) failed(err error) {
	if !time.Now().Before(p.downUntil) { // others that dialed at the same time do not count
		p.downWait = min(max(2*p.downWait, downFirst), downMost)
	}
	wait := p.downWait
	if isKind(err, KindLogin) {
		wait = 0
		if p.loggedIn {
			wait = refusedFor
		}
	}
	p.down, p.downUntil = err, time.Now().Add(wait)
	for p.serve(grant{err: err}) {
	}
}

// arm starts the timer that looks for what was idle or parked too long, and for
// those who wait while another connection may be tried. mu is held.
func (p *pool) arm() {
	next := p.nextSweep()
	switch {
	case p.closed || next.IsZero():
	case p.timer == nil:
		p.timer = time.AfterFunc(time.Until(next), p.sweep)
	default:
		p.timer.Reset(time.Until(next))
	}
}

// nextSweep is when something will have been idle or parked too long, or another
// connection may be tried for who waits.
func (p *pool) nextSweep() (t time.Time) {
	if len(p.idle) > 0 {
		t = p.idle[0].idleAt.Add(p.opts.IdleTimeout)
	}
	if u := p.heldUntil(); !u.IsZero() && (t.IsZero() || u.Before(t)) {
		t = u
	}
	if len(p.parked) > 0 {
		if u := p.parked[0].parkedAt.Add(parkedFor); t.IsZero() || u.Before(t) {
			t = u
		}
	}
	if u := p.nextDial(); !u.IsZero() && (t.IsZero() || u.Before(t)) {
		t = u
	}
	return t
}

// nextDial is when those who wait may dial, if it is not what others do that
// decides it; else the zero time.
func (p *pool) nextDial() time.Time {
	n := len(p.all) + p.dialing
	switch {
	case p.waiters.Len() == 0 || n >= p.opts.Connections:
		return time.Time{}
	case n < p.limit:
		return p.quietUntil
	case n > p.limit:
		return time.Time{}
	case p.growAt.Before(p.quietUntil):
		return p.quietUntil
	}
	return p.growAt
}

// sweep closes what was idle or parked too long, and lets who waits dial.
func (p *pool) sweep() {
	p.mu.Lock()
	now := time.Now()
	if !p.closed {
		p.invite()
	}
	for u := p.heldUntil(); !u.IsZero() && !now.Before(u); u = p.heldUntil() {
		p.serve(grant{conn: p.takeIdle()})
	}
	var quit []*conn
	for len(p.idle) > 0 && now.Sub(p.idle[0].idleAt) >= p.opts.IdleTimeout {
		quit = append(quit, p.idle[0])
		delete(p.all, p.idle[0])
		p.idle = p.idle[1:]
	}
	var ended []*Download
	for len(p.parked) > 0 && now.Sub(p.parked[0].parkedAt) >= parkedFor {
		ended = append(ended, p.takeParked())
	}
	p.arm()
	p.mu.Unlock()
	for _, c := range quit {
		c.quit("idle")
	}
	for _, d := range ended {
		p.release(d.surrender())
	}
}

// pause waits for d, or until ctx ends or the client closes.
func (p *pool) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.life.Done():
		return closedError("wait")
	case <-ctx.Done():
		return &Error{Op: "wait", Kind: kindOfIO(ctx.Err()), Err: ctx.Err()}
	}
}
