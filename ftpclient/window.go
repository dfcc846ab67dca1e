package ftpclient

import "time"

// pipelineWindow is how many octets of commands may be without an answer.
const pipelineWindow = 64 << 10

// Bounds of a window that adapts itself.
const (
	windowFirst = 16 << 10
	windowLeast = 4 << 10
	windowLate  = 20 * time.Millisecond // beyond two round trips
)

// window bounds how many octets of commands are without an answer. One that
// adapts itself lets them wait for the server for about a round trip at most:
// more makes nothing faster, and somebody may come to wait for the last of them.
type window struct {
	octets  int
	adapts  bool
	least   time.Duration // until an answer
	smaller time.Time     // when it was last made smaller
}

// heard is told of the answer to a command of some octets, when that was sent
// and what the time is.
func (w *window) heard(size int, sent, now time.Time) {
	if !w.adapts {
		return
	}
	took := now.Sub(sent)
	if w.least == 0 || took < w.least {
		w.least = took
	}
	switch {
	case took <= 2*w.least+windowLate:
		w.octets = min(w.octets+size, pipelineWindow)
	case sent.After(w.smaller): // else it was sent before that could help
		w.octets = max(w.octets-w.octets/4, windowLeast)
		w.smaller = now
	}
}
