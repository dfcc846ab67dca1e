package model

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// breaker passes the connections of a mount to its server, those for data, too,
// for which it puts its own ports into the replies. Some it ends at a random octet
// of what comes or goes, by RST or FIN, unless it is calm, and then it now and then
// takes no others for a moment.
type breaker struct {
	*links
	t    testing.TB
	addr string // of the server
	// wholeLines: of a command the server gets all or nothing. ProFTPD carries out
	// what it has of a line when the connection ends within it, as RNTO to another
	// name, against which no client can do anything.
	wholeLines bool

	mu   sync.Mutex
	rng  *rand.Rand // guarded by mu, as all below
	calm bool
	deaf time.Time // until when nobody can connect
	cuts int
}

// cutLink is one connection through a breaker, with the octets until it is cut;
// those of a negative number never come.
type cutLink struct {
	b              *breaker
	client, server *net.TCPConn
	left           int // guarded by breaker.mu
	isData         bool
}

func newBreaker(t testing.TB, addr string, seed uint64) *breaker {
	t.Helper()
	b := &breaker{links: newLinks(t), t: t, addr: addr, calm: true, rng: rand.New(rand.NewPCG(seed, 77))}
	b.accept(b.take)
	return b
}

// rest makes it calm, or lets it cut again.
func (b *breaker) rest(calm bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calm = calm
	if calm {
		b.deaf = time.Time{}
	}
}

func (b *breaker) counted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cuts
}

func (b *breaker) isDeaf() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.deaf)
}

func (b *breaker) take(c net.Conn) {
	if b.isDeaf() {
		c.Close()
		return
	}
	b.connect(c, b.addr, 13, (*cutLink).control)
}

// connect passes a connection on; most is the exponent of before which octet it is cut, if it is.
func (b *breaker) connect(c net.Conn, addr string, most int, down func(*cutLink)) {
	s, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		c.Close() // the server has taken the port back
		return
	}
	if !b.keep(c, s) {
		return
	}
	k := &cutLink{b: b, client: c.(*net.TCPConn), server: s.(*net.TCPConn), left: b.plan(most), isData: addr != b.addr}
	var ended sync.WaitGroup
	ended.Go(func() { k.copy(k.server, k.client) })
	ended.Go(func() { down(k) })
	b.all.Go(func() {
		ended.Wait()
		b.drop(c, s)
	})
}

// plan says after how many octets a new connection is cut.
func (b *breaker) plan(most int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rng.IntN(3) == 0 {
		return -1
	}
	return b.rng.IntN(1 << b.rng.IntN(most))
}

// may says how many of n octets pass; with cut the connection ends behind them.
func (k *cutLink) may(n int) (pass int, cut bool) {
	k.b.mu.Lock()
	defer k.b.mu.Unlock()
	switch {
	case k.left < 0 || k.b.calm:
		return n, false
	case k.left > n:
		k.left -= n
		return n, false
	}
	pass, k.left = k.left, -1
	k.b.cuts++
	if k.b.rng.IntN(8) == 0 {
		k.b.deaf = time.Now().Add(time.Duration(k.b.rng.IntN(200)) * time.Millisecond)
	}
	return pass, true
}

// send passes octets on; false if that is the end.
func (k *cutLink) send(to *net.TCPConn, data []byte) bool {
	pass, cut := k.may(len(data))
	if cut && k.b.wholeLines && !k.isData && to == k.server {
		pass = bytes.LastIndexByte(data[:pass], '\n') + 1
	}
	if _, err := to.Write(data[:pass]); err != nil && !cut {
		k.client.Close()
		k.server.Close()
		return false
	}
	if cut {
		k.strike()
	}
	return !cut
}

// strike ends the connection. One for data is never ended by FIN: if the server has
// handed all to its kernel and says 226, no client can know that a listing is not
// whole.
func (k *cutLink) strike() {
	k.b.mu.Lock()
	reset := k.b.rng.IntN(2) == 0 || k.isData
	k.b.mu.Unlock()
	if reset {
		k.client.SetLinger(0)
		k.server.SetLinger(0)
	}
	k.client.Close()
	k.server.Close()
}

func (k *cutLink) copy(to, from *net.TCPConn) {
	buf := make([]byte, 8<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !k.send(to, buf[:n]) {
			return
		}
		if err != nil {
			to.CloseWrite()
			return
		}
	}
}

// control passes what the server says; where it tells a port, that is one of the
// breaker.
func (k *cutLink) control() {
	in := bufio.NewReader(k.server)
	for {
		line, err := in.ReadString('\n')
		if line != "" && !k.send(k.client, []byte(k.b.replaced(line))) {
			return
		}
		if err != nil {
			k.client.CloseWrite()
			return
		}
	}
}

// data passes what comes on a data connection.
func (k *cutLink) data() { k.copy(k.client, k.server) }

var (
	extendedPort = regexp.MustCompile(`^229 .*\(\|\|\|(\d+)\|\)`)
	passivePort  = regexp.MustCompile(`^227 .*?(\d+,\d+,\d+,\d+),(\d+),(\d+)`)
)

// replaced is a reply with a port that leads to the server's.
func (b *breaker) replaced(line string) string {
	if m := extendedPort.FindStringSubmatch(line); m != nil {
		port, _ := strconv.Atoi(m[1]) // digits, by the pattern, as below
		return strings.Replace(line, "|||"+m[1]+"|", fmt.Sprintf("|||%d|", b.between(port)), 1)
	}
	if m := passivePort.FindStringSubmatch(line); m != nil {
		high, _ := strconv.Atoi(m[2])
		low, _ := strconv.Atoi(m[3])
		port := b.between(high<<8 | low)
		return strings.Replace(line, strings.Join(m[1:], ","), fmt.Sprintf("%s,%d,%d", m[1], port>>8, port&255), 1)
	}
	return line
}

// between listens for one data connection to a port of the server and returns on
// which port it does.
func (b *breaker) between(port int) int {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.t.Errorf("breaker: %v", err)
		return port
	}
	l.SetDeadline(time.Now().Add(patience))
	if b.keep(l) {
		b.all.Go(func() {
			defer b.drop(l)
			if c, err := l.Accept(); err == nil { // else the client has not come
				b.connect(c, fmt.Sprintf("127.0.0.1:%d", port), 19, (*cutLink).data)
			}
		})
	}
	return l.Addr().(*net.TCPAddr).Port
}
