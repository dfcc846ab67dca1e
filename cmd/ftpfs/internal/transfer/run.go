package transfer

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ftpfs/ftpclient"
)

const (
	tries     = 3           // for a file whose connection is lost
	pause     = time.Second // before the second, twice as long before the third
	mostLost  = 12          // files in a row after which the connection is given up
	reserve   = 2           // connections that a walk keeps from the files,
	leastFree = 2           // as long as so many are left to them
)

// run is one transfer under way. mu is not held while anything is waited for but
// changed.
type run struct {
	o   Options
	src source
	dst sink

	pace *rate.Limiter

	// listsFirst tells that walking takes connections of the sender.
	listsFirst bool

	mu      sync.Mutex
	changed sync.Cond
	queue   []item
	walking bool
	dirs    map[string]*made
	lost    int // files in a row that failed since the connection was lost
	result  Result
	making  chan struct{} // places for those who make directories
}

// made is a directory of the receiver, there when done is closed and err is nil.
type made struct {
	done chan struct{}
	err  error
}

// do moves the tops. It returns when nothing more is to be done, or ctx has ended.
func do(ctx context.Context, src source, dst sink, tops []item, listsFirst bool, o Options) Result {
	r := &run{o: o, src: src, dst: dst, listsFirst: listsFirst, walking: true, dirs: map[string]*made{},
		making: make(chan struct{}, o.Parallel), pace: limiter(o.Rate)}
	r.changed.L = &r.mu
	stop := context.AfterFunc(ctx, r.wake)
	defer stop()
	var all sync.WaitGroup
	for i := range o.Parallel {
		all.Go(func() { r.work(ctx, i) })
	}
	for _, top := range tops {
		switch {
		case top.from == "": // where several go
			r.mu.Lock()
			r.makeDir(ctx, top.rel)
			r.mu.Unlock()
		case top.entry.Type == ftpclient.TypeDir:
			r.found(ctx, top)
			r.walk(ctx, top)
		default:
			r.found(ctx, top)
		}
	}
	r.mu.Lock()
	r.walking = false
	r.mu.Unlock()
	r.wake()
	all.Wait()
	for _, d := range r.dirs {
		<-d.done
	}
	r.result.Interrupted = ctx.Err() != nil
	slices.SortFunc(r.result.Failures, func(a, b Failure) int { return cmp.Compare(a.Path, b.Path) })
	slices.Sort(r.result.Parts)
	return r.result
}

func (r *run) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed.Broadcast()
}

func (r *run) walk(ctx context.Context, top item) {
	if !r.o.Recursive {
		r.fail(ctx, r.src.name(top), ErrIsDir)
		return
	}
	r.src.walk(ctx, top, func(it item) { r.found(ctx, it) }, func(p string, err error) { r.fail(ctx, p, err) })
}

// found takes what is to be moved.
func (r *run) found(ctx context.Context, it item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if it.entry.Type == ftpclient.TypeDir {
		if r.o.Recursive {
			r.makeDir(ctx, it.rel)
		}
		return
	}
	r.queue = append(r.queue, it)
	r.o.Report.Found(1, max(0, it.entry.Size))
	r.changed.Broadcast()
}

// makeDir begins to make a directory. mu is held.
func (r *run) makeDir(ctx context.Context, rel string) {
	if r.dirs[rel] != nil {
		return
	}
	d := &made{done: make(chan struct{})}
	above := r.dirs[path.Dir(rel)]
	if rel == "." {
		above = nil
	}
	r.dirs[rel] = d
	go func() {
		defer close(d.done)
		if above != nil {
			if <-above.done; above.err != nil {
				d.err = errNoDir
				return
			}
		}
		r.making <- struct{}{}
		d.err = r.dst.dir(ctx, rel)
		<-r.making
		if d.err != nil {
			r.fail(ctx, rel, d.err)
		}
	}()
}

// errNoDir is why there is nothing in a directory that could not be made, which is
// a failure of its own.
var errNoDir = errors.New("its directory could not be made")

// work moves files until there are no more. Worker i leaves connections to the walk
// if there are enough.
func (r *run) work(ctx context.Context, i int) {
	for {
		it, above, ok := r.take(ctx, i)
		if !ok {
			return
		}
		if above != nil {
			if <-above.done; above.err != nil {
				r.fail(ctx, r.src.name(it), errNoDir)
				continue
			}
		}
		r.move(ctx, it)
	}
}

func (r *run) take(ctx context.Context, i int) (it item, above *made, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	early := r.o.Parallel
	if r.listsFirst {
		if early -= reserve; early < leastFree {
			early = 0
		}
	}
	for ctx.Err() == nil {
		switch {
		case len(r.queue) > 0 && (!r.walking || i < early):
			it = r.queue[0]
			r.queue = r.queue[1:]
			return it, r.dirs[path.Dir(it.rel)], true
		case len(r.queue) == 0 && !r.walking:
			return item{}, nil, false
		}
		r.changed.Wait()
	}
	return item{}, nil, false
}

// move moves a file, and tries again what a lost connection has ended.
func (r *run) move(ctx context.Context, it item) {
	name := r.src.name(it)
	if r.givenUp() {
		r.fail(ctx, name, errGivenUp)
		return
	}
	a := &attempt{item: it, meter: &lateMeter{report: r.o.Report, name: name, size: it.entry.Size}, pace: r.pace}
	out, err := r.dst.file(ctx, a, r.src)
	_, once := r.src.(*streamSource)
	for n := 1; n < tries && !once && ftpclient.Lost(err) && wait(ctx, time.Duration(n)*pause); n++ {
		a.again = true
		out, err = r.dst.file(ctx, a, r.src)
	}
	if errors.Is(err, errDirLink) {
		r.o.Report.Note(name + ": " + err.Error())
		out, err = same, nil
	}
	a.meter.End(err)
	r.mu.Lock()
	r.result.Octets += a.moved
	if r.lost++; !ftpclient.Lost(err) {
		r.lost = 0
	}
	switch {
	case err != nil && a.part != "":
		r.result.Parts = append(r.result.Parts, a.part)
	case err == nil && out == same:
		r.result.Same++
	case err == nil:
		r.result.Files++
	}
	r.mu.Unlock()
	if err != nil {
		r.fail(ctx, name, err)
	}
}

func (r *run) givenUp() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost >= mostLost
}

// fail notes what was not done. What ended with ctx is no failure of its own.
func (r *run) fail(ctx context.Context, p string, err error) {
	if ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Failures = append(r.result.Failures, Failure{p, err})
}

// wait waits and reports whether ctx is still good.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// lateMeter begins when the first octet has moved or the file is there: of what is
// left alone nothing is told. It belongs to one worker.
type lateMeter struct {
	report Reporter
	name   string
	size   int64
	at     int64 // where it begins
	m      Meter
}

func (l *lateMeter) Add(n int) {
	if l.m == nil {
		l.m = l.report.Begin(l.name, l.size, l.at)
	}
	l.m.Add(n)
}

func (l *lateMeter) End(err error) {
	if l.m == nil {
		l.m = l.report.Begin(l.name, l.size, l.at)
	}
	l.m.End(err)
}
