package ftpclient

import (
	"testing"
	"time"
)

// waits puts a waiter at the end of a pool's queue.
func waits(p *pool) *waiter {
	w := &waiter{got: make(chan grant, 1), since: time.Now()}
	p.enqueue(w, false)
	return w
}

// gotLeave tells whether a waiter has leave to dial, which it gives back.
func gotLeave(p *pool, w *waiter) bool {
	select {
	case g := <-w.got:
		if leave := g.conn == nil && g.download == nil && g.err == nil; !leave {
			return false
		}
		p.freeSlot()
		return true
	default:
		return false
	}
}

// Who comes at the very moment that another connection may be tried leaves it to
// who came before.
func TestNewcomersStandInTheQueue(t *testing.T) {
	p := newFake(t, nil).client(nil).pool
	inUse := new(conn)
	p.all[inUse] = true
	p.limit, p.growAt = 1, time.Now().Add(-time.Second)
	old := waits(p)
	_, w := p.claim(need{}, false)
	if w == nil {
		t.Fatal("a newcomer may dial while somebody waits")
	}
	if !gotLeave(p, old) {
		t.Error("who waited may not dial")
	}
	if !gotLeave(p, w) {
		t.Error("the next may not dial when the first does no more")
	}
	delete(p.all, inUse)
}

// A slot that is given up goes to who waits.
func TestSlotsAreHandedOn(t *testing.T) {
	p := newFake(t, nil).client(nil).pool
	p.limit, p.growAt = 1, time.Now().Add(time.Hour)
	p.dialing = 1
	w := waits(p)
	if p.freeSlot(); !gotLeave(p, w) {
		t.Error("nobody got the slot")
	}
	if p.dialing != 0 {
		t.Errorf("%d slots are left", p.dialing)
	}
}
