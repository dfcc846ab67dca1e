package wan

import (
	"errors"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// An instant is a time since some moment that is the same for one clock.
type instant = time.Duration

// A clock is the kernel's, or that of a test.
type clock interface {
	now() instant
	// wait returns true at the instant, or false soon after stopped was closed.
	wait(until instant, stopped <-chan struct{}) bool
	// precise prepares the calling goroutine for wait and returns what undoes
	// that.
	precise() (release func())
}

// monotonic is CLOCK_MONOTONIC. Go's own timers are as exact as epoll_wait is,
// to a millisecond; clock_nanosleep is exact to the thread's timer slack.
type monotonic struct{}

func (monotonic) now() instant {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // Linux has this clock
	}
	return instant(t.Nano())
}

// stopSlice is how long wait does not look at stopped.
const stopSlice = 50 * time.Millisecond

func (m monotonic) wait(until instant, stopped <-chan struct{}) bool {
	for {
		select {
		case <-stopped:
			return false
		default:
		}
		now := m.now()
		if now >= until {
			return true
		}
		t := unix.NsecToTimespec(int64(min(until, now+stopSlice)))
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &t, nil)
		if err != nil && !errors.Is(err, unix.EINTR) { // the runtime's own signals interrupt it
			panic(err) // the arguments are good
		}
	}
}

// precise gives the goroutine a thread of its own with the least timer slack,
// in place of 50 µs.
func (monotonic) precise() (release func()) {
	runtime.LockOSThread()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		panic(err) // prctl(2) knows no such error
	}
	setSlack(1)
	return func() {
		setSlack(uintptr(slack))
		runtime.UnlockOSThread()
	}
}

func setSlack(ns uintptr) {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, ns, 0, 0, 0); err != nil {
		panic(err) // prctl(2) knows no such error
	}
}
