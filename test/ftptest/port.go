package ftptest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Servers listen on ports from firstPort to lastPort. The kernel gives none of
// these to a connection or to a listener that asks for any, so the port of a
// server that was stopped is still free when it starts again, whatever other
// tests do meanwhile.
const firstPort, lastPort = 20000, 32000

// given are the ports that this process has given out.
var given struct {
	sync.Mutex
	ports map[int]bool
}

// choosePort returns a port for the server. What is free where Inside says
// cannot be seen from here; another server there has another port.
func (s *Server) choosePort() (int, error) {
	if s.opts.start == nil {
		return freePort(s.Host)
	}
	return firstPort + rand.IntN(lastPort-firstPort+1), nil
}

// freePort returns a TCP port of an address that nobody listens on just now,
// and no other server of this process was given.
func freePort(host string) (port int, err error) {
	given.Lock()
	defer given.Unlock()
	if given.ports == nil {
		given.ports = map[int]bool{}
	}
	for range 100 {
		port = firstPort + rand.IntN(lastPort-firstPort+1)
		if given.ports[port] {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			given.ports[port] = true
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port: %w", err)
}
