package ftpclient

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Times of the pool that no option sets.
const (
	downFirst   = time.Second // how long a failed dial answers for those after it,
	downMost    = 8 * time.Second
	refusedFor  = 30 * time.Second // and a refused login
	growFirst   = 60 * time.Second // when a learned limit is tried again
	growMost    = 10 * time.Minute
	parkedFor   = 30 * time.Second       // a parked download is closed after it
	fairShare   = 100 * time.Millisecond // a download has its connection for it,
	shareCosts  = 8                      // and for this many times what its beginning took,
	mostShare   = 2 * time.Second        // but no longer than this, if somebody waits,
	turnShares  = 4                      // or for so many times its share, and mostShare, if all who wait are patient
	mostTurn    = 5 * time.Second
	patience    = 20 * time.Second       // for so long others get ahead of who is patient
	heldFor     = 500 * time.Millisecond // and a connection is kept for them after they had it
	fullBackoff = time.Second            // between logins while the server is full and we hold none
	firstFull   = 3 * time.Second        // for how long that is done before the first login
)

// pool lends control connections. There are never more than limit of them;
// who finds none waits his turn, first come, first served, but that who is patient
// lets the others go first, for a while.
//
// Lock order: pool.mu, then nothing: the locks of guard and server are leaves
// taken after it or without it. mu is never held across the network.
type pool struct {
	opts *Options
	srv  *server
	dial func(ctx context.Context, id int, touch func()) (*conn, error)

	life context.Context // ends with the client
	end  context.CancelFunc

	waiting atomic.Int32 // waiters for whom nobody dials, for Contended
	moved   atomic.Int64 // when an octet last moved on any connection, Unix ns

	mu       sync.Mutex
	closed   bool
	lastID   int
	all      map[*conn]bool     // logged in, lent or idle
	dialing  int                // slots that are not connections yet
	fetching int                // of them, those of fetch
	idle     []*conn            // the longest idle first
	waiters  list.List          // of *waiter, who is served next first
	hasty    int                // of them, those who are not patient
	yielding map[*Download]bool // told to end for one of them each
	parked   []*Download        // the longest parked first
	timer    *time.Timer        // runs sweep when something is to be done at a time

	limit    int // connections we may have now
	growAt   time.Time
	growWait time.Duration

	quietUntil time.Time // no further dial before; the connections there are do

	down      error // why the last dial failed, until downUntil
	downUntil time.Time
	downWait  time.Duration
	loggedIn  bool // a login succeeded once
}

// grant is what a waiter gets: a connection, the download to take one from,
// leave to dial (the zero value), or an error.
type grant struct {
	conn     *conn
	download *Download
	err      error
}

type waiter struct {
	got     chan grant // buffered, sent to once, after it left the list
	elem    *list.Element
	patient bool
	since   time.Time
}

func newPool(o *Options, srv *server) *pool {
	p := &pool{opts: o, srv: srv, all: make(map[*conn]bool), yielding: make(map[*Download]bool), limit: o.Connections}
	p.life, p.end = context.WithCancel(context.Background())
	p.dial = func(ctx context.Context, id int, touch func()) (*conn, error) {
		return connect(ctx, id, srv, o, touch)
	}
	return p
}

func (p *pool) touch() { p.moved.Store(time.Now().UnixNano()) }

// need says what connection is wanted, and how much.
type need struct {
	fresh   bool // one that was not used before
	patient bool // others may go first
}

// acquire returns a connection that nobody else uses; release ends the loan. A
// fresh one is for an operation that has lost its own: it does not queue a second
// time behind those who came later. It waits until one is free, ctx
// ends, or nothing has moved on any connection for WaitTimeout.
func (p *pool) acquire(ctx context.Context, n need) (*conn, error) {
	first := n.fresh // a place at the head of the queue, for who had a slot and lost it
	for {
		if err := ctx.Err(); err != nil {
			return nil, &Error{Op: "wait", Kind: kindOfIO(err), Err: err}
		}
		g, w := p.claim(n, first)
		if w != nil {
			g = p.wait(ctx, w)
		}
		if g.err != nil {
			return nil, g.err
		}
		c, err := p.redeem(ctx, g, n.fresh)
		if c != nil {
			p.warm(0)
		}
		if c != nil || err != nil {
			return c, err
		}
		first = true
	}
}

// claim takes what is free, or a place in the queue.
func (p *pool) claim(n need, first bool) (grant, *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return grant{err: closedError("wait")}, nil
	case len(p.idle) > 0 && !n.fresh && !(n.patient && p.waiters.Len() > 0):
		return grant{conn: p.takeIdle()}, nil
	case len(p.all) == 0 && time.Now().Before(p.downUntil):
		return grant{err: p.down}, nil
	case p.mayDial(first):
		p.dialing++
		if len(p.all) == 0 || n.fresh {
			return grant{}, nil
		}
		p.fetching++ // and take what is free before
		go p.fetch()
	case len(p.idle) > 0:
		c := p.idle[0]
		p.idle = p.idle[1:]
		return grant{conn: c}, nil
	case len(p.parked) > 0:
		return grant{download: p.takeParked()}, nil
	}
	w := &waiter{got: make(chan grant, 1), patient: n.patient, since: time.Now()}
	p.enqueue(w, first)
	p.invite()
	p.arm()
	return grant{}, w
}

// takeIdle takes the connection that is best used: one that is in step and has its
// data connection before one that has not, else the one least likely to be stale.
// mu is held.
func (p *pool) takeIdle() *conn {
	best := len(p.idle) - 1
	for i := best; i >= 0; i-- {
		if p.idle[i].prepared() > p.idle[best].prepared() {
			best = i
		}
	}
	c := p.idle[best]
	p.idle = slices.Delete(p.idle, best, best+1)
	return c
}

// invite gives leave to dial to those who wait longest, as far as there is any:
// who only just came does not get ahead of them. mu is held.
func (p *pool) invite() {
	for p.waiters.Len() > p.fetching && p.mayDial(true) {
		p.dialing++
		p.serve(grant{})
	}
}

// mayDial tells whether another connection is allowed to who is the first of
// those who wait; where a limit was learned, one is tried above it when its time
// has come. mu is held.
func (p *pool) mayDial(first bool) bool {
	if !first && p.waiters.Len() > 0 {
		return false
	}
	n := len(p.all) + p.dialing
	if len(p.all) > 0 && time.Now().Before(p.quietUntil) {
		return false
	}
	if n < p.limit {
		return true
	}
	// More than the limit are there while somebody tries one.
	return n == p.limit && n < p.opts.Connections && !time.Now().Before(p.growAt)
}

// redeem makes a connection of a grant. Both results nil: the server has no
// room for another, wait.
func (p *pool) redeem(ctx context.Context, g grant, fresh bool) (*conn, error) {
	c := g.conn
	if g.download != nil {
		c = g.download.surrender()
	}
	if c != nil {
		if !fresh && !c.stale() {
			return c, nil
		}
		p.replace(c)
	}
	return p.open(ctx)
}

// replace gives up a connection and keeps its slot for a dial.
func (p *pool) replace(c *conn) {
	p.mu.Lock()
	delete(p.all, c)
	p.dialing++
	p.mu.Unlock()
	c.close("no longer of use")
}

// release takes a connection back. The verdict is the connection's own:
// broken, or in step and of use to the next.
func (p *pool) release(c *conn) {
	if c.interrupted() != nil && c.broken == nil {
		c.broken = c.interrupted()
	}
	if c.broken == nil {
		c.broken = c.doubted
	}
	c.toBinary()
	if p.waiting.Load() == 0 && p.life.Err() == nil {
		c.prepare()
	}
	if c.broken != nil {
		c.close(c.broken.Error())
		p.mu.Lock()
		delete(p.all, c)
		p.dialing++
		p.mu.Unlock()
		p.freeSlot()
		return
	}
	c.deadline(c.ctl, 0)
	c.reused, c.heard = true, 0
	c.settleSoon()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		go c.quit("client closed")
		delete(p.all, c)
		return
	}
	if !p.holds(c) && p.serve(grant{conn: c}) {
		return
	}
	c.idleAt = time.Now()
	p.idle = append(p.idle, c)
	p.arm()
}

// freeSlot gives the leave to dial that one had to the next who waits.
func (p *pool) freeSlot() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing--
	if !p.closed {
		p.invite()
	}
}

// close ends everything; operations in flight fail with KindClosed.
func (p *pool) close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	p.end()
	if p.timer != nil {
		p.timer.Stop()
	}
	idle, parked := p.idle, p.parked
	p.idle, p.parked = nil, nil
	for _, d := range parked {
		d.taken = true
	}
	for p.serve(grant{err: closedError("wait")}) {
	}
	for _, c := range idle {
		delete(p.all, c)
	}
	for c := range p.all {
		c.interrupt(errClientClosed)
	}
	p.mu.Unlock()

	var wg sync.WaitGroup
	for _, c := range idle {
		wg.Go(func() { c.quit("client closed") })
	}
	for _, d := range parked {
		wg.Go(func() { p.release(d.surrender()) })
	}
	wg.Wait()
}

func closedError(op string) error {
	return &Error{Op: op, Kind: KindClosed, Err: errClientClosed}
}
