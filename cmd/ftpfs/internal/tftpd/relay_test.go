package tftpd

import (
	"net"
	"sync"
	"testing"
)

// relay is between a client and a server, and loses each packet the first time
// that it comes by, if lossy.
type relay struct {
	front *net.UDPConn // clients see it as the server
	lossy bool

	mu   sync.Mutex
	seen map[string]bool
	lost int
}

// startRelay relays to the server until the test ends, each client through a
// socket of its own.
func startRelay(t *testing.T, server *net.UDPAddr, lossy bool) *relay {
	t.Helper()
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{front: front, lossy: lossy, seen: make(map[string]bool)}
	var all sync.WaitGroup
	all.Go(func() { r.serve(t, server, &all) })
	t.Cleanup(func() { front.Close(); all.Wait() })
	return r
}

func (r *relay) serve(t *testing.T, server *net.UDPAddr, all *sync.WaitGroup) {
	clients := make(map[string]*leg)
	defer func() {
		for _, c := range clients {
			c.back.Close()
		}
	}()
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := r.front.ReadFromUDP(buf)
		if err != nil {
			return
		}
		c := clients[from.String()]
		if c == nil {
			back, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Error(err)
				return
			}
			c = &leg{back: back, to: server}
			clients[from.String()] = c
			all.Go(func() { r.answer(c, from) })
		}
		if !r.loses("c" + from.String() + string(buf[:n])) {
			c.mu.Lock()
			to := c.to
			c.mu.Unlock()
			_, _ = c.back.WriteToUDP(buf[:n], to) // may be lost, too
		}
	}
}

// leg is the way of one client's packets.
type leg struct {
	back *net.UDPConn
	mu   sync.Mutex
	to   *net.UDPAddr // the server, and then its port of the transfer
}

func (r *relay) answer(c *leg, client *net.UDPAddr) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := c.back.ReadFromUDP(buf)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.to = from
		c.mu.Unlock()
		if !r.loses("s" + client.String() + string(buf[:n])) {
			_, _ = r.front.WriteToUDP(buf[:n], client)
		}
	}
}

func (r *relay) loses(packet string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.lossy || r.seen[packet] {
		return false
	}
	r.seen[packet] = true
	r.lost++
	return true
}
