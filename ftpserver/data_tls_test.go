package ftpserver_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

// TestTLSTruncatedUpload: FIN without close_notify, between two records, is
// not the end of a file.
func TestTLSTruncatedUpload(t *testing.T) {
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		fsys := ftpserver.NewMemFS(0)
		c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys}, false), config)
		conn, tcp := c.data("STOR f")
		if _, err := io.WriteString(conn, "half of it"); err != nil {
			t.Fatal(err)
		}
		tcp.CloseWrite()
		if got := c.expect("426"); !strings.Contains(got, "close_notify") {
			t.Errorf("%q", got)
		}
		c.put("STOR f", "all of it")
		if got := read(t, fsys, "f"); got != "all of it" {
			t.Errorf("%q", got)
		}
	})
}

// watchedConn notices FIN, which crypto/tls takes for the end of the data.
type watchedConn struct {
	net.Conn
	fin bool
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.fin = c.fin || err == io.EOF
	return n, err
}

// TestTLSDownloadEnds by close_notify before FIN.
func TestTLSDownloadEnds(t *testing.T) {
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		fsys := ftpserver.NewMemFS(0)
		write(t, fsys, "f", "12345")
		c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys}, false), config)
		tcp := c.passive()
		c.do("RETR f", "150")
		watch := &watchedConn{Conn: tcp}
		conn := tls.Client(watch, config)
		got, err := io.ReadAll(conn)
		if string(got) != "12345" || err != nil || watch.fin {
			t.Errorf("%q, %v; FIN was read: %v", got, err, watch.fin)
		}
		c.expect("226")
	})
}

// TestTLSAbort: STAT and ABOR work while data flows over TLS.
func TestTLSAbort(t *testing.T) {
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		fsys := ftpserver.NewMemFS(0)
		huge(t, fsys, "huge")
		c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys}, false), config)
		conn, tcp := c.data("RETR huge")
		if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if got := c.do("STAT", "211-"); !strings.Contains(got, "RETR: ") || !strings.Contains(got, "protected") {
			t.Errorf("STAT: %q", got)
		}
		c.do("AUTH TLS\r\nABOR", "426") // the second AUTH holds up nothing
		c.expect("503")
		c.expect("226")
		tcp.Close()

		_, tcp = c.data("STOR up")
		c.do("ABOR", "426")
		c.expect("226")
		tcp.Close()
		c.passive()
		c.do("STOR up", "150") // no handshake comes
		c.do("ABOR", "426")
		c.expect("226")
		c.do("NOOP", "200")
	})
}

// TestAuthDuringTransfer: refused, and the session goes on in the clear.
func TestAuthDuringTransfer(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	c := login(t, serveTLS(t, ftpserver.Options{FS: fsys}, false))
	data := c.passive()
	c.do("RETR huge", "150")
	c.write("AUTH TLS\r\nPWD\r\nABOR\r\n")
	for _, want := range []string{"426", "503", "257", "226"} {
		c.expect(want)
	}
	data.Close()
	c.do("AUTH NONE", "504")
	c.do("AUTH TLS", "234")
	c.overTLS(clientTLS(t, tls.VersionTLS13)).do("NOOP", "200")
}

// TestTLSDataInTheClear: who answers 150 without a handshake gets nothing.
func TestTLSDataInTheClear(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "secret")
	c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys}, false), clientTLS(t, tls.VersionTLS13))
	tcp := c.passive()
	c.do("RETR f", "150")
	io.WriteString(tcp, "what is this?\r\n")
	if got, _ := io.ReadAll(tcp); strings.Contains(string(got), "secret") {
		t.Errorf("%q", got)
	}
	c.expect("425")
	if got := c.get("RETR f"); got != "secret" {
		t.Errorf("%q", got)
	}
}

// TestTLSActive: the server connects and is the server of TLS all the same
// (RFC 4217 section 7).
func TestTLSActive(t *testing.T) {
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		fsys := ftpserver.NewMemFS(0)
		write(t, fsys, "f", "content")
		addr := serveTLS(t, ftpserver.Options{FS: fsys, RequireSessionReuse: true}, false)
		c := loginTLS(t, addr, config)
		l, port := listen(t, "tcp4", "127.0.0.1")
		c.do(fmt.Sprintf("EPRT |1|127.0.0.1|%d|", port), "200")
		c.do("RETR f", "150")
		tcp, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer tcp.Close()
		if got, err := io.ReadAll(tls.Client(tcp, config)); string(got) != "content" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		c.expect("226")
	})
}
