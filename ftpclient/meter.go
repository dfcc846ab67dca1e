package ftpclient

import (
	"sync"
	"time"
)

// meterSpan is over how many seconds a meter takes the mean.
const meterSpan = 5

// meter tells how many octets a second have moved lately. Its zero value is
// ready; any goroutine may use it.
type meter struct {
	mu    sync.Mutex // a leaf
	first time.Time  // when the first came
	at    int64      // the second that the last came in, Unix
	n     [meterSpan + 1]int64
}

// add counts n octets that moved now.
func (m *meter) add(now time.Time, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first.IsZero() {
		m.first = now
	}
	m.forward(now.Unix())
	m.n[m.at%int64(len(m.n))] += int64(n)
}

// forward clears the seconds that passed since the last octets. mu is held.
func (m *meter) forward(sec int64) {
	if sec-m.at > int64(len(m.n)) {
		m.n, m.at = [meterSpan + 1]int64{}, sec
	}
	for m.at < sec {
		m.at++
		m.n[m.at%int64(len(m.n))] = 0
	}
}

// rate is the mean of the last meterSpan seconds, or since the first octets if
// that is less, in octets a second.
func (m *meter) rate(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first.IsZero() {
		return 0
	}
	m.forward(now.Unix())
	sum := int64(0)
	for _, n := range m.n {
		sum += n
	}
	// The oldest of them is a whole second only as this one ends.
	span := meterSpan + float64(now.Nanosecond())/1e9
	if since := now.Sub(m.first).Seconds(); since < span {
		span = max(since, 0.1)
	}
	return float64(sum) / span
}
