package ftpclient

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// activeFake is a fake that listens on a real port and connects to its clients
// by PORT and EPRT, as they say.
type activeFake struct {
	*fake
	l      *net.TCPListener
	before func(s *fakeSession, verb, arg string) bool // sees commands before PORT and EPRT do

	mu   sync.Mutex
	told []string // addresses that clients have named
}

// newActiveFake makes one that listens at this address.
func newActiveFake(t *testing.T, host string, tree map[string]string) *activeFake {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Fatal(err)
	}
	f := &activeFake{fake: newFake(t, tree), l: l}
	f.hook = f.port
	t.Cleanup(func() {
		l.Close()
		f.wg.Wait() // for sessions that clients have closed by now
	})
	f.wg.Go(func() {
		for n := 1; ; n++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			f.fake.mu.Lock()
			f.sessions++
			f.fake.mu.Unlock()
			s := &fakeSession{fake: f.fake, n: n, nc: nc, in: bufio.NewReader(nc), cwd: "/"}
			f.wg.Go(s.run)
		}
	})
	return f
}

// client makes a client of the fake in active mode.
func (f *activeFake) client(change func(*Options)) *Client {
	f.t.Helper()
	at := f.l.Addr().(*net.TCPAddr)
	o := Options{Host: at.IP.String(), Port: at.Port, Active: true}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	return c
}

// port is the hook that understands PORT and EPRT.
func (f *activeFake) port(s *fakeSession, verb, arg string) bool {
	if f.before != nil && f.before(s, verb, arg) {
		return true
	}
	var to string
	switch verb {
	case "PORT":
		var a, b, c, d, p, q int
		if n, err := fmt.Sscanf(arg, "%d,%d,%d,%d,%d,%d", &a, &b, &c, &d, &p, &q); n != 6 || err != nil {
			s.say("501 no address")
			return true
		}
		to = fmt.Sprintf("%d.%d.%d.%d:%d", a, b, c, d, p<<8|q)
	case "EPRT":
		part := strings.Split(arg, "|")
		if len(part) != 5 {
			s.say("501 no address")
			return true
		}
		to = net.JoinHostPort(part[2], part[3])
	default:
		return false
	}
	f.mu.Lock()
	f.told = append(f.told, to)
	f.mu.Unlock()
	s.call = func() net.Conn { return f.connect(to, f.l.Addr().(*net.TCPAddr).IP) }
	s.say("200 ok")
	return true
}

// connect connects from this address of ours.
func (f *activeFake) connect(to string, from net.IP) net.Conn {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: from}}
	nc, err := d.Dial("tcp", to)
	if err != nil {
		f.t.Errorf("the server cannot connect to %s: %v", to, err)
		ours, theirs := net.Pipe() // which nobody reads
		theirs.Close()
		return ours
	}
	return nc
}

// lastTold is the last address that a client has named.
func (f *activeFake) lastTold() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.told) == 0 {
		return ""
	}
	return f.told[len(f.told)-1]
}

// closes sees to it that nobody gets in at a port any more. The client closes it
// when it is told of the transfer's beginning at the latest.
func (f *activeFake) closes(port string) {
	tick := time.NewTicker(10 * time.Millisecond) // the queue of those not accepted has an end
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); ; <-tick.C {
		nc, err := net.Dial("tcp", port)
		if err != nil {
			return
		}
		nc.Close()
		if time.Now().After(deadline) {
			f.t.Error("the port stays open")
			return
		}
	}
}
