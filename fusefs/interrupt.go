package fusefs

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// go-fuse cancels an operation's context when any signal reaches the caller:
// also SIGCHLD, SIGALRM, or the SIGURG that Go's runtime sends itself all the
// time. No such signal interrupts an operation on a local disk, and programs
// do not expect EINTR from open(2), stat(2) or read(2) of a file. So an
// operation gets a request as its context, which ends only when a signal is
// pending that asks the caller to end.

// pendingPoll is how often the caller's pending signals are looked at after
// the first one. The kernel tells of the first only.
const pendingPoll = 100 * time.Millisecond

// request is the context of one operation. The caller is watched only if
// somebody asks for Done, which an operation that needs no network does not.
//
// Lock order: mu is taken alone.
type request struct {
	context.Context               // go-fuse's, for the values
	ended           chan struct{} // closed by end

	mu   sync.Mutex
	done chan struct{} // nil until Done was called
	err  error
}

// interruptible returns the context for an operation, and the function to
// call when it ends. The context is cancelled then, too.
func interruptible(ctx context.Context) (context.Context, func()) {
	r := &request{Context: ctx, ended: make(chan struct{})}
	return r, r.end
}

// Done returns a channel that is closed when the caller wants to end, or the
// operation has ended.
func (r *request) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil {
		r.done = make(chan struct{})
		if r.err != nil {
			close(r.done)
		} else {
			go r.watch()
		}
	}
	return r.done
}

// Err returns context.Canceled once Done is closed.
func (r *request) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *request) cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	r.err = context.Canceled
	if r.done != nil {
		close(r.done)
	}
}

func (r *request) end() {
	close(r.ended)
	r.cancel()
}

// watch waits for the first signal, then for one that counts.
func (r *request) watch() {
	select {
	case <-r.Context.Done():
	case <-r.ended:
		return
	}
	ticker := time.NewTicker(pendingPoll)
	defer ticker.Stop()
	for !callerWantsToEnd(r.Context) {
		select {
		case <-ticker.C:
		case <-r.ended:
			return
		}
	}
	r.cancel()
}

// callerWantsToEnd reports whether a deadly or a user's interrupt is pending
// for the thread that made the request. A caller that cannot be looked at (it
// is gone, or in a PID namespace that is not ours) is taken to want it.
func callerWantsToEnd(ctx context.Context) bool {
	caller, ok := fuse.FromContext(ctx)
	if !ok || caller.Pid == 0 {
		return true
	}
	// The PID of a request is that of the thread, and /proc has threads, too.
	status, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(caller.Pid), 10) + "/status")
	if err != nil {
		return true
	}
	pending, err := pendingSignals(status)
	return err != nil || pending&endSignals != 0
}

// endSignals are the signals by which a user or the system asks to stop.
const endSignals = 1<<(syscall.SIGKILL-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGTERM-1) |
	1<<(syscall.SIGQUIT-1) | 1<<(syscall.SIGHUP-1)

// pendingSignals returns the signals that wait for a thread and are not
// blocked, from its /proc/<tid>/status (proc_pid_status(5)).
func pendingSignals(status []byte) (uint64, error) {
	masks := map[string]uint64{}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(":"))
		switch string(name) {
		case "SigPnd", "ShdPnd", "SigBlk":
			mask, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 16, 64)
			if err != nil {
				return 0, err
			}
			masks[string(name)] = mask
		}
	}
	if len(masks) != 3 {
		return 0, fmt.Errorf("status has %d of 3 signal masks", len(masks))
	}
	return (masks["SigPnd"] | masks["ShdPnd"]) &^ masks["SigBlk"], nil
}
