package wan

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A line decides what becomes of the packets of one direction. It is arithmetic
// only: times are what its caller says. mu guards all of it but rate, queue and
// loss, which stay as they are.
type line struct {
	rate, queue int64
	loss        float64

	mu    sync.Mutex
	delay time.Duration
	cut   bool
	rand  *rand.Rand
	free  time.Duration // when all that was accepted has been transmitted
	last  time.Duration // when the last of it is due
	count Count
}

// newLine returns the line of a link whose losses are those of its seed and of
// the number of the line.
func newLine(c Config, number uint64) *line {
	return &line{rate: c.Rate, queue: c.Queue, loss: c.Loss, delay: c.RTT / 2,
		rand: rand.New(rand.NewPCG(c.Seed, number))}
}

// A fate is what becomes of a packet.
type fate int

const (
	delivered fate = iota
	dropped        // before its transmission: the queue was full
	lost           // after it
)

// accept takes a packet of size bytes that arrives now, and says what becomes
// of it and, if it is delivered, when. It must be told of packets in the order of
// their times. Transmission takes size/rate, one packet after another; then
// follows the delay.
func (l *line) accept(now time.Duration, size int) (due time.Duration, f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	begin := max(now, l.free)
	if l.queue > 0 && begin > now && l.bytesIn(begin-now)+int64(size) > l.queue {
		l.count.Dropped++
		return 0, dropped
	}
	l.free = begin + l.timeFor(size)
	l.count.Packets++
	l.count.Bytes += int64(size)
	if l.cut || l.loss > 0 && l.rand.Float64() < l.loss {
		l.count.Lost++
		return 0, lost
	}
	l.last = max(l.last, l.free+l.delay)
	return l.last, delivered
}

// timeFor is how long the transmission of bytes takes.
func (l *line) timeFor(bytes int) time.Duration {
	if l.rate == 0 {
		return 0
	}
	return time.Duration(int64(bytes) * int64(time.Second) / l.rate)
}

// bytesIn is how much is transmitted in a time, which timeFor has given, so that
// there is a rate. Both stay below 2^63 for minutes at 1 TB/s.
func (l *line) bytesIn(d time.Duration) int64 {
	return int64(d.Seconds() * float64(l.rate))
}

func (l *line) setDelay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

func (l *line) setCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

func (l *line) counted() Count {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}
