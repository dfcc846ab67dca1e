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
		p.waiters.Remove(w.elem)
		w.elem = nil
		p.signal()
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
	w := p.waiters.Remove(front).(*waiter)
	w.elem = nil
	p.signal()
	w.got <- g
	return true
}

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
