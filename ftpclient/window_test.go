package ftpclient

import (
	"testing"
	"time"
)

// settles simulates a server that answers so many octets of commands a second,
// a round trip away, for some seconds, and returns the window and how long the
// last answer took.
func settles(w *window, rate float64, trip time.Duration) (octets int, took time.Duration) {
	const size = 32
	each := time.Duration(float64(time.Second) * size / rate)
	type sent struct{ at time.Time }
	now := time.Unix(0, 0)
	var out []sent
	free := now // when the server has answered all that was sent
	var due []time.Time
	for now.Before(time.Unix(20, 0)) {
		for (len(out)+1)*size <= w.octets {
			out = append(out, sent{now})
			if free.Before(now.Add(trip)) {
				free = now.Add(trip)
			}
			free = free.Add(each)
			due = append(due, free)
		}
		now = due[0]
		took = now.Sub(out[0].at)
		w.heard(size, out[0].at, now)
		out, due = out[1:], due[1:]
	}
	return w.octets, took
}

// Commands are not queued at a slow server for longer than some round trips; a
// fast one is kept busy.
func TestWindowAdapts(t *testing.T) {
	const trip = 40 * time.Millisecond
	w := &window{octets: windowFirst, adapts: true}
	if n, took := settles(w, 100_000, trip); took > 3*trip+windowLate || n < 4<<10 {
		t.Errorf("slow server: an answer takes %v with %d octets", took, n)
	}
	w = &window{octets: windowFirst, adapts: true}
	if n, took := settles(w, 10e6, trip); n != pipelineWindow || took > 2*trip {
		t.Errorf("fast server: an answer takes %v with %d octets", took, n)
	}
	w = &window{octets: pipelineWindow}
	if n, _ := settles(w, 100_000, trip); n != pipelineWindow {
		t.Errorf("a fixed window has %d octets", n)
	}
}
