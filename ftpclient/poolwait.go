package ftpclient

import (
	"context"
	"time"
)

// wait stands in the queue.
func (p *pool) wait(ctx context.Context, w *waiter) grant {
	start := time.Now()
	timer := time.NewTimer(p.opts.WaitTimeout)
	defer timer.Stop()
	for {
		select {
		case g := <-w.got:
			return g
		case <-ctx.Done():
			return p.leave(w, &Error{Op: "wait", Kind: kindOfIO(ctx.Err()), Err: ctx.Err()})
		case <-timer.C:
			last := start
			if m := time.Unix(0, p.moved.Load()); m.After(last) {
				last = m
			}
			if left := p.opts.WaitTimeout - time.Since(last); left > 0 {
				timer.Reset(left)
				continue
			}
			return p.leave(w, &Error{Op: "wait", Kind: KindTimeout, Err: errNoneFree})
		}
	}
}

var errNoneFree = &protocolError{"no connection became free, and none of those in use made progress"}

// leave takes a waiter out of the queue; if it was granted something in the
// meantime, that goes to the next.
func (p *pool) leave(w *waiter, err error) grant {
	p.mu.Lock()
	if w.elem != nil {
		p.dequeue(w)
		p.mu.Unlock()
		return grant{err: err}
	}
	p.mu.Unlock()
	g := <-w.got
	switch {
	case g.err != nil:
		return g
	case g.download != nil:
		p.release(g.download.surrender())
	case g.conn != nil:
		p.release(g.conn)
	default:
		p.freeSlot()
	}
	return grant{err: err}
}

// serve hands g to the longest waiting, if there is one. mu is held.
func (p *pool) serve(g grant) bool {
	front := p.waiters.Front()
	if front == nil {
		return false
	}
	w := front.Value.(*waiter)
	p.dequeue(w)
	w.got <- g
	return true
}

// enqueue puts w where its turn is: first before all, else behind all, but before
// those at the end who are patient still. mu is held.
func (p *pool) enqueue(w *waiter, first bool) {
	last := p.waiters.Back()
	for !w.patient && last != nil {
		if o := last.Value.(*waiter); !o.patient || time.Since(o.since) >= patience {
			break
		}
		last = last.Prev()
	}
	switch {
	case first || last == nil:
		w.elem = p.waiters.PushFront(w)
	default:
		w.elem = p.waiters.InsertAfter(w, last)
	}
	if !w.patient {
		p.hasty++
	}
	p.signal()
}

// dequeue takes w out of the queue. mu is held.
func (p *pool) dequeue(w *waiter) {
	p.waiters.Remove(w.elem)
	w.elem = nil
	if !w.patient {
		p.hasty--
	}
	p.signal()
}

// yields tells whether a download is to end for one of those who wait: as many are
// told so as wait, and no more. A patient one counts when he has waited for a while,
// and for him a download has a longer turn.
func (p *pool) yields(d *Download) bool {
	if p.waiting.Load() == 0 {
		return false
	}
	held := time.Since(d.since)
	if held < d.share {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.yielding[d] {
		return true
	}
	waiting := p.hasty - p.fetching
	if held >= min(max(mostShare, turnShares*d.share), mostTurn) {
		waiting += p.ripe()
	}
	if waiting <= len(p.yielding) {
		return false
	}
	p.yielding[d] = true
	return true
}

// ripe is how many patient ones have waited for a while. mu is held.
func (p *pool) ripe() (n int) {
	for e := p.waiters.Front(); e != nil; e = e.Next() {
		if w := e.Value.(*waiter); w.patient && time.Since(w.since) >= mostShare {
			n++
		}
	}
	return n
}

// holds tells whether a connection is kept for who comes next, though patient ones
// wait: it was taken from a download for somebody who is likely to come again soon. mu
// is held.
func (p *pool) holds(c *conn) bool {
	return c.brief && p.waiters.Len() > 0 && p.hasty == 0 && len(p.idle) == 0 && p.ripe() == 0
}

// heldUntil is when an idle connection is given to one who is patient; else the zero
// time. mu is held.
func (p *pool) heldUntil() (t time.Time) {
	if len(p.idle) == 0 || p.waiters.Len() == 0 {
		return t
	}
	t = p.idle[0].idleAt.Add(heldFor)
	if u := p.waiters.Front().Value.(*waiter).since.Add(mostShare); u.Before(t) {
		t = u
	}
	return t
}

// yielded is told when a download that was told to end has done so, or rests. mu is
// held.
func (p *pool) yielded(d *Download) { delete(p.yielding, d) }

// signal tells who may give up a connection how many wait for one. mu is held.
func (p *pool) signal() { p.waiting.Store(int32(max(0, p.waiters.Len()-p.fetching))) }

// fetch dials for those who wait, beside the connections that there are: one of
// them may be free before.
func (p *pool) fetch() {
	c, err := p.open(p.life)
	p.mu.Lock()
	p.fetching--
	p.signal()
	p.mu.Unlock()
	if c != nil && err == nil {
		p.release(c)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.invite()
		p.arm()
	}
}
