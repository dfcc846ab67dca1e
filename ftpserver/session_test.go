package ftpserver_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// TestSession walks through what a filesystem client does first.
func TestSession(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("MKD /d", `257 "/d"`)
		big := pattern(1 << 19)
		c.put("STOR /d/f", big)
		c.do("SIZE /d/f", "213 524288")
		if got := c.get("RETR /d/f"); got != big {
			t.Fatalf("RETR returned %d other bytes", len(got))
		}
		if got := names(c.get("LIST /d")); len(got) != 1 || got[0] != "f" {
			t.Errorf("LIST shows %q", got)
		}
		if got := names(c.get("MLSD /d")); len(got) != 3 || got[2] != "f" {
			t.Errorf("MLSD shows %q", got)
		}
		c.do("RNFR /d/f", "350")
		c.do("RNTO /g", "250")
		c.do("SIZE /d/f", "550 No such file or directory")
		c.do("DELE /g", "250")
		c.do("RMD /d", "250")
		c.do("CWD /d", "550 No such file or directory")
		c.do("QUIT", "221")
		c.expectEOF()
	})
}

// TestPipelining sends everything at once, before the greeting is read.
func TestPipelining(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "12345")
	c := dial(t, start(t, ftpserver.Options{FS: fsys}))
	c.write("USER u\r\nPASS p\r\nTYPE I\r\nPWD\r\n" + strings.Repeat("SIZE f\r\nMDTM f\r\n", 500) +
		"RNFR f\r\nRNTO g\r\nRNFR g\r\nRNTO f\r\nEPSV\r\nRETR f\r\nSIZE f\nNOOP\r\nPWD\r\n")
	for _, want := range []string{"220", "331", "230", "200", "257"} {
		c.expect(want)
	}
	for range 500 {
		c.expect("213 5")
		c.expect("213 2")
	}
	for _, want := range []string{"350", "250", "350", "250"} {
		c.expect(want)
	}
	data := dialData(t, "127.0.0.1:"+epsvPort.FindStringSubmatch(c.expect("229"))[1])
	c.expect("150")
	if got, err := io.ReadAll(data); string(got) != "12345" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, want := range []string{"226", "213 5", "200", "257"} {
		c.expect(want)
	}
}

// TestFloodDuringTransfer sends more commands than are read ahead.
func TestFloodDuringTransfer(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	data := c.passive()
	c.do("RETR huge", "150")
	const flood = 20000
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c.conn, strings.Repeat("NOOP\r\n", flood))
		written <- err
	}()
	if n, err := io.Copy(io.Discard, data); n != 16<<20 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	c.expect("226")
	for range flood {
		c.expect("200")
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

func TestTelnetAndLineEnds(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	for _, line := range []string{
		"PWD\n", "pwd\r\n", "\xff\xfb\x06PWD\r\n", "P\xff\xfd\x01WD\r\n", "\xff\xf1PWD\r\n",
		"\xff\xfa\x18\x00xterm\r\n\xff\xf0PWD\r\n", "\xffPWD\r\n", "PWD\xff\xf4\r\n",
	} {
		c.write(line)
		c.expect(`257 "/"`)
	}
	c.do("MKD a\xff\xff", "257 \"/a\xff\xff\"")
	c.do("RMD a\xffb", "550")
	c.do("RMD a\xff", "250") // IAC CR is no Telnet command: the byte is meant
}

func TestLongLines(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	c.do("NOOP "+strings.Repeat("x", 8000), "200")
	c.do("NOOP "+strings.Repeat("x", 9000), "500 Command line too long.")
	c.write("NOOP ")
	for range 10 {
		c.write(strings.Repeat("x", 100000))
	}
	c.write("\r\nPWD\r\n")
	c.expect("500 Command line too long.")
	c.expect("257")
}

func TestStrangersAreCutOff(t *testing.T) {
	addr := start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)})
	c := dial(t, addr)
	c.expect("220")
	c.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nUSER u\r\nPASS p\r\nDELE f\r\n")
	c.expect("500")
	c.expectEOF()

	c = dial(t, addr)
	c.expect("220")
	c.do("EHLO x", "500")
	c.do("NOOP", "200")
	for range 4 {
		c.do("MAIL FROM:<a>", "500")
	}
	c.expectEOF()

	c = login(t, addr)
	for range 24 {
		c.do("XSHA256 f", "500")
	}
	c.do("NOOP", "200")
	c.do("XSHA256 f", "500")
}

func TestIdle(t *testing.T) {
	c := dial(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), IdleTimeout: 20 * time.Millisecond}))
	c.expect("220")
	c.expect("421 Idle for 20ms")
	c.expectEOF()
}

func TestConnectionLimits(t *testing.T) {
	addr := start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), MaxConnections: 3, MaxPerAddress: 2})
	first, second := dial(t, addr), dial(t, addr)
	first.expect("220")
	second.expect("220")
	third := dial(t, addr)
	third.expect("421 Too many connections (2) from your address.")
	third.expectEOF()
	for _, want := range []string{"220", "421 Too many connections (3)"} {
		other := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: patience}
		conn, err := other.Dial("tcp", addr)
		if err != nil {
			t.Skipf("no second loopback address: %v", err)
		}
		defer conn.Close()
		(&raw{t, conn, bufio.NewReader(conn)}).expect(want)
	}
	first.do("QUIT", "221")
	first.expectEOF()
	first.conn.Close()
	waitUntil(t, func() bool { return strings.HasPrefix(dial(t, addr).reply(), "220") })
}

func TestShutdownWaitsForTransfers(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	addr, srv := startServer(t, ftpserver.Options{FS: fsys})
	idle, busy := login(t, addr), login(t, addr)
	data := busy.passive()
	busy.do("RETR huge", "150")
	ended := make(chan error, 1)
	go func() { ended <- srv.Shutdown(withTimeout(t)) }()
	idle.expect("421")
	idle.expectEOF()
	idle.conn.Close()
	if n, err := io.Copy(io.Discard, data); n != 16<<20 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	busy.expect("226")
	busy.expect("421")
	busy.expectEOF()
	busy.conn.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
	if err := srv.ListenAndServe("127.0.0.1:0"); err != ftpserver.ErrServerClosed {
		t.Errorf("serving again: %v", err)
	}
}

func TestCloseCutsOff(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	addr, srv := startServer(t, ftpserver.Options{FS: fsys})
	c := login(t, addr)
	c.passive()
	c.do("RETR huge", "150")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := srv.Shutdown(ctx); err != context.Canceled {
		t.Errorf("Shutdown: %v", err)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	io.Copy(io.Discard, c.r) // ends, with or without an error
}
