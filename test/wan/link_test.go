package wan

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// childRole makes the test's binary open a link, tell its address, and wait.
const childRole = "FTPFS_TEST_WAN_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childRole) != "" {
		l, err := Open(Config{})
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(l.ClientAddr().String() + "\n")
		io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	ftptest.Main(m)
}

func open(t *testing.T, c Config) *Link {
	t.Helper()
	if os.Geteuid() != 0 {
		ftptest.Skip(t, "a network namespace needs root")
	}
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// echo sends size bytes over the link to a server inside that sends them back,
// and fails the test unless they come back as they were.
func echo(t *testing.T, l *Link, size int) {
	t.Helper()
	listener, err := l.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return // the dialer fails and tells
		}
		defer c.Close()
		io.Copy(c, c)
	}()
	port := uint16(listener.Addr().(*net.TCPAddr).Port)
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(l.ServerAddr(), port).String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	sent := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	go func() {
		c.Write(sent)
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("%d bytes came back, %v; want the %d that were sent", len(got), err, len(sent))
	}
}

func TestCarriesTCP(t *testing.T) {
	var seen [2]atomic.Int64
	const size = 1 << 20
	l := open(t, Config{RTT: 2 * ms, Tap: func(d Direction, p []byte) { seen[d].Add(int64(len(p))) }})
	echo(t, l, size)
	if err := l.Close(); err != nil { // so that nothing is counted meanwhile
		t.Fatal(err)
	}
	for d, n := range l.Stats() {
		if n.Bytes < size || n.Packets < size/mtu || n.Dropped != 0 || n.Lost != 0 {
			t.Errorf("direction %d: %+v after %d bytes", d, n, size)
		}
		if seen[d].Load() != n.Bytes {
			t.Errorf("direction %d: the tap saw %d bytes of %d", d, seen[d].Load(), n.Bytes)
		}
	}
}

func TestLosesPackets(t *testing.T) {
	l := open(t, Config{RTT: 1 * ms, Loss: 0.02, Seed: 1})
	echo(t, l, 1<<20)
	for d, n := range l.Stats() {
		if n.Lost == 0 || n.Lost > n.Packets/5 {
			t.Errorf("direction %d: %+v, want about one lost in 50", d, n)
		}
	}
}

func TestDropsWhatDoesNotFit(t *testing.T) {
	l := open(t, Config{RTT: 1 * ms, Rate: 8 << 20, Queue: 4 * mtu})
	echo(t, l, 1<<20)
	if n := l.Stats()[ToServer]; n.Dropped == 0 {
		t.Errorf("%+v, want some dropped", n)
	}
}

func TestStartsInside(t *testing.T) {
	l := open(t, Config{})
	outside, err := os.Readlink(ownNamespace)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command("readlink", "/proc/self/ns/net")
	cmd.Stdout = &out
	if err := errors.Join(l.Start(cmd), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	if inside := strings.TrimSpace(out.String()); inside == outside || !strings.HasPrefix(inside, "net:[") {
		t.Errorf("inside: %q, outside: %q", inside, outside)
	}
	if after, err := os.Readlink("/proc/self/ns/net"); err != nil || after != outside {
		t.Errorf("afterwards this process is in %q, %v; it was in %q", after, err, outside)
	}
}

func TestRefusesWhatIsNoLink(t *testing.T) {
	for _, c := range []Config{{RTT: -1}, {Rate: -1}, {Queue: -1}, {Loss: -0.1}, {Loss: 1}} {
		if l, err := Open(c); err == nil {
			l.Close()
			t.Errorf("Open(%+v) worked", c)
		}
	}
}

func TestNothingIsLeftOpen(t *testing.T) {
	l := open(t, Config{})
	client := l.ClientAddr()
	if !haveAddr(t, client) {
		t.Fatalf("no interface has %s", client)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, client)
}

func TestNothingIsLeftWhenKilled(t *testing.T) {
	open(t, Config{}).Close() // skips where there is no link to be had
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	client, parseErr := netip.ParseAddr(strings.TrimSpace(string(line[:n])))
	if err := errors.Join(err, parseErr); err != nil {
		t.Error(err)
	} else if !haveAddr(t, client) {
		t.Errorf("no interface has %s", client)
	}
	cmd.Process.Kill()
	cmd.Wait() // its error is that it was killed
	awaitGone(t, client)
}

// haveAddr reports whether an interface of this machine has the address.
func haveAddr(t *testing.T, addr netip.Addr) bool {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == addr {
			return true
		}
	}
	return false
}

func awaitGone(t *testing.T, addr netip.Addr) {
	t.Helper()
	tick := time.NewTicker(10 * ms)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); haveAddr(t, addr); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", addr)
		}
	}
}
