package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"ftpfs/test/ftptest"
)

// TestSilentSession has the one control connection there is fall silent in the middle of a
// read, without an end, as where a router forgets it: with its data connections, or
// alone. That is found out, and the read goes on over another.
func TestSilentSession(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel() // they wait
		c := sceneOn(s)
		c.connections, c.patience = 1, 2*silence // what was cut in time must not be late
		var cases sync.WaitGroup
		for _, whom := range []whom{everything, theControl} {
			for _, o := range ops[:2] {
				f := fault{how: bySilence, whom: whom, onData: true, n: 20_000}
				cases.Go(func() {
					if err := c.outlives(o, f); err != nil {
						t.Errorf("%s: %v: %v", o.name, f, err)
					}
				})
			}
		}
		cases.Wait()
	})
}

// outlives runs a read that a fault strikes, and must not fail.
func (c scene) outlives(o op, f fault) (err error) {
	m, err := c.mount()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	rng := rand.New(rand.NewPCG(7, 7))
	if err := m.do(ops[2], rng); err != nil {
		return fmt.Errorf("before the fault: %w", err)
	}
	struck := m.relay.set(&f)
	if err := m.do(o, rng); err != nil {
		return err
	}
	select {
	case <-struck:
		return nil
	default:
		return errors.New("not struck")
	}
}
