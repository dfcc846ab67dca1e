package ftpclient

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// freePorts finds n ports in a row that nobody uses.
func freePorts(t *testing.T, n int) [2]int {
	t.Helper()
	for first := 15000 + rand.IntN(1000); first < 20000; first += n {
		var held []net.Listener
		for i := range n {
			if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(first+i)); err == nil {
				held = append(held, l)
			}
		}
		for _, l := range held {
			l.Close()
		}
		if len(held) == n {
			return [2]int{first, first + n - 1}
		}
	}
	t.Fatal("no free ports")
	return [2]int{}
}

// holdPorts takes all ports of a range until release.
func holdPorts(t *testing.T, ports [2]int) (release func()) {
	t.Helper()
	var held []net.Listener
	for p := ports[0]; p <= ports[1]; p++ {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
	}
	var once sync.Once
	release = func() {
		once.Do(func() {
			for _, l := range held {
				l.Close()
			}
		})
	}
	t.Cleanup(release)
	return release
}

// A range whose ports are all taken is an error that names it, not a hang, and
// costs no connection.
func TestActivePortsExhausted(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	ports := freePorts(t, 2)
	c := f.client(func(o *Options) { o.ActivePorts, o.DialTimeout = ports, 200*time.Millisecond })
	release := holdPorts(t, ports)
	_, err := readAll(soon(t), c, "/f", 0)
	wantKind(t, "read", err, KindNetwork)
	if want := strconv.Itoa(ports[0]) + "-" + strconv.Itoa(ports[1]); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not name %s", err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = readAll(ctx, c, "/f", 0)
	wantKind(t, "read, cancelled", err, KindCanceled)
	release()
	_, err = readAll(soon(t), c, "/f", 0)
	noError(t, "read with free ports", err)
}

// A port that becomes free is waited for; a cancelled context ends the wait.
func TestActivePortsAwaited(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	ports := freePorts(t, 1)
	c := f.client(func(o *Options) { o.ActivePorts, o.DialTimeout = ports, time.Hour })
	_, err := c.Connect(soon(t))
	noError(t, "Connect", err)

	release := holdPorts(t, ports)
	ctx, cancel := contextWithCancel(t)
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = readAll(ctx, c, "/f", 0)
	wantKind(t, "read, cancelled", err, KindCanceled)

	_, err = c.Connect(soon(t))
	noError(t, "Connect", err)
	time.AfterFunc(50*time.Millisecond, release)
	got, err := readAll(soon(t), c, "/f", 0)
	if noError(t, "read", err); got != "abc" {
		t.Errorf("read %q", got)
	}
}

// Many connections of two clients get along with few ports.
func TestActivePortsShared(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	ports := freePorts(t, 3)
	var wg sync.WaitGroup
	for range 2 {
		c := f.client(func(o *Options) { o.ActivePorts = ports })
		for range 8 {
			wg.Go(func() {
				for range 10 {
					got, err := readAll(soon(t), c, "/f", 0)
					if noError(t, "read", err); got != "abc" {
						t.Errorf("read %q", got)
					}
				}
			})
		}
	}
	wg.Wait()
	for _, to := range f.told {
		_, p, _ := net.SplitHostPort(to)
		if n, err := strconv.Atoi(p); err != nil || n < ports[0] || n > ports[1] {
			t.Errorf("told %s, out of %v", to, ports)
		}
	}
}

func TestActiveOptionsRefused(t *testing.T) {
	addr := netip.MustParseAddr
	for name, o := range map[string]Options{
		"Dial":          {Active: true, Dial: newFake(t, nil).dial},
		"low ports":     {Active: true, ActivePorts: [2]int{20, 2000}},
		"reversed":      {Active: true, ActivePorts: [2]int{3000, 2000}},
		"no first port": {Active: true, ActivePorts: [2]int{0, 2000}},
		"no last port":  {Active: true, ActivePorts: [2]int{2000, 0}},
		"high ports":    {Active: true, ActivePorts: [2]int{2000, 65536}},
		"any address":   {Active: true, ActiveAddress: addr("0.0.0.0")},
		"zone":          {Active: true, ActiveAddress: addr("fe80::1%eth0")},
		"IPv4 in IPv6":  {Active: true, ActiveAddress: addr("::ffff:1.2.3.4")},
		"group":         {Active: true, ActiveAddress: addr("224.0.0.1")},
		"ports alone":   {ActivePorts: [2]int{2000, 3000}},
		"address alone": {ActiveAddress: addr("1.2.3.4")},
	} {
		o.Host = "h"
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// quirkPort20: a server that has yet to forget the last connection to a port is
// told another, with the whole of the transfer's commands; one that cannot reach
// us at all is believed in the end.
func TestActiveOtherPort(t *testing.T) {
	f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
	var used []string
	refuse := 2
	f.before = func(s *fakeSession, verb, _ string) bool {
		if verb != "RETR" && verb != "STOR" {
			return false
		}
		used = append(used, f.lastTold())
		if refuse--; refuse >= 0 {
			s.rest = 0
			s.say("425 Could not open data connection: Cannot assign requested address")
			return true
		}
		return false
	}
	c := f.client(func(o *Options) { o.ActivePorts = freePorts(t, 10) })
	got, err := readAll(soon(t), c, "/f", 1)
	if noError(t, "read", err); got != "bc" {
		t.Errorf("read %q", got)
	}
	refuse = 2
	_, err = c.Store(soon(t), "/g", strings.NewReader("whole"), StoreOptions{})
	noError(t, "Store", err)
	if got, _ := f.get("/g"); got != "whole" {
		t.Errorf("stored %q", got)
	}
	slices.Sort(used)
	if n := len(slices.Compact(used)); n != 6 {
		t.Errorf("told %d ports in 6 attempts", n)
	}
	refuse = 1000
	_, err = readAll(soon(t), c, "/f", 0)
	wantKind(t, "read", err, KindNetwork)
	if tried := 1000 - refuse; tried != portTries {
		t.Errorf("tried %d times", tried)
	}
}

// Zones are for this machine; a server would not understand them.
func TestPortArguments(t *testing.T) {
	for at, want := range map[string]string{
		"192.0.2.1:258":        "PORT 192,0,2,1,1,2 EPRT |1|192.0.2.1|258|",
		"[2001:db8::1]:50000":  "EPRT |2|2001:db8::1|50000|",
		"[fe80::1%lo]:1024":    "EPRT |2|fe80::1|1024|",
		"[::ffff:1.2.3.4]:256": "PORT 1,2,3,4,1,0 EPRT |1|1.2.3.4|256|",
	} {
		a, ok := tcpAddr(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(at)))
		told := netip.AddrPortFrom(a.Addr().WithZone(""), a.Port())
		got := "EPRT " + eprtArg(told)
		if told.Addr().Is4() {
			got = "PORT " + portArg(told) + " " + got
		}
		if !ok || got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

// ActiveAddress decides over which version of IP the server is reached: it could
// not be told an address of the other.
func TestActiveAddressFamily(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		f := newActiveFake(t, host, nil)
		for named, same := range map[string]bool{"192.0.2.1": host == "127.0.0.1", "2001:db8::1": host == "::1"} {
			c := f.client(func(o *Options) { o.ActiveAddress = netip.MustParseAddr(named) })
			_, err := c.Connect(soon(t))
			if (err == nil) != same {
				t.Errorf("%s to %s: %v", named, host, err)
			}
		}
	}
}
