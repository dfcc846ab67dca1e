package fusefs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall"
	"time"
)

// warnEvery is how often the same trouble is told as a warning.
const warnEvery = time.Minute

// warnKinds bounds how many different troubles are remembered.
const warnKinds = 256

// limiter lets a message through once in warnEvery. Lock order: mu is taken
// alone.
type limiter struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// allow reports whether message may be told now.
func (l *limiter) allow(message string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if last, ok := l.last[message]; ok && now.Sub(last) < warnEvery {
		return false
	}
	if l.last == nil || len(l.last) >= warnKinds {
		l.last = map[string]time.Time{}
	}
	l.last[message] = now
	return true
}

// FailureMessage begins the lines of the log about operations that failed. Stats
// has the same, each time.
const FailureMessage = "operation failed"

// fail returns the errno of a failed operation and logs it once: trouble with
// the server as a warning, but not again and again; all else for debugging.
func (f *filesystem) fail(ctx context.Context, op, path string, err error) syscall.Errno {
	return f.failAs(ctx, op, path, err, errnoOf(err))
}

// failAs is fail for an operation that has its own errno for err.
func (f *filesystem) failAs(ctx context.Context, op, path string, err error, errno syscall.Errno) syscall.Errno {
	errno = eintrOrEIO(ctx, errno)
	f.failed.note(op, path, errno, err)
	level := slog.LevelDebug
	replaced := errors.Is(err, errNameless) || errors.Is(err, errReplaced)
	if alarming(errno) && !replaced && f.warnings.allow(op+" "+errno.Error()) {
		level = slog.LevelWarn
	}
	f.log.Log(ctx, level, FailureMessage,
		"op", op, "path", path, "errno", errno.Error(), "err", err)
	return errno
}

// refuse logs an operation that is refused without asking the volume.
func (f *filesystem) refuse(op, path string, errno syscall.Errno) syscall.Errno {
	f.log.Debug("operation refused", "op", op, "path", path, "errno", errno.Error())
	return errno
}
