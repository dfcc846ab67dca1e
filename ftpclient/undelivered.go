package ftpclient

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// forgetUndelivered has a connection that is closed next end without what the other
// side has not got yet. Else the system goes on to send it when nobody waits for it any
// more: a STOR that was given up while the link was cut would make its file when the
// link is back, after that was cleared away. A server that has got all is told the end
// in the usual way, and again if need be.
func forgetUndelivered(nc net.Conn) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok || !undelivered(tcp) {
		return
	}
	tcp.SetLinger(0) // else it is as without
}

// undelivered tells whether the system holds something that was not acknowledged.
func undelivered(c syscall.Conn) (some bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	raw.Control(func(fd uintptr) { // an error means that it is closed
		n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		some = err == nil && n > 0
	})
	return some
}
