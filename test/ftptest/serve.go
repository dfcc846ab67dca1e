package ftptest

import (
	"errors"
	"net"
	"testing"

	"ftpfs/ftpserver"
)

// Serve has the bundled server, with whatever options, listen in this process on
// 127.0.0.1 until the test ends, and returns where.
func Serve(t testing.TB, server *ftpserver.Server) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		err := server.Close()
		if ended := <-served; !errors.Is(ended, ftpserver.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return l.Addr().(*net.TCPAddr)
}
