package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"ftpfs/test/ftptest"
)

// TestRestarts restarts each server when some octets have come.
func TestRestarts(t *testing.T) {
	first := seed(t)
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		rng := rand.New(rand.NewPCG(first, 5))
		c := sceneOn(s)
		tally := map[string]int{}
		for range times() {
			for _, o := range ops {
				onData := o.name != "list"
				f := fault{how: byReset, whom: nothing, onData: onData}.at(rng, o)
				outcome, err := c.restart(s, o, f, rand.New(rand.NewPCG(rng.Uint64(), 6)))
				if tally[outcome]++; err != nil {
					t.Errorf("%s: restart at octet %d: %v", o.name, f.n, err)
				}
			}
		}
		t.Log(tally)
	})
}

// restart runs an operation, and restarts the server when the fault's octet comes,
// if it does.
func (c scene) restart(s *ftptest.Server, o op, f fault, rng *rand.Rand) (outcome string, err error) {
	m, err := c.mount()
	if err != nil {
		return "WRONG", err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.do(ops[2], rng); err != nil {
		return "WRONG", fmt.Errorf("before the restart: %w", err)
	}
	struck, done := m.relay.set(&f), make(chan error, 1)
	go func() { done <- m.do(o, rng) }()
	var said error
	outcome = "not struck"
	select {
	case said = <-done:
	case <-struck:
		s.Restart()
		outcome = "done"
		said = <-done
	}
	if errors.Is(said, errWrong) || errors.Is(said, errHang) {
		return "WRONG", said
	}
	if said != nil {
		outcome = "failed"
	}
	return outcome, m.recovers(rng)
}
