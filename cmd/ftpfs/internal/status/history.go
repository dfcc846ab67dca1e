package status

import (
	"context"
	"slices"
	"sync"
	"time"
)

// historyLength is how many seconds are remembered.
const historyLength = 600

// History remembers how much happened in each of the last ten minutes' seconds.
type History struct {
	take func() Snapshot

	mu     sync.Mutex
	points []Point // the oldest first; guarded by mu
}

// Point is one second.
type Point struct {
	Time        time.Time `json:"time"` // its end
	Received    float64   `json:"received_bytes_per_second"`
	Sent        float64   `json:"sent_bytes_per_second"`
	Open        int       `json:"connections"`
	Busy        int       `json:"busy_connections"`
	Operations  float64   `json:"operations_per_second"`
	Mean        float64   `json:"mean_seconds"` // that the operations took that ended in it; 0: there were none
	Failed      float64   `json:"failed_operations_per_second"`
	HitRate     float64   `json:"content_hit_rate"` // of what was read in it; -1: nothing was
	Pending     int       `json:"pending_uploads"`
	FailedFiles int       `json:"failed_uploads"`
	Down        bool      `json:"down"`
}

// NewHistory returns a history of what take returns, which is empty until Run.
func NewHistory(take func() Snapshot) *History { return &History{take: take} }

// Run takes a snapshot each second until ctx ends.
func (h *History) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := h.take()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := h.take()
		h.add(between(last, now))
		last = now
	}
}

func (h *History) add(p Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.points) == historyLength {
		h.points = append(h.points[:0], h.points[1:]...)
	}
	h.points = append(h.points, p)
}

// Points returns what is remembered of the time after t.
func (h *History) Points(t time.Time) []Point {
	h.mu.Lock()
	defer h.mu.Unlock()
	i, _ := slices.BinarySearchFunc(h.points, t, func(p Point, t time.Time) int {
		if p.Time.After(t) {
			return 1
		}
		return -1
	})
	return append([]Point{}, h.points[i:]...)
}

// between is what happened from one snapshot to the next.
func between(a, b Snapshot) Point {
	took := max(b.Time.Sub(a.Time).Seconds(), 1e-3)
	p := Point{Time: b.Time, Open: b.Connections.Open, Busy: b.Connections.Busy,
		Received: float64(b.Traffic.Received-a.Traffic.Received) / took,
		Sent:     float64(b.Traffic.Sent-a.Traffic.Sent) / took,
		HitRate:  share(b.Caches.Content.Hits-a.Caches.Content.Hits, b.Caches.Content.Waits-a.Caches.Content.Waits),
		Pending:  b.Uploads.Pending, FailedFiles: b.Uploads.Failed, Down: b.Server.State == "down"}
	before, now := total(a.Operations), total(b.Operations)
	if n := now.Count - before.Count; n > 0 {
		p.Operations, p.Mean = float64(n)/took, (now.sum-before.sum)/float64(n)
	}
	p.Failed = float64(now.Failed-before.Failed) / took
	return p
}

// total adds operations up.
func total(ops []Operation) (sum Operation) {
	for _, o := range ops {
		sum.Count += o.Count
		sum.Failed += o.Failed
		sum.sum += o.sum
	}
	return sum
}
