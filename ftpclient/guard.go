package ftpclient

import (
	"context"
	"sync"
	"time"
)

// deadliner is a connection, or a listener.
type deadliner interface{ SetDeadline(time.Time) error }

// guard sets the deadlines of a control connection and the data connection
// that belongs to it, or the port that it is awaited at, and lets another goroutine end every wait on them at
// once. After an interrupt no deadline can be set any more. mu is held for
// system calls that do not block; it is a leaf in the lock order.
type guard struct {
	mu    sync.Mutex
	conns [2]deadliner // control, data; guarded by mu
	cause error        // why it was interrupted; guarded by mu
}

const (
	guardControl = iota
	guardData
)

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// set puts a connection under the guard, nil takes it out.
func (g *guard) set(i int, c deadliner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[i] = c
	if c != nil && g.cause != nil {
		c.SetDeadline(past)
	}
}

// deadline gives reads and writes of c until d from now; 0 means for ever.
func (g *guard) deadline(c deadliner, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.cause != nil:
		c.SetDeadline(past)
	case d == 0:
		c.SetDeadline(time.Time{})
	default:
		c.SetDeadline(time.Now().Add(d))
	}
}

// interrupt ends every wait; the first cause stays.
func (g *guard) interrupt(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cause == nil {
		g.cause = cause
	}
	for _, c := range g.conns {
		if c != nil {
			c.SetDeadline(past)
		}
	}
}

// interrupted returns the cause of an interrupt, or nil.
func (g *guard) interrupted() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cause
}

// watch interrupts when ctx ends. stop ends the watch; after it the guard is
// interrupted or never will be by ctx.
func (g *guard) watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	ran := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		g.interrupt(ctx.Err())
		close(ran)
	})
	return func() {
		if !cancel() {
			<-ran
		}
	}
}
