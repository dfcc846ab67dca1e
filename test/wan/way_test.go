package wan

import (
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// bubble is the clock of synctest.
type bubble struct{ epoch time.Time }

func (b bubble) now() instant { return time.Since(b.epoch) }

func (b bubble) wait(until instant, stopped <-chan struct{}) bool {
	select {
	case <-stopped:
		return false
	case <-time.After(until - b.now()):
		return true
	}
}

func (bubble) precise() (release func()) { return func() {} }

// queue is a device: what is put into it is read.
type queue chan []byte

func (q queue) Close() error { close(q); return nil }

func (q queue) Read(p []byte) (int, error) {
	b, ok := <-q
	if !ok {
		return 0, io.EOF
	}
	return copy(p, b), nil
}

// arrivals notes what is written to it, and when.
type arrivals struct {
	clock bubble
	at    []instant
	last  []byte // the last byte of each packet
}

func (a *arrivals) Write(p []byte) (int, error) {
	a.at, a.last = append(a.at, a.clock.now()), append(a.last, p[len(p)-1])
	return len(p), nil
}

// ipv4 is a packet as far as a way looks at it.
func ipv4(size int, last byte) []byte {
	p := make([]byte, size)
	p[0], p[size-1] = 0x45, last
	return p
}

func TestPacketsArriveWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := bubble{time.Now()}
		from, to := make(queue), &arrivals{clock: clock}
		w := newWay(newLine(Config{RTT: 20 * ms, Rate: 1_000_000}, 0), clock, from, to)
		w.start()
		from <- ipv4(1000, 'a')
		from <- ipv4(1000, 'b')
		from <- []byte{0x60, 0, 0, 0} // IPv6
		time.Sleep(30 * ms)
		from <- ipv4(1000, 'c')
		time.Sleep(30 * ms)
		from.Close()
		if err := w.stop(); err != nil {
			t.Error(err)
		}
		if want := []instant{11 * ms, 12 * ms, 41 * ms}; !slices.Equal(to.at, want) {
			t.Errorf("arrived at %v, want %v", to.at, want)
		}
		if string(to.last) != "abc" {
			t.Errorf("arrived: %q, want abc", to.last)
		}
	})
}

func TestStopDoesNotWaitForPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := bubble{time.Now()}
		from, to := make(queue), &arrivals{clock: clock}
		w := newWay(newLine(Config{RTT: time.Hour}, 0), clock, from, to)
		w.start()
		from <- ipv4(100, 'a')
		from <- ipv4(100, 'b')
		synctest.Wait()
		from.Close()
		if err := w.stop(); err != nil {
			t.Error(err)
		}
		if len(to.at) != 0 || clock.now() != 0 {
			t.Errorf("%d packets arrived, and stop returned after %v", len(to.at), clock.now())
		}
	})
}
