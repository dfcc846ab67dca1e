package model

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

var (
	duration = flag.Duration("duration", 0, "how long each run is (default 20s, with -short 5s)")
	seedFlag = flag.Uint64("seed", 0, "of what is done; 0: another each time")
	servers  = flag.String("servers", "vsftpd,proftpd", "kinds of servers, separated by commas")
	ttls     = flag.String("ttls", "1s,0s", "values of --attr-timeout, separated by commas")
)

// TestMain makes calls for a test if this process was started for that.
func TestMain(m *testing.M) {
	if os.Getenv(workerEnv) != "" {
		os.Exit(work())
	}
	ftptest.Main(m)
}

// TestCoherence: what is seen in a mount is what package model says that may be.
func TestCoherence(t *testing.T) {
	mountable(t)
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	program := built(t)
	t.Run("on", func(t *testing.T) {
		for _, kind := range strings.Split(*servers, ",") {
			for _, ttl := range strings.Split(*ttls, ",") {
				d, err := time.ParseDuration(ttl)
				if err != nil {
					t.Fatal(err)
				}
				t.Run(kind+" "+ttl, func(t *testing.T) {
					t.Parallel()
					again := fmt.Sprintf("-servers %s -ttls %s -seed %d", kind, ttl, seed)
					t.Log(again)
					f := newFindings(t, again)
					run(f, ftptest.Start(t, kind), program, d, seed)
				})
			}
		}
	})
}

// length is how long a run is.
func length() time.Duration {
	switch {
	case *duration > 0:
		return *duration
	case testing.Short():
		return 5 * time.Second
	}
	return 20 * time.Second
}

// run lets everybody work for a time, and judges what was seen.
func run(f *findings, s *ftptest.Server, program string, ttl time.Duration, seed uint64) {
	w := newWorld(f, s)
	if err := w.connect(patience); err != nil {
		f.t.Fatal(err)
	}
	r := newRelay(f.t, s.Addr(), s.Root, seed, w.h.now)
	w.mount = mounted(f, program, through(s, r), ttl)
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithTimeout(f.t.Context(), length())
	defer cancel()
	w.everybody(seed)
	w.all.Wait()

	r.mu.Lock()
	defer r.mu.Unlock()
	j := judge{h: w.h, listings: r.listings, names: allNames(), ttl: ttl, log: &w.log}
	for _, wrong := range j.verdicts(5) {
		w.wrongf("%s", wrong)
	}
	w.tell(r)
}

// everybody begins to work.
func (w *world) everybody(seed uint64) {
	for i, names := range ownName {
		w.act(seed, uint64(i), 60*time.Millisecond, func(a *actor) { a.own(names) })
	}
	for i, names := range theirs {
		w.act(seed, uint64(10+i), 60*time.Millisecond, func(a *actor) { a.their(names) })
	}
	for i := range 3 {
		w.act(seed, uint64(20+i), 20*time.Millisecond, (*actor).look)
	}
	w.act(seed, 30, 300*time.Millisecond, (*actor).walk)
}

// through is the URL of the server behind the relay.
func through(s *ftptest.Server, r *relay) string {
	return at(s, r.listen.Addr())
}

// at is the URL of the server at another address.
func at(s *ftptest.Server, addr net.Addr) string {
	u := url.URL{Scheme: "ftp", Host: addr.String(), User: url.UserPassword(s.User, s.Password), Path: "/"}
	return u.String()
}

// tell says what there was to judge; a run in which nothing happened is no test.
func (w *world) tell(r *relay) {
	what := map[string]int{}
	for _, s := range w.log.all {
		what[s.what]++
		if s.what == "read" && s.val.kind == 'f' {
			what["contents"]++
		}
	}
	own, theirs, remote := 0, 0, 0
	for _, all := range w.h.of {
		for _, c := range all {
			switch {
			case c.own:
				own++
			case c.from >= 0:
				theirs++
			}
		}
	}
	for _, l := range r.listings {
		remote += len(l)
	}
	said := fmt.Sprintf("seen: %d listings, %d stats, %d reads (%d of a file); changes: %d own, %d theirs; the server listed %d times",
		what["list"], what["stat"], what["read"], what["contents"], own, theirs, remote)
	w.t.Log(said)
	if min(what["list"], what["stat"], what["read"], own, theirs, remote) == 0 {
		w.wrongf("too little was done to be judged: %s", said)
	}
}
