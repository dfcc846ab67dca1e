package faults

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"sync"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "of the octets at which faults strike; 0: another each time")
	timesFlag = flag.Int("times", 0, "how often each fault is tried; 0: a part of them once, or 200 times with FTPFS_TEST_FAULTS=all")
)

// seed returns the seed, and prints it.
func seed(t *testing.T) uint64 {
	s := *seedFlag
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("again: go test ./test/faults -run '%s' -args -seed %d", t.Name(), s)
	return s
}

// times is how often each fault is tried, at other octets each time, and part of
// how many faults one is.
func times() int {
	switch {
	case *timesFlag > 0:
		return *timesFlag
	case allFaults():
		return 200
	}
	return 1
}

func part() int {
	switch {
	case allFaults():
		return 1
	case testing.Short():
		return 12
	}
	return 6
}

func allFaults() bool { return *timesFlag > 0 || os.Getenv("FTPFS_TEST_FAULTS") == "all" }

// How many cases run at the same time: most of them wait, but TLS is work.
const (
	atOnce    = 12
	atOnceTLS = 4
)

// kinds are the faults, without their octets.
func kinds() (all []fault) {
	for _, h := range []how{byReset, byFIN, bySilence} {
		all = append(all,
			fault{how: h, whom: theData, onData: true},
			fault{how: h, whom: theData, onData: true, always: true},
			fault{how: h, whom: theControl},
			fault{how: h, whom: theControl, onData: true}, // while data goes on
			fault{how: h, whom: everything, onData: true})
	}
	return append(all, fault{how: byReset, whom: everything, onData: true, down: 300 * time.Millisecond},
		fault{how: byFIN, whom: everything, down: 2 * time.Second})
}

// at chooses the octet.
func (f fault) at(rng *rand.Rand, o op) fault {
	most := int64(largeSize)
	switch {
	case o.name == "list":
		most = listed * 60
	case f.onData && o.name == "read at random":
		most = 200_000
	case !f.onData:
		most = 600
	}
	if f.n = rng.Int64N(most); rng.IntN(8) == 0 {
		f.n = rng.Int64N(2)
	}
	return f
}

// TestFaults tries each fault at random octets, on each server, in the clear and
// over TLS.
func TestFaults(t *testing.T) {
	first := seed(t)
	for _, tls := range []ftptest.TLSMode{ftptest.NoTLS, ftptest.Explicit} {
		var opts []ftptest.Option
		if tls != ftptest.NoTLS {
			opts = append(opts, ftptest.TLS(tls))
		}
		ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
			suite(t, sceneOn(s), rand.New(rand.NewPCG(first, 1)))
		}, opts...)
	}
}

// suite tries all kinds of faults with all operations.
func suite(t *testing.T, c scene, rng *rand.Rand) {
	var cases sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	if c.tls {
		slots = make(chan struct{}, atOnceTLS)
	}
	start := rng.Uint32N(100)
	var mu sync.Mutex
	tally := map[string]int{}
	for range times() {
		for i, k := range kinds() {
			for j, o := range ops {
				if part := part(); part > 1 && (i+j+int(start))%part != 0 {
					continue
				}
				f, own := k.at(rng, o), rand.New(rand.NewPCG(rng.Uint64(), 2))
				slots <- struct{}{}
				cases.Go(func() {
					defer func() { <-slots }()
					outcome, err := c.suffer(o, f, own)
					mu.Lock()
					tally[outcome]++
					mu.Unlock()
					if err != nil {
						t.Errorf("%s: %v: %v", o.name, f, err)
					}
				})
			}
		}
	}
	cases.Wait()
	t.Log(tally)
	if allFaults() && (tally["done"] == 0 || tally["failed"] == 0) {
		t.Error("no fault made anything fail, or nothing went well")
	}
}

// suffer runs an operation under a fault.
func (c scene) suffer(o op, f fault, rng *rand.Rand) (outcome string, err error) {
	m, err := c.mount()
	if err != nil {
		return "WRONG", err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.do(ops[2], rng); err != nil { // it has connections, and knows its server
		return "WRONG", fmt.Errorf("before the fault: %w", err)
	}
	struck := m.relay.set(&f)
	said := m.do(o, rng)
	outcome = c.judge(o, f, said)
	select {
	case <-struck:
	default:
		outcome = "not struck"
	}
	if outcome == "WRONG" {
		return outcome, said
	}
	if err := c.resumed(m, o, f, outcome); err != nil {
		return "WRONG", err
	}
	m.relay.set(nil)
	return outcome, m.recovers(rng)
}

// judge is the outcome; WRONG is what must not be.
func (c scene) judge(o op, f fault, said error) string {
	untold := o.name == "list" && !c.tls && f.how == byFIN && f.onData // a list has no length
	switch {
	case said == nil:
		return "done"
	case errors.Is(said, errWrong) && untold:
		return "beyond telling"
	case errors.Is(said, errWrong), errors.Is(said, errHang):
		return "WRONG"
	case o.name != "list" && f.passes():
		return "WRONG"
	}
	return "failed"
}

// passes tells whether a fault in a download is one of which the reader hears
// nothing, for it goes on. Where all control connections have fallen silent, and
// where nobody listens, there are only so many tries.
func (f fault) passes() bool {
	return !f.always && f.down == 0 && (f.whom == theData || f.how != bySilence)
}

// resumed: a download that was cut went on from where it was.
func (c scene) resumed(m *mounted, o op, f fault, outcome string) error {
	_, _, octets := m.relay.count()
	if outcome != "done" || o.name != "read in order" || f.whom != theData || f.how != byFIN || f.always || c.tls || c.noRest {
		return nil // elsewhere octets are lost on the way, or TLS adds some
	}
	if octets != largeSize {
		return fmt.Errorf("%d octets came for a file of %d that was cut at %d", octets, largeSize, f.n)
	}
	return nil
}

// pathIn is a server path.
func (c scene) pathIn(name string) string { return path.Join(c.root, name) }
