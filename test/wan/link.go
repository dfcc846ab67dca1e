package wan

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"time"
)

// mtu is that of Ethernet, for IP packets.
const mtu = 1500

// Config describes a link. Its zero value is a link without delay, limit or loss.
type Config struct {
	RTT   time.Duration // there and back, half of it each way
	Rate  int64         // bytes of IP packets per second, each way; 0: as fast as the machine
	Queue int64         // bytes that wait for their transmission, each way, before packets are dropped; 0: any number. Without a Rate nothing waits.
	Loss  float64       // probability that a packet is lost, each way, 0 <= Loss < 1
	Seed  uint64        // decides, with Loss, which packets are lost: the same in every run

	// Tap, if not nil, sees each packet that is put on the link, before it is
	// lost or delivered. It is called by one goroutine per direction, delays the
	// link while it runs, and must not keep the slice.
	Tap func(d Direction, packet []byte)
}

// A Direction is one of the two ways over a link.
type Direction int

const (
	ToServer Direction = iota // into the namespace
	ToClient                  // out of it
)

// Stats counts, for each [Direction], what happened since the link was opened.
type Stats [2]Count

// Count is about IP packets: bytes are those of their headers and contents.
type Count struct {
	Packets, Bytes int64 // put on the link, also if lost then
	Dropped        int64 // packets that found the queue full
	Lost           int64 // packets lost under way
}

// A Link is an open link. Its methods may be called from any goroutine.
type Link struct {
	client, server netip.Addr
	inside         *namespace
	ways           [2]*way
	closeOnce      sync.Once
	closeErr       error
}

// Open makes a link. Its addresses are of 198.18.0.0/15, the networks for
// benchmarks (RFC 2544), so that nothing else has them.
func Open(c Config) (*Link, error) {
	if c.RTT < 0 || c.Rate < 0 || c.Queue < 0 || c.Loss < 0 || c.Loss >= 1 {
		return nil, fmt.Errorf("wan: not a link: %+v", c)
	}
	l := &Link{}
	devices, err := l.build()
	if err != nil {
		return nil, fmt.Errorf("wan: %w", err)
	}
	clock := monotonic{}
	for d := range l.ways {
		l.ways[d] = newWay(newLine(c, uint64(d)), clock, devices[d], devices[1-d])
		if c.Tap != nil {
			l.ways[d].tap = func(packet []byte) { c.Tap(Direction(d), packet) }
		}
		l.ways[d].start()
	}
	return l, nil
}

// build makes the namespace and the devices, the client's first.
func (l *Link) build() (devices [2]*device, err error) {
	if l.client, l.server, err = freeNetwork(); err != nil {
		return devices, err
	}
	if l.inside, err = newNamespace(); err != nil {
		return devices, err
	}
	if devices[0], err = openDevice(l.client); err == nil {
		err = l.inside.do(func() (err error) {
			devices[1], err = openDevice(l.server)
			return errors.Join(err, upLoopback())
		})
	}
	if err != nil {
		for _, d := range devices {
			if d != nil {
				err = errors.Join(err, d.Close())
			}
		}
		err = errors.Join(err, l.inside.close())
	}
	return devices, err
}

// ClientAddr returns the address of this machine on the link.
func (l *Link) ClientAddr() netip.Addr { return l.client }

// ServerAddr returns the address of the namespace on the link.
func (l *Link) ServerAddr() netip.Addr { return l.server }

// Start starts a command inside the namespace, as cmd.Start does outside. What
// it starts stays inside too. The namespace outlives the link for as long as one
// of these processes does, with no network but its loopback.
func (l *Link) Start(cmd *exec.Cmd) error { return l.inside.do(cmd.Start) }

// Listen announces on a TCP port inside the namespace, at all its addresses; 0
// lets the system choose.
func (l *Link) Listen(port int) (listener net.Listener, err error) {
	err = l.inside.do(func() (err error) {
		listener, err = net.ListenTCP("tcp4", &net.TCPAddr{Port: port})
		return err
	})
	return listener, err
}

// SetRTT changes the delay of packets that are put on the link from now on.
// None overtakes one that is under way.
func (l *Link) SetRTT(rtt time.Duration) {
	for _, w := range l.ways {
		w.line.setDelay(rtt / 2)
	}
}

// Cut loses all packets that are put on the link from now on, until it is called with
// false: neither side is told.
func (l *Link) Cut(cut bool) {
	for _, w := range l.ways {
		w.line.setCut(cut)
	}
}

// Stats returns the counts so far.
func (l *Link) Stats() (s Stats) {
	for d, w := range l.ways {
		s[d] = w.line.counted()
	}
	return s
}

// Close removes the link. Packets under way are lost. It returns within 0.1 s,
// and, called again, the same error.
func (l *Link) Close() error {
	l.closeOnce.Do(func() {
		for _, w := range l.ways {
			l.closeErr = errors.Join(l.closeErr, w.from.Close())
		}
		for _, w := range l.ways {
			l.closeErr = errors.Join(l.closeErr, w.stop())
		}
		l.closeErr = errors.Join(l.closeErr, l.inside.close())
	})
	return l.closeErr
}
