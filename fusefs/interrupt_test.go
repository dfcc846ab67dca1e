package fusefs

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hanwen/go-fuse/v2/fuse"
)

func status(pending, shared, blocked string) []byte {
	return []byte("Name:\tcat\nSigQ:\t0/1\nSigPnd:\t" + pending + "\nShdPnd:\t" + shared +
		"\nSigBlk:\t" + blocked + "\nSigIgn:\t0000000000000000\n")
}

// INTR-1: only signals that ask the caller to end count.
func TestINTR1_SignalsThatCount(t *testing.T) {
	const none = "0000000000000000"
	for _, tt := range []struct {
		name                     string
		pending, shared, blocked string
		want                     bool
	}{
		{"nothing", none, none, none, false},
		{"SIGURG", "0000000000400000", none, none, false},
		{"SIGCHLD and SIGALRM", none, "0000000000012000", none, false},
		{"SIGKILL", "0000000000000100", none, none, true},
		{"SIGINT to the process", none, "0000000000000002", none, true},
		{"SIGTERM beside SIGURG", "0000000000404000", none, none, true},
		{"blocked SIGINT", none, "0000000000000002", "0000000000000002", false},
	} {
		pending, err := pendingSignals(status(tt.pending, tt.shared, tt.blocked))
		if got := pending&endSignals != 0; err != nil || got != tt.want {
			t.Errorf("%s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	if _, err := pendingSignals([]byte("Name:\tx\nSigPnd:\t0\n")); err == nil {
		t.Error("a status without masks is taken for one without signals")
	}
	if _, err := pendingSignals([]byte(strings.Repeat("SigPnd:\tno\n", 1))); err == nil {
		t.Error("a mask that is no number is taken for one")
	}
}

// INTR-1: a caller that cannot be looked at can end its waiting.
func TestINTR1_UnknownCaller(t *testing.T) {
	for _, pid := range []uint32{0, 1<<31 - 1} {
		synctest.Test(t, func(t *testing.T) {
			cancel := make(chan struct{})
			ctx, end := interruptible(&fuse.Context{Caller: fuse.Caller{Pid: pid}, Cancel: cancel})
			defer end()
			done := ctx.Done()
			close(cancel)
			<-done
			if ctx.Err() != context.Canceled {
				t.Errorf("PID %d: %v", pid, ctx.Err())
			}
		})
	}
}

// INTR-1: the end of an operation ends its context, whether it was watched or
// not, and leaves no goroutine (synctest would not return).
func TestINTR1_EndOfOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, watched := range []bool{false, true} {
			ctx, end := interruptible(&fuse.Context{Cancel: make(chan struct{})})
			if ctx.Err() != nil {
				t.Errorf("a new context has ended: %v", ctx.Err())
			}
			if watched {
				ctx.Done()
			}
			end()
			<-ctx.Done()
			if ctx.Err() != context.Canceled {
				t.Errorf("after the end: %v", ctx.Err())
			}
		}
	})
}
