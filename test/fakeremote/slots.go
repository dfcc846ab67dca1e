package fakeremote

import (
	"context"
	"slices"
)

// slots are the connections of the server. They are guarded by Tree.mu.
type slots struct {
	limit   int
	used    int
	waiting int
	parked  []*stream
	freed   chan struct{} // closed and replaced when a slot may have become free
}

func newSlots() slots { return slots{freed: make(chan struct{})} }

// take waits for a connection. A parked stream gives up its own.
func (t *Tree) take(ctx context.Context, op, path string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		s := &t.slots
		if s.limit > 0 && s.used >= s.limit && len(s.parked) > 0 {
			s.parked[0].drop()
		}
		if s.limit == 0 || s.used < s.limit {
			s.used++
			return nil
		}
		s.waiting++
		freed := s.freed
		t.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		t.mu.Lock()
		s.waiting--
		if ctx.Err() != nil {
			return canceled(ctx, op, path)
		}
	}
}

// spare tells whether there is a connection that nobody waits for, and another.
func (t *Tree) spare() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.slots
	return s.limit == 0 || s.waiting == 0 && s.used+1 < s.limit
}

// give returns a connection; mu is held.
func (t *Tree) give() {
	t.slots.used--
	t.wake()
}

// wake lets those who wait for a connection look again; mu is held.
func (t *Tree) wake() {
	close(t.slots.freed)
	t.slots.freed = make(chan struct{})
}

// release is give for those who do not hold mu.
func (t *Tree) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.give()
}

// unpark forgets a stream that rests; mu is held.
func (t *Tree) unpark(s *stream) bool {
	i := slices.Index(t.slots.parked, s)
	if i < 0 {
		return false
	}
	t.slots.parked = slices.Delete(t.slots.parked, i, i+1)
	return true
}

// Connections returns how many connections are in use.
func (t *Tree) Connections() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.slots.used
}

// DropParked closes all downloads that rest, as a server that times out.
func (t *Tree) DropParked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.slots.parked) > 0 {
		t.slots.parked[0].drop()
	}
}
