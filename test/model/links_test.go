package model

import (
	"io"
	"net"
	"sync"
	"testing"
)

// links is what a relay between a mount and its server listens on and has open,
// all of which close ends.
type links struct {
	listen net.Listener
	all    sync.WaitGroup // what works for it

	openMu sync.Mutex
	open   map[io.Closer]bool // guarded by openMu, as closed
	closed bool
}

func newLinks(t testing.TB) *links {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &links{listen: l, open: map[io.Closer]bool{}}
	t.Cleanup(k.close)
	return k
}

// accept hands on who connects, until it is closed.
func (k *links) accept(connect func(net.Conn)) {
	k.all.Go(func() {
		for {
			c, err := k.listen.Accept()
			if err != nil {
				return // closed
			}
			connect(c)
		}
	})
}

// keep notes what is to be closed in the end; false if it is too late.
func (k *links) keep(all ...io.Closer) bool {
	k.openMu.Lock()
	defer k.openMu.Unlock()
	for _, c := range all {
		if k.closed {
			c.Close()
			continue
		}
		k.open[c] = true
	}
	return !k.closed
}

func (k *links) drop(all ...io.Closer) {
	k.openMu.Lock()
	defer k.openMu.Unlock()
	for _, c := range all {
		delete(k.open, c)
		c.Close()
	}
}

// close ends all that is open and waits for who works with it.
func (k *links) close() {
	k.openMu.Lock()
	k.closed = true
	k.listen.Close()
	for c := range k.open {
		c.Close()
	}
	k.openMu.Unlock()
	k.all.Wait()
}
