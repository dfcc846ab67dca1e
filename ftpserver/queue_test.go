package ftpserver_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// TestQueueIsBounded sends commands for as long as the server takes them, while
// a transfer that nobody reads holds them up.
func TestQueueIsBounded(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	data := c.passive()
	defer data.Close() // until then it is not read
	c.do("RETR huge", "150")
	c.conn.SetWriteDeadline(time.Now().Add(3 * time.Second))
	line := "NOOP " + strings.Repeat("x", 8000) + "\r\n"
	const flood = 64 << 20 // the queue and the sockets' buffers hold a third of it
	written := 0
	for written < flood {
		n, err := io.WriteString(c.conn, line)
		if written += n; err != nil {
			break
		}
	}
	if written >= flood {
		t.Errorf("%d octets of commands were read ahead", written)
	}
}
