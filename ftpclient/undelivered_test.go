package ftpclient

import (
	"net"
	"testing"
	"time"
)

// TestUndelivered: what the other side does not take is not left to be sent later; what
// it has got, is told the end.
func TestUndelivered(t *testing.T) {
	for _, full := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		theirs, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		if full {
			c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			for err == nil {
				_, err = c.Write(make([]byte, 1<<20))
			}
		} else if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		} else if _, err := theirs.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if got := undelivered(c.(*net.TCPConn)); got != full {
			t.Errorf("undelivered: %v, want %v", got, full)
		}
	}
}
