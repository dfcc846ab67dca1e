package model

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// The directories in which everything happens, and what may be in each: names
// that only one of those who change things uses, and names that all use.
var (
	dirs    = []string{"d0", "d0/k0", "d0/k0/k1", "d1", "d1/k0", "d2"}
	ownName = [][]string{{"m0a", "m0b", "m0c"}, {"m1a", "m1b", "m1c"}}
	theirs  = [][]string{{"t0a", "t0b", "t0c"}, {"t1a", "t1b", "t1c"}}
	shared  = []string{"s0", "s1"}
	inside  = []string{"x", "y"} // of a directory that the other side made
)

// allNames are the names that may be in a directory.
func allNames() (names []string) {
	for _, n := range append(append([][]string{}, ownName...), theirs...) {
		names = append(names, n...)
	}
	return append(names, append([]string{"k0", "k1"}, shared...)...)
}

// world is one run: a server, a mount of it, and what is known of both.
type world struct {
	*findings
	server *ftptest.Server
	mount  string
	other  *ftpclient.Client // not through the mount
	h      *histories
	log    log
	lastID atomic.Int64
	ctx    context.Context // ends when no more is to be begun
	all    sync.WaitGroup

	sharedMu sync.Mutex // one change at a time of the names that all on one side use
}

func newWorld(f *findings, s *ftptest.Server) *world {
	w := &world{findings: f, server: s, h: newHistories()}
	for _, dir := range dirs {
		s.Mkdir(dir)
		w.h.add(dir, change{span: span{-time.Minute, -time.Minute}, val: value{kind: 'd'}, sure: true})
	}
	s.Mkdir("staging")
	other, err := ftpclient.New(ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Connections: 2})
	if err != nil {
		f.t.Fatal(err)
	}
	w.other = other
	f.t.Cleanup(func() {
		if err := other.Close(); err != nil {
			f.t.Error(err)
		}
	})
	return w
}

// timed runs do and returns when.
func (w *world) timed(do func() error) (span, error) {
	s := span{from: w.h.now()}
	err := do()
	s.to = w.h.now()
	return s, err
}

func (w *world) nextID() int { return int(w.lastID.Add(1)) }

func (w *world) on(path string) string { return filepath.Join(w.mount, path) }

// actor is one who does one thing after the other.
type actor struct {
	w   *world
	rng *rand.Rand
	has map[string]value // by path, of the names that are its own
}

// act has do done again and again, with pauses, until the world ends.
func (w *world) act(seed, number uint64, most time.Duration, do func(*actor)) {
	a := &actor{w: w, rng: rand.New(rand.NewPCG(seed, number)), has: map[string]value{}}
	w.all.Go(func() {
		for w.ctx.Err() == nil && !w.t.Failed() {
			do(a)
			select {
			case <-time.After(time.Duration(a.rng.Int64N(int64(most)))):
			case <-w.ctx.Done():
			}
		}
	})
}

func pick[T any](a *actor, of []T) T { return of[a.rng.IntN(len(of))] }

// absent recognises the errors of what is not there, or no longer what it was.
func absent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
