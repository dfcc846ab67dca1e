package ftpserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// TestTruncatedUploadIsRemoved: what an attacker cut is not taken for a file.
func TestTruncatedUploadIsRemoved(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "old", "old content")
		write(t, fsys, "kept", "0123456789")
		must(t, fsys.Symlink("kept", "link"))
		c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys}, false), clientTLS(t, tls.VersionTLS13))
		cut := func(command string) {
			t.Helper()
			conn, tcp := c.data(command)
			if _, err := io.WriteString(conn, "half"); err != nil {
				t.Fatal(err)
			}
			tcp.CloseWrite()
			c.expect("426")
			tcp.Close()
		}
		for _, name := range []string{"new", "old"} {
			cut("STOR " + name)
			c.do("SIZE "+name, "550")
		}
		cut("STOU")
		c.do("SIZE upload", "550")
		// What was there before the upload cannot be taken away.
		cut("APPE kept")
		if got := read(t, fsys, "kept"); got != "0123456789half" {
			t.Errorf("APPE: %q", got)
		}
		c.do("REST 2", "350")
		cut("STOR kept")
		if got := read(t, fsys, "kept"); got != "01half6789half" {
			t.Errorf("REST, STOR: %q", got)
		}
		cut("STOR link")
		if got := read(t, fsys, "kept"); got != "" {
			t.Errorf("through a link: %q", got)
		}
		c.do("MLST link", "250")
	})
}

// TestEchoesForgeNoReplies: no name makes a line that begins with a reply, as
// firewalls that look for 227 would take it (CERT VU#328867).
func TestEchoesForgeNoReplies(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	const evil = "227 Entering Passive Mode (10,9,8,7,0,22)."
	for _, name := range []string{evil, "\r" + evil, "x\r\x00" + evil, "\xff\xff" + evil, strings.Repeat("A", 1460-6) + evil} {
		c.do("TYPE I", "200")
		c.write("MKD " + name + "\r\n")
		made := c.reply()
		for _, command := range []string{"CWD ", "STAT ", "MLST ", "HELP ", "SITE ", "SITE HELP ", "OPTS ", "OPTS HASH ", "MFMT 20200101000000 ",
			"MFF modify=20200101000000; ", "RNFR ", "SIZE ", "STAT . ", "TYPE ", "EPSV ", "LIST ", "AVBL ", "ALLO ", "REST ", "", "PWD ", "CWD /\r\nRMD "} {
			c.write(command + name + "\r\n")
			got := c.reply()
			if command == "CWD /\r\nRMD " {
				got += "\n" + c.reply()
			}
			for i, line := range strings.Split(made+"\n"+got, "\n") {
				if strings.HasPrefix(line, "227") || strings.ContainsAny(line, "\r\x00") {
					t.Errorf("%s: line %d is %q", command, i, line)
				}
			}
			c.do("CWD /", "250")
		}
	}
	// What is echoed without being a name.
	if got := c.do("MFF \r227=1; f", "504"); strings.Contains(got, "\r") || !strings.Contains(got, "?227") {
		t.Errorf("MFF: %q", got)
	}
}

// constantMessages fails if a client's text is in the message of a record
// instead of in an attribute, which handlers quote.
type constantMessages struct {
	slog.Handler
	t *testing.T
}

func (h constantMessages) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "evil") {
		h.t.Errorf("a client's text in a message: %q", r.Message)
	}
	return h.Handler.Handle(ctx, r)
}

func (h constantMessages) WithAttrs(attrs []slog.Attr) slog.Handler {
	return constantMessages{h.Handler.WithAttrs(attrs), h.t}
}

// lockedBuffer is written by several sessions.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TestLogInjection: names, users and lines of clients make no lines of the
// log and reach no terminal, and no password is in it.
func TestLogInjection(t *testing.T) {
	var out lockedBuffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})
	o := ftpserver.Options{FS: ftpserver.NewMemFS(0), Log: slog.New(constantMessages{handler, t}),
		Users: map[string]ftpserver.User{"u": {Check: ftpserver.Password("verysecret")}}}
	addr, srv := startServer(t, o)
	c := dial(t, addr)
	c.expect("220")
	c.do("USER evil\x1b[2J\rlevel=ERROR", "331")
	c.do("PASS verysecret", "530")
	c.do("USER u", "331")
	c.do("PASS verysecret", "230")
	c.do("TYPE I", "200")
	c.put("STOR evil\x1b]0;x\x07", "x")
	c.do("QUIT", "221")
	c.expectEOF()
	c.conn.Close()
	must(t, srv.Close())
	if log := out.String(); strings.ContainsAny(log, "\x1b\r\x07") || strings.Contains(log, "verysecret") || strings.Count(log, "evil") != 2 {
		t.Errorf("log:\n%q", log)
	}
}

// TestSlowLines: who sends an endless line, byte by byte, is idle, and so is
// an endless Telnet command.
func TestSlowLines(t *testing.T) {
	for _, begin := range []string{"NOOP ", "\xff\xfa"} {
		c := dial(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), IdleTimeout: 100 * time.Millisecond}))
		c.expect("220")
		c.write(begin)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for tick := time.Tick(time.Millisecond); ; <-tick {
				if _, err := c.conn.Write([]byte("x")); err != nil {
					return
				}
			}
		}()
		c.expect("421 Idle")
		<-ended
	}
}

// TestLoginTimeout: commands do not keep a session that has not logged in.
func TestLoginTimeout(t *testing.T) {
	addr := start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), LoginTimeout: 100 * time.Millisecond})
	in := login(t, addr)
	c := dial(t, addr)
	c.expect("220")
	for got := ""; !strings.HasPrefix(got, "421 No login"); got = c.reply() {
		if _, err := io.WriteString(c.conn, "NOOP\r\n"); err != nil {
			break
		}
	}
	in.do("NOOP", "200")
	in.do("USER u", "331") // who was logged in has the time anew
	in.do("PASS p", "230")
}

// TestGlobBombs: patterns cost no more than a look at one directory.
func TestGlobBombs(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	for i := range 200 {
		write(t, fsys, strings.Repeat("a", 50+i), "")
	}
	must(t, fsys.Mkdir("d", 0o755))
	write(t, fsys, "d/f", "")
	for _, profile := range []string{"", "vsftpd"} {
		c := profiled(t, profile, fsys)
		for _, pattern := range []string{strings.Repeat("*a", 100) + "b", strings.Repeat("{a,b}", 500) + "*", strings.Repeat("{", 3000), strings.Repeat("{a,b", 1500), strings.Repeat("[a", 1000),
			strings.Repeat("?*", 120) + "b", "*/*", "*/../*/../*/../*"} {
			c.passive()
			c.write("LIST " + pattern + "\r\nPWD\r\n")
			got := c.reply()
			if got[:3] == "150" {
				c.expect("226")
			}
			c.expect("257")
		}
	}
}

// TestEndlessTelnet: runs of IAC are commands or bytes, never more memory.
func TestEndlessTelnet(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	for _, run := range []string{strings.Repeat("\xff", 100001), strings.Repeat("\xff\xf4", 50000), strings.Repeat("\xff\xfd\x01", 30000),
		"\xff\xfa" + strings.Repeat("\xff", 99999) + "x\xff\xf0"} {
		c.write(run + "\r\nPWD\r\n")
		if got := c.reply(); got[:3] != "500" {
			t.Errorf("%q", got)
		}
		c.expect("257")
	}
}

// TestHostIsNotSeen: replies tell nothing of the host's paths.
func TestHostIsNotSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "host's") // a number could be part of a time
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "f"), nil, 0o600))
	c := login(t, start(t, ftpserver.Options{FS: openDir(t, dir)}))
	for _, command := range []string{"CWD nope", "RETR nope", "STOR no/pe", "MKD f", "RMD f", "DELE nope", "RNFR nope", "SIZE nope",
		"STAT", "STAT .", "STAT nope", "MLST nope", "HASH nope", "AVBL nope", "HELP", "SITE HELP", "PWD", "MLST ."} {
		c.write(command + "\r\n")
		if got := c.reply(); strings.Contains(got, filepath.Base(dir)) || strings.Contains(got, "/tmp") {
			t.Errorf("%s: %q", command, got)
		}
	}
}

// TestThirdPartyData: with TLS a neighbour on the client's own address gets
// nothing either; see TestSessionReuse. Here it comes first and stays.
func TestThirdPartyData(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys, RequireSessionReuse: true}, false), clientTLS(t, tls.VersionTLS13))
	port := epsvPort.FindStringSubmatch(c.do("EPSV", "229"))[1]
	thief := dialData(t, net.JoinHostPort("127.0.0.1", port))
	c.do("STOR f", "150")
	conn := tls.Client(thief, clientTLS(t, tls.VersionTLS13))
	if err := conn.HandshakeContext(withTimeout(t)); err == nil {
		io.WriteString(conn, "forged")
		conn.Close()
	}
	c.expect("522")
	if _, err := fsys.Stat("f"); err == nil && read(t, fsys, "f") != "" {
		t.Errorf("a stranger stored %q", read(t, fsys, "f"))
	}
}
