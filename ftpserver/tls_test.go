package ftpserver_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

// TestTLSSession transfers both ways, whole files and none, over TLS.
func TestTLSSession(t *testing.T) {
	big := pattern(1 << 19)
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
			c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys, RequireTLS: true}, false), config)
			for name, body := range map[string]string{"empty": "", "big": big} {
				c.put("STOR "+name, body)
				if got := read(t, fsys, name); got != body {
					t.Errorf("%s: %d bytes were stored of %d", name, len(got), len(body))
				}
				if got := c.get("RETR " + name); got != body {
					t.Errorf("%s: got %d bytes of %d", name, len(got), len(body))
				}
			}
			c.do("REST 500000", "350")
			if got := c.get("RETR big"); got != big[500000:] {
				t.Errorf("after REST: %d bytes", len(got))
			}
			if got := names(c.get("LIST")); len(got) != 2 {
				t.Errorf("LIST: %q", got)
			}
			c.do("QUIT", "221")
			c.expectEOF() // with close_notify, or crypto/tls would not know
		})
	})
}

// TestTLSIsAnnounced: in FEAT if there is TLS, else AUTH is not implemented.
func TestTLSIsAnnounced(t *testing.T) {
	c := dial(t, serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}, false))
	c.expect("220")
	feat := c.do("FEAT", "211-")
	for _, want := range []string{"\n AUTH TLS\n", "\n PBSZ\n", "\n PROT\n"} {
		if !strings.Contains(feat, want) {
			t.Errorf("FEAT lacks %q: %q", want, feat)
		}
	}
	c = dial(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	c.expect("220")
	if feat := c.do("FEAT", "211-"); strings.Contains(feat, "AUTH") || strings.Contains(feat, "PROT") {
		t.Errorf("FEAT: %q", feat)
	}
	c.do("AUTH TLS", "502")
}

// TestTLSCommands: the order and the arguments of AUTH, PBSZ and PROT.
func TestTLSCommands(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "12345")
	addr := serveTLS(t, ftpserver.Options{FS: fsys}, false)
	c := dial(t, addr)
	c.expect("220")
	c.do("PBSZ 0", "503")
	c.do("PROT P", "503")
	c.do("AUTH KERBEROS_V4", "504")
	c.do("USER u", "331")
	c.do("PASS p", "230")
	c.do("auth tls-c", "234")
	s := c.overTLS(clientTLS(t, tls.VersionTLS13))
	s.do("PWD", "530") // a login in the clear does not count any more
	s.do("AUTH TLS", "503")
	s.do("PROT P", "503")
	s.do("PBSZ x", "501")
	s.do("PBSZ 0", "200")
	s.do("PROT S", "536")
	s.do("PROT E", "536")
	s.do("PROT X", "504")
	s.do("REIN", "502")
	s.do("USER u", "331")
	s.do("PASS p", "230")
	if got := s.raw.get("RETR f"); got != "12345" {
		t.Errorf("without PROT P: %q", got)
	}
	s.do("PROT P", "200")
	if got := s.get("RETR f"); got != "12345" {
		t.Errorf("with PROT P: %q", got)
	}
	s.do("PROT C", "200")
	if got := s.raw.get("RETR f"); got != "12345" {
		t.Errorf("with PROT C: %q", got)
	}

	c = dial(t, addr)
	c.expect("220")
	c.do("AUTH SSL", "234")
	s = c.overTLS(clientTLS(t, tls.VersionTLS12))
	s.do("USER u", "331")
	s.do("PASS p", "230")
	if got := s.get("RETR f"); got != "12345" {
		t.Errorf("AUTH SSL implies PROT P: %q", got)
	}
}

func TestRequireTLS(t *testing.T) {
	c := dial(t, serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), RequireTLS: true, Anonymous: true}, false))
	c.expect("220")
	c.do("USER u", "530")
	c.do("PASS p", "503")
	c.do("USER ftp", "530")
	c.do("AUTH TLS", "234")
	s := c.overTLS(clientTLS(t, tls.VersionTLS13))
	s.do("USER u", "331")
	s.do("PASS p", "230")
	for _, command := range []string{"LIST", "NLST", "MLSD", "STOR f", "STOU", "APPE f"} {
		s.passive()
		s.do(command, "521")
	}
	s.do("SIZE f", "550") // nothing was made
	s.do("PBSZ 0", "200")
	s.do("PROT C", "534")
	s.do("PROT P", "200")
	s.put("STOR f", "x")
}

func TestImplicitTLS(t *testing.T) {
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		addr := serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), RequireTLS: true, MaxConnections: 1}, true)
		c := dial(t, addr).overTLS(config)
		c.expect("220")
		c.do("AUTH TLS", "503")
		c.do("USER u", "331")
		c.do("PASS p", "230")
		c.put("STOR f", "12345") // PROT P is the default
		if got := c.get("RETR f"); got != "12345" {
			t.Errorf("%q", got)
		}
		refused := dial(t, addr).overTLS(config)
		refused.expect("421")
		refused.expectEOF()
		c.do("QUIT", "221")
		c.expectEOF()
	})
}

// TestImplicitTLSNotSpoken: whoever speaks in the clear gets no greeting.
func TestImplicitTLSNotSpoken(t *testing.T) {
	c := dial(t, serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}, true))
	c.write("USER u\r\nPASS p\r\n")
	got, err := io.ReadAll(c.r)
	if strings.Contains(string(got), "220") || strings.Contains(string(got), "331") {
		t.Errorf("%q, %v", got, err)
	}
}

// TestInjectionBeforeTLS: what came in the clear is never obeyed under TLS.
func TestInjectionBeforeTLS(t *testing.T) {
	addr := serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}, false)
	c := dial(t, addr)
	c.expect("220")
	c.write("AUTH TLS\r\nUSER u\r\n")
	if got := c.reply(); strings.HasPrefix(got, "421") {
		c.expectEOF()
	} else if conn := tls.Client(c.conn, clientTLS(t, tls.VersionTLS13)); conn.HandshakeContext(withTimeout(t)) == nil {
		t.Error("a handshake after an injected command") // it came in a segment of its own
	}

	c = dial(t, addr)
	c.expect("220")
	c.do("AUTH TLS", "234")
	c.write("USER u\r\nPASS p\r\n")
	if got, _ := io.ReadAll(c.r); strings.Contains(string(got), "331") {
		t.Errorf("a command in the clear was obeyed: %q", got)
	}
}

// TestALPN: a client that means another protocol is turned away.
func TestALPN(t *testing.T) {
	addr := serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}, true)
	for protocol, want := range map[string]bool{"ftp": true, "h2": false, "imap": false} {
		config := clientTLS(t, tls.VersionTLS13)
		config.NextProtos = []string{protocol}
		conn := tls.Client(dial(t, addr).conn, config)
		err := conn.HandshakeContext(withTimeout(t))
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		if (err == nil) != want {
			t.Errorf("%s: %v", protocol, err)
		}
	}
}

// TestSessionReuse: only the control connection's session opens the door.
func TestSessionReuse(t *testing.T) {
	eachVersion(t, func(t *testing.T, config *tls.Config) {
		fsys := ftpserver.NewMemFS(0)
		addr := serveTLS(t, ftpserver.Options{FS: fsys, RequireSessionReuse: true}, false)
		c := loginTLS(t, addr, config)
		for range 3 {
			c.put("STOR f", "12345")
			if got := c.get("RETR f"); got != "12345" {
				t.Fatalf("%q", got)
			}
		}
		other := loginTLS(t, addr, clientTLS(t, config.MaxVersion))
		for name, wrong := range map[string]*tls.Config{
			"no session":         {RootCAs: config.RootCAs, ServerName: "localhost"},
			"session of another": other.config,
		} {
			stranger := &rawTLS{c.raw, wrong}
			conn, tcp := stranger.data("RETR f")
			if got, _ := io.ReadAll(conn); len(got) > 0 {
				t.Errorf("%s: got %q", name, got)
			}
			tcp.Close()
			c.expect("522")
		}
		if got := c.get("RETR f"); got != "12345" {
			t.Errorf("afterwards: %q", got)
		}
	})
}

// TestTLSOptions: TLS that cannot work is an error before anyone connects.
func TestTLSOptions(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	for name, o := range map[string]ftpserver.Options{
		"no certificate": {TLS: &tls.Config{}},
		"required":       {RequireTLS: true},
		"reuse":          {RequireSessionReuse: true},
	} {
		o.FS = fsys
		if _, err := ftpserver.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	srv, err := ftpserver.New(ftpserver.Options{FS: fsys})
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	if err := srv.ServeTLS(l); err == nil || errors.Is(err, ftpserver.ErrServerClosed) {
		t.Errorf("ServeTLS without TLS: %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is open")
	}
}
