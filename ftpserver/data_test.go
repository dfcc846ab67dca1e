package ftpserver_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

// listen waits for the server on a free port.
func listen(t *testing.T, network, host string) (*net.TCPListener, int) {
	t.Helper()
	l, err := net.Listen(network, net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skipf("no %s here: %v", network, err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener), l.Addr().(*net.TCPAddr).Port
}

func TestActive(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "content")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	l, port := listen(t, "tcp4", "127.0.0.1")
	for _, command := range []string{
		fmt.Sprintf("PORT 127,0,0,1,%d,%d", port>>8, port&255),
		fmt.Sprintf("EPRT |1|127.0.0.1|%d|", port),
		fmt.Sprintf("EPRT !2!::ffff:127.0.0.1!%d!", port),
	} {
		c.do(command, "200")
		c.do("RETR f", "150")
		data, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(data); string(got) != "content" || err != nil {
			t.Errorf("%s: %q, %v", command, got, err)
		}
		data.Close()
		c.expect("226")
	}
	l.Close()
	c.do(fmt.Sprintf("EPRT |1|127.0.0.1|%d|", port), "200")
	c.do("RETR f", "150")
	c.expect("425")
}

// TestBounce: no data connection to anyone else, nor to a well-known port.
func TestBounce(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	for _, refused := range []string{
		"PORT 10,9,8,7,100,0", "PORT 127,0,0,2,100,0", "PORT 127,0,0,1,0,22", "PORT 127,0,0,1,3,255", "PORT 127,0,0,1,0,0",
		"EPRT |1|10.9.8.7|25600|", "EPRT |1|127.0.0.1|1023|", "EPRT |2|::ffff:10.9.8.7|25600|",
		"EPRT |2|::ffff:127.0.0.1|80|", "EPRT |2|::1|25600|", "EPRT |1|::1|25600|", "EPRT |2|127.0.0.1|25600|",
		"PORT 127,0,0,1,4", "PORT 127,0,0,1,4,256", "PORT a,0,0,1,4,1", "PORT 127,0,0,1,4,1,1", "PORT -1,0,0,1,4,1",
		"EPRT |1|127.0.0.1|65536|", "EPRT |1|127.0.0.1|", "EPRT |1|localhost|25600|", "EPRT |", "EPRT x", "PORT", "EPRT",
	} {
		c.do(refused, "501")
	}
	c.do("EPRT |3|x|25600|", "522 Network protocol not supported, use (1)")
	c.do("LIST", "425")
}

// TestPassiveIsForThePeerOnly: another address that connects first is turned
// away and gets nothing.
func TestPassiveIsForThePeerOnly(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "secret")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	port := epsvPort.FindStringSubmatch(c.do("EPSV", "229"))[1]
	thief := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: patience}
	stolen, err := thief.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Skipf("no second loopback address: %v", err)
	}
	defer stolen.Close()
	data := dialData(t, "127.0.0.1:"+port)
	c.do("RETR f", "150")
	if got, err := io.ReadAll(data); string(got) != "secret" || err != nil {
		t.Errorf("the client got %q, %v", got, err)
	}
	c.expect("226")
	if got, _ := io.ReadAll(stolen); len(got) > 0 {
		t.Errorf("the other got %q", got)
	}
}

func TestPassiveReplies(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), PassiveHost: "192.0.2.7"}))
	c.do("PASV", "227 Entering Passive Mode (192,0,2,7,")
	c.do("EPSV 1", "229 ")
	c.do("EPSV 2", "522 Network protocol not supported, use (1)")
	c.do("EPSV x", "501")
	c.do("EPSV all", "200")
	for _, refused := range []string{"PASV", "PORT 127,0,0,1,100,0", "EPRT |1|127.0.0.1|25600|"} {
		c.do(refused, "501")
	}
	if got := c.get("NLST"); got != "" {
		t.Errorf("NLST: %q", got)
	}
}

func TestPassivePortRange(t *testing.T) {
	l, port := listen(t, "tcp4", "127.0.0.1")
	l.Close()
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), PassiveMin: port, PassiveMax: port}))
	c.do("PASV", fmt.Sprintf("227 Entering Passive Mode (127,0,0,1,%d,%d).", port>>8, port&255))
	other := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), PassiveMin: port, PassiveMax: port}))
	other.do("EPSV", "425")
}

func TestIPv6(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "six")
	srv, err := ftpserver.New(ftpserver.Options{FS: fsys, Anonymous: true})
	must(t, err)
	l, port := listen(t, "tcp6", "::1")
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() { srv.Close(); <-served }()
	c := dial(t, fmt.Sprintf("[::1]:%d", port))
	c.expect("220")
	c.do("USER ftp", "331")
	c.do("PASS x", "230")
	c.do("TYPE I", "200")
	c.do("PASV", "425")
	c.do("EPSV 1", "522 Network protocol not supported, use (2)")
	data := dialData(t, "[::1]:"+epsvPort.FindStringSubmatch(c.do("EPSV 2", "229"))[1])
	c.do("RETR f", "150")
	if got, _ := io.ReadAll(data); string(got) != "six" {
		t.Errorf("passive: %q", got)
	}
	c.expect("226")
	client, port := listen(t, "tcp6", "::1")
	c.do(fmt.Sprintf("EPRT |2|::1|%d|", port), "200")
	c.do("RETR f", "150")
	active, err := client.Accept()
	must(t, err)
	defer active.Close()
	if got, _ := io.ReadAll(active); string(got) != "six" {
		t.Errorf("active: %q", got)
	}
	c.expect("226")
}

// TestSecondPassiveReplacesFirst: the first port is given back.
func TestSecondPassiveReplacesFirst(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	first := epsvPort.FindStringSubmatch(c.do("EPSV", "229"))[1]
	data := c.passive()
	if conn, err := net.Dial("tcp", "127.0.0.1:"+first); err == nil {
		conn.Close()
		t.Error("the first port is still open")
	}
	c.do("NLST", "150")
	if got, err := io.ReadAll(data); len(got) > 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.expect("226")
	if strings.Contains(c.do("STAT", "211"), "prepared") {
		t.Error("a used connection counts as prepared")
	}
}

// TestDualStack: on a socket for both families an IPv4 client is one.
func TestDualStack(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "both")
	srv, err := ftpserver.New(ftpserver.Options{FS: fsys, Users: map[string]ftpserver.User{"u": {Check: ftpserver.Password("p")}}})
	must(t, err)
	l, port := listen(t, "tcp", "::")
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() { srv.Close(); <-served }()
	c := login(t, fmt.Sprintf("127.0.0.1:%d", port))
	c.do("EPSV 2", "522 Network protocol not supported, use (1)")
	c.do("PASV", "227 Entering Passive Mode (127,0,0,1,")
	if got := c.get("RETR f"); got != "both" {
		t.Errorf("passive: %q", got)
	}
	client, port := listen(t, "tcp4", "127.0.0.1")
	c.do(fmt.Sprintf("PORT 127,0,0,1,%d,%d", port>>8, port&255), "200")
	c.do("RETR f", "150")
	active, err := client.Accept()
	must(t, err)
	defer active.Close()
	if got, _ := io.ReadAll(active); string(got) != "both" {
		t.Errorf("active: %q", got)
	}
	c.expect("226")
}
