package fusefs

import (
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Stats is what the kernel has asked of a mount since it was made. It is a copy;
// its parts are read one after the other. What the kernel answers from its own
// caches is not among it.
type Stats struct {
	Ops      []OpStats // of the kinds that were asked for, in a fixed order
	Failures []Failure // the last ones, the newest last
}

// OpStats is one kind of request.
type OpStats struct {
	Name    string
	Begun   int64 // of which those that are not in Buckets are being worked on
	Failed  int64 // answered by an error other than ENOENT, which most looks get, and ENOSYS
	Time    time.Duration
	Buckets []int64 // answered within Bounds[i] and not within the one before; the last has no bound
}

// Bounds are the upper bounds of OpStats.Buckets.
func Bounds() []time.Duration {
	bounds := make([]time.Duration, buckets-1)
	for i := range bounds {
		bounds[i] = 1 << (opShift + i)
	}
	return bounds
}

// Failure is an operation that failed, or several of the same path that failed in
// the same way one after the other. Names that are not there, interrupted calls
// and names that exist already are none.
type Failure struct {
	First, Last time.Time
	Count       int
	Op, Path    string
	Errno       syscall.Errno // what the program was told
	Err         error         // why, with the words of the server
}

// keptFailures is how many are remembered.
const keptFailures = 20

// failures are the last failures. Lock order: mu is taken alone.
type failures struct {
	mu   sync.Mutex
	list []Failure // guarded by mu
}

// note remembers a failure, unless it is an ordinary answer.
func (l *failures) note(op, path string, errno syscall.Errno, err error) {
	switch errno {
	case syscall.ENOENT, syscall.EINTR, syscall.EEXIST, syscall.ENOTEMPTY, syscall.ENOTDIR, syscall.EISDIR:
		return
	}
	if errors.Is(err, errNameless) || errors.Is(err, errReplaced) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	i := slices.IndexFunc(l.list, func(f Failure) bool { return f.Op == op && f.Path == path && f.Errno == errno })
	f := Failure{First: now, Op: op, Path: path, Errno: errno}
	if i >= 0 {
		f = l.list[i]
		l.list = slices.Delete(l.list, i, i+1)
	}
	f.Last, f.Err, f.Count = now, err, f.Count+1
	if l.list = append(l.list, f); len(l.list) > keptFailures {
		l.list = slices.Delete(l.list, 0, 1)
	}
}

// last is the last failure of path that is remembered.
func (l *failures) last(path string) (Failure, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range slices.Backward(l.list) {
		if f.Path == path {
			return f, true
		}
	}
	return Failure{}, false
}

// Stats returns the counters. Any goroutine may call it; it asks nobody.
func (s *Server) Stats() Stats {
	var st Stats
	for op := range opKinds {
		t := &s.fsys.ops[op]
		o := OpStats{Name: opNames[op], Failed: t.failed.Load(), Time: time.Duration(t.sum.Load()), Buckets: make([]int64, buckets)}
		for i := range o.Buckets {
			o.Buckets[i] = t.took[i].Load()
		}
		if o.Begun = t.begun.Load(); o.Begun > 0 {
			st.Ops = append(st.Ops, o)
		}
	}
	s.fsys.failed.mu.Lock()
	defer s.fsys.failed.mu.Unlock()
	st.Failures = slices.Clone(s.fsys.failed.list)
	return st
}
