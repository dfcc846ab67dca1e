package model

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

var only = flag.String("only", "", "kinds of servers for TestTree and TestFile, separated by commas; empty: all")

// stepsEnv is how many steps each run has, in place of a few.
const stepsEnv = "FTPFS_TEST_MODEL_STEPS"

// TestTree runs random programs in a mount and on a plain tree in memory, which
// must not differ in anything that they tell. Several processes make the calls, in
// an order that the seed decides; several such programs run at a time in one
// mount. With another client on the server, nothing is believed for longer than it
// takes (--attr-timeout 0).
func TestTree(t *testing.T) {
	eachServer(t, func(t *testing.T, s *ftptest.Server, exe string, seed uint64) {
		links := s.Name == ftptest.Bundled // ProFTPD makes none that dangle
		run := func(name string, p *program, many, short int) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runPrograms(t, s, exe, p, seed, many, short)
			})
		}
		run("alone", treeProgram(links), 2, 250)
		p := treeProgram(links)
		p.weights["theirs"], p.ttl = 20, 0
		run("with another client", p, 2, 150)
		p = treeProgram(links).without("chmod", "times", "allocate")
		p.breaks, p.ttl = true, time.Duration(seed%2)*10*time.Second
		run("while connections break", p, 1, 150)
		p = treeProgram(links)
		p.mount = []string{"--write-back"}
		run("with write-back", p, 1, 150)
		run("in few places", crowdedProgram(), 1, 250)
	})
}

// TestFile hammers one file with reads, writes, truncations, mappings, openings
// and closings by two processes.
func TestFile(t *testing.T) {
	eachServer(t, func(t *testing.T, s *ftptest.Server, exe string, seed uint64) {
		t.Parallel()
		runPrograms(t, s, exe, fileProgram(), seed, 1, 400)
	})
}

// eachServer runs f for each kind of server.
func eachServer(t *testing.T, f func(t *testing.T, s *ftptest.Server, exe string, seed uint64)) {
	mountable(t)
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	program := built(t)
	t.Run("on", func(t *testing.T) {
		for _, kind := range ftptest.Names() {
			if *only != "" && !strings.Contains(*only, kind) {
				continue
			}
			t.Run(kind, func(t *testing.T) { f(t, ftptest.Start(t, kind), program, seed) })
		}
	})
}

// runPrograms runs several programs at a time, each in a directory of its own, of
// which the first steps of those that went wrong are told.
func runPrograms(t *testing.T, s *ftptest.Server, exe string, p *program, seed uint64, many, short int) {
	f := newFindings(t, fmt.Sprintf("-only %s -seed %d", s.Name, seed))
	url := s.URL()
	var breaks *breaker
	if p.breaks {
		breaks = newBreaker(t, s.Addr(), seed)
		breaks.wholeLines = s.Name == ftptest.ProFTPD
		url = at(s, breaks.listen.Addr())
	}
	mount := mounted(f, exe, url, p.ttl, p.mount...)
	if breaks != nil {
		t.Cleanup(func() { breaks.rest(true) }) // what failed is uploaded when it is unmounted
	}
	n := short
	if long, err := strconv.Atoi(os.Getenv(stepsEnv)); err == nil {
		n = long
	}
	for i := range many {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			sc := newScene(t, f, s, mount, strings.ReplaceAll(t.Name(), "/", "-"), p.procs)
			sc.breaks, sc.ttl = breaks, p.ttl
			sc.runProgram(p, seed+uint64(i), n)
			if breaks != nil {
				t.Logf("%d connections were cut; failed: %s", breaks.counted(), sometimes(sc.failures))
			}
		})
	}
}

// batch is how many steps are made in one directory.
const batch = 2000

func (sc *scene) runProgram(p *program, seed uint64, n int) {
	for from := 0; from < n; from += batch {
		steps := p.steps(seed+uint64(from), min(batch, n-from))
		at, why := sc.run(steps)
		if at < 0 {
			continue
		}
		sc.t.Fail()
		sc.found.wrongf("%s: step %d of batch %d: %s", sc.t.Name(), at, from/batch, why)
		if sc.breaks != nil { // they will not do so again in the same way
			sc.tell(steps[max(0, at-30) : at+1])
		} else {
			sc.shrink(steps[:at+1])
		}
		return
	}
}

// shrink leaves out what is not needed for a difference, and tells what remains.
func (sc *scene) shrink(steps []step) {
	deadline := time.Now().Add(time.Minute)
	failed := func(try []step) bool {
		at, _ := sc.run(try)
		return at >= 0
	}
	if !failed(steps) {
		sc.found.note("the same steps do not differ again")
		return
	}
	for size := len(steps) / 2; size > 0; size = min(size/2, len(steps)/2) {
		for from := 0; from+size <= len(steps) && time.Now().Before(deadline); {
			try := append(append([]step{}, steps[:from]...), steps[from+size:]...)
			if failed(try) {
				steps = try
			} else {
				from += size
			}
		}
	}
	at, why := sc.run(steps)
	sc.found.note(fmt.Sprintf("%d steps are enough; step %d: %s", len(steps), at, why))
	sc.tell(steps)
}

func (sc *scene) tell(steps []step) {
	for _, s := range steps {
		sc.found.note("    " + s.String())
	}
}
