package wan

import (
	"errors"
	"io"
	"os"
	"sync"
)

// underWay is how many packets are on their way at most, each direction: 0.3 s
// of 300 MB/s. More wait in the device, which drops what it cannot hold.
const underWay = 1 << 16

// A way carries the packets of one direction: one goroutine takes them, another
// gives them out when they are due.
type way struct {
	line  *line
	clock clock
	from  io.ReadCloser // a packet per Read
	to    io.Writer     // a packet per Write
	tap   func(packet []byte)

	packets chan packet
	stopped chan struct{}
	running sync.WaitGroup
	errs    [2]error // of the two goroutines, for stop to return
}

// A packet is under way until it is due.
type packet struct {
	due  instant
	data []byte
}

func newWay(l *line, c clock, from io.ReadCloser, to io.Writer) *way {
	return &way{line: l, clock: c, from: from, to: to, tap: func([]byte) {},
		packets: make(chan packet, underWay), stopped: make(chan struct{})}
}

func (w *way) start() {
	w.running.Go(func() { w.errs[0] = w.take() })
	w.running.Go(func() { w.errs[1] = w.give() })
}

// stop returns when both goroutines have ended, with what went wrong. from must
// have been closed.
func (w *way) stop() error {
	close(w.stopped)
	w.running.Wait()
	return errors.Join(w.errs[:]...)
}

// take reads packets until from is closed.
func (w *way) take() error {
	defer close(w.packets)
	buffer := make([]byte, 1<<16)
	for {
		n, err := w.from.Read(buffer)
		if err != nil {
			return unlessClosed(err)
		}
		if n == 0 || buffer[0]>>4 != 4 {
			continue // not IPv4: the kernel's own, such as router solicitations
		}
		now := w.clock.now()
		due, fate := w.line.accept(now, n)
		if fate == dropped {
			continue
		}
		w.tap(buffer[:n])
		if fate == delivered {
			w.packets <- packet{due, append([]byte(nil), buffer[:n]...)}
		}
	}
}

// give writes each packet when it is due. After stop the rest is thrown away.
func (w *way) give() error {
	release := w.clock.precise()
	defer release()
	var first error
	for p := range w.packets {
		if !w.clock.wait(p.due, w.stopped) {
			continue
		}
		if _, err := w.to.Write(p.data); err != nil && first == nil {
			first = unlessClosed(err)
		}
	}
	return first
}

// unlessClosed returns err unless it says that a device was closed, which is how
// a link ends.
func unlessClosed(err error) error {
	if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
