package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// how a connection is struck.
type how int

const (
	byReset how = iota
	byFIN
	bySilence
)

// whom a fault strikes.
type whom int

const (
	theData    whom = iota // the data connection whose octet it is
	theControl             // the control connection whose octet it is, or all if it is one of data
	everything             // all connections
	nothing                // the relay only tells that the octet has come
)

// fault is what the relay does when an octet comes from the server: the n-th that
// comes on any data connection, or any control connection, since it was set.
type fault struct {
	how    how
	whom   whom
	onData bool // n counts octets of data
	n      int64
	always bool          // n counts for each connection, and each one is struck
	down   time.Duration // for how long nobody can connect, then
}

func (f fault) String() string {
	s := [...]string{"RST", "FIN", "silence"}[f.how] + " on " + [...]string{"the data connection", "the control connection", "all connections", "nothing"}[f.whom]
	of := "control"
	if f.onData {
		of = "data"
	}
	if s += fmt.Sprintf(" at octet %d of %s", f.n, of); f.always {
		s += ", each time"
	}
	if f.down > 0 {
		s += fmt.Sprintf(", nobody listens for %v", f.down)
	}
	return s
}

// relay makes the connections of one client.
type relay struct {
	control string // the address of control connections
	work    sync.WaitGroup

	mu      sync.Mutex
	fault   *fault // guarded by mu, as all below
	links   map[*link]bool
	seen    [2]int64 // octets since the fault was set, of control and of data
	refuses time.Time
	struck  chan struct{} // closed when the fault strikes first
}

// link is one connection.
type link struct {
	r              *relay
	client, server *net.TCPConn
	data           bool
	// Guarded by r.mu.
	passed int64 // since the fault was set
	muted  bool
	over   int // directions that have ended
}

func newRelay(control string) *relay {
	return &relay{control: control, links: map[*link]bool{}, struck: make(chan struct{})}
}

var errRefused = errors.New("the relay refuses connections")

// dial connects through the relay; it is for ftpclient.Options.
func (r *relay) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	r.mu.Lock()
	refused := time.Now().Before(r.refuses)
	r.mu.Unlock()
	if refused {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errRefused}
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var d net.Dialer
	server, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	client, err := d.DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		server.Close()
		return nil, err
	}
	ours, err := l.AcceptTCP()
	if err != nil {
		client.Close()
		server.Close()
		return nil, err
	}
	k := &link{r: r, client: ours, server: server.(*net.TCPConn), data: addr != r.control}
	r.mu.Lock()
	r.links[k] = true
	r.mu.Unlock()
	r.work.Go(k.up)
	r.work.Go(k.down)
	return client, nil
}

// set makes f the fault; nil is none. The channel is closed when it strikes.
func (r *relay) set(f *fault) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault, r.seen, r.struck = f, [2]int64{}, make(chan struct{})
	for k := range r.links {
		k.passed = 0
	}
	return r.struck
}

// count returns how many connections there are, and how many octets of data have
// come since the fault was set.
func (r *relay) count() (control, data int, octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.links {
		if k.data {
			data++
		} else {
			control++
		}
	}
	return control, data, r.seen[1]
}

// up passes what the client sends.
func (k *link) up() {
	defer k.end()
	buf := make([]byte, 16<<10)
	for {
		n, err := k.client.Read(buf)
		if n > 0 && !k.isMuted() {
			if _, werr := k.server.Write(buf[:n]); werr != nil {
				return // down tells the client
			}
		}
		if err != nil {
			break
		}
	}
	if k.data && !k.isMuted() {
		k.server.CloseWrite() // the server may go on
		return
	}
	k.server.Close()
}

// down passes what the server sends, to where a fault strikes.
func (k *link) down() {
	defer k.end()
	buf := make([]byte, 16<<10)
	for {
		n, err := k.server.Read(buf)
		pass, strike := k.came(int64(n))
		if _, werr := k.client.Write(buf[:pass]); werr != nil {
			k.server.Close()
			return
		}
		if strike != nil {
			if k.r.strike(k, *strike) && strike.how != bySilence {
				return
			}
			rest, _ := k.came(int64(n) - pass)
			if _, werr := k.client.Write(buf[pass : pass+rest]); werr != nil {
				k.server.Close()
				return
			}
		}
		if err != nil {
			break
		}
	}
	if !k.isMuted() {
		k.client.CloseWrite()
	}
}

// end is called at the end of each direction.
func (k *link) end() {
	k.r.mu.Lock()
	k.over++
	over := k.over == 2
	if over {
		delete(k.r.links, k)
	}
	k.r.mu.Unlock()
	if over {
		k.client.Close()
		k.server.Close()
	}
}

func (k *link) isMuted() bool {
	k.r.mu.Lock()
	defer k.r.mu.Unlock()
	return k.muted
}

// came counts octets and says how many of them pass until the fault strikes.
func (k *link) came(n int64) (pass int64, strike *fault) {
	r, class := k.r, 0
	if k.data {
		class = 1
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k.muted {
		return 0, nil
	}
	f, before := r.fault, r.seen[class]
	r.seen[class] += n
	if f == nil || f.onData != k.data {
		k.passed += n
		return n, nil
	}
	if f.always {
		before = k.passed
	}
	k.passed += n
	if before > f.n || before+n <= f.n {
		return n, nil
	}
	if r.seen[class] -= n - (f.n - before); !f.always {
		r.fault = nil
	}
	select {
	case <-r.struck:
	default:
		close(r.struck)
	}
	return f.n - before, f
}

// strike strikes, for the octet of k, and tells whether k is among the struck.
func (r *relay) strike(k *link, f fault) (itself bool) {
	r.mu.Lock()
	if f.down > 0 {
		r.refuses = time.Now().Add(f.down)
	}
	var all []*link
	for o := range r.links {
		if o == k && f.whom != theControl || o == k && !k.data || f.whom == everything || f.whom == theControl && f.onData && !o.data {
			all = append(all, o)
		}
	}
	r.mu.Unlock()
	for _, o := range all {
		itself = itself || o == k
		o.strike(f.how)
	}
	return itself
}

// strike ends a connection, or silences it for good.
func (k *link) strike(h how) {
	switch h {
	case byReset:
		k.client.SetLinger(0)
		k.client.Close()
		k.server.SetLinger(0)
		k.server.Close()
	case byFIN:
		k.client.CloseWrite() // all that was passed can be read
		k.server.SetLinger(0)
		k.server.Close()
	case bySilence:
		k.r.mu.Lock()
		k.muted = true
		k.r.mu.Unlock()
	}
}
