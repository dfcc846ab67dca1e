package ftpclient

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each way to talk a client out of TLS, where it is required, with what the
// server is sent in the clear: never a name, a password or a path.
func TestDowngrades(t *testing.T) {
	refuse := map[string]string{}
	for _, verb := range []string{"AUTH", "PROT"} {
		for _, code := range []int{200, 202, 331, 421, 431, 450, 500, 502, 503, 504, 530, 533, 534, 536, 550} {
			refuse[fmt.Sprintf("%s %d", verb, code)] = fmt.Sprintf("%d no, log in", code)
		}
	}
	delete(refuse, "PROT 200")
	delete(refuse, "PROT 202")
	for name, answer := range refuse {
		for _, known := range []bool{false, true} { // SecurityTry with a server that had TLS before is as strict
			t.Run(fmt.Sprintf("%s, known %v", name, known), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, map[string]string{"/secret": "abc"})
					f.feat = []string{"UTF8"} // and no AUTH
					tf := secureFake(f, tls.VersionTLS12)
					verb, _, _ := strings.Cut(name, " ")
					f.hook = hooks(says(verb, answer), tf.hook)
					var wire wireLog
					c := f.client(func(o *Options) {
						tf.explicit(o)
						if o.Dial = wire.dial(f.dial); known {
							o.Security = SecurityTry
						}
					})
					if known {
						c.srv.security("TLS 1.3, AES", "TLS")
					}
					_, err := c.List(t.Context(), "/secret")
					if !isKind(err, KindTLS, KindTooMany, KindLogin, KindBusy, KindNetwork) {
						t.Errorf("%v", err)
					}
					onlyAuthInTheClear(t, wire.String())
					if verb == "AUTH" && strings.Contains(wire.String(), "\x16\x03") {
						t.Error("a handshake was begun, though AUTH was refused")
					}
					if f.count("CWD")+f.count("EPSV")+f.count("PASV") > 0 {
						t.Errorf("sent %q", f.commands())
					}
				})
			})
		}
	}
}

// onlyAuthInTheClear checks what went over the wire before the handshake.
func onlyAuthInTheClear(t *testing.T, wire string) {
	t.Helper()
	plain, _, _ := strings.Cut(wire, "\x16\x03") // where a handshake begins
	for line := range strings.SplitSeq(plain, "\r\n") {
		if line != "" && line != "AUTH TLS" && line != "AUTH SSL" && line != "QUIT" {
			t.Errorf("in the clear: %q", line)
		}
	}
}

// A greeting that claims a login, words behind 234, a server that goes on in
// the clear after 234, and one in the clear where TLS is implicit, are sent
// nothing.
func TestDowngradesOfTheStart(t *testing.T) {
	for name, tc := range map[string]struct {
		security         Security
		greeting, answer string
	}{
		"230 greeting":               {SecurityExplicit, "230 in already", "234 go"},
		"120 and 230":                {SecurityExplicit, "120 wait\r\n230 in already", "234 go"},
		"more behind 234":            {SecurityExplicit, "220 hi", "234 go\r\n230 in"},
		"half a line behind 234":     {SecurityExplicit, "220 hi", "234 go\r\n230-"},
		"one octet behind 234":       {SecurityExplicit, "220 hi", "234 go\r\n\x16"},
		"many lines and one more":    {SecurityExplicit, "220 hi", "234-go\r\n234 go\r\n331 user?"},
		"implicit, greets as usual":  {SecurityImplicit, "220 hi", ""},
		"implicit, claims a login":   {SecurityImplicit, "230 in already", ""},
		"implicit, words of refusal": {SecurityImplicit, "421 use explicit TLS", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				c := dialScript(t, func(nc net.Conn, _ *bufio.Scanner) {
					in := bufio.NewReader(nc)
					if tc.security == SecurityImplicit {
						in.Peek(1) // a pipe holds nothing: it must be read
						in.Discard(in.Buffered())
					}
					io.WriteString(nc, tc.greeting+"\r\n")
					for {
						line, err := in.ReadString('\n')
						if err != nil {
							return
						}
						if got = append(got, line); strings.HasPrefix(line, "AUTH") {
							io.WriteString(nc, tc.answer+"\r\n")
						}
					}
				})
				c.opts.Security, c.opts.tls = tc.security, &tls.Config{ServerName: "server.test"}
				_, err := c.Connect(t.Context())
				wantKind(t, name, err, KindTLS)
				c.Close()
				synctest.Wait()
				for _, line := range got {
					if strings.HasSuffix(line, "\r\n") && line != "AUTH TLS\r\n" {
						t.Errorf("sent %q", line)
					}
				}
			})
		})
	}
}

// A download over TLS that is cut is never whole, wherever the cut is: between
// two records, in one, before the first; nor is a listing.
func TestTLSCuts(t *testing.T) {
	ops := map[string]func(*testing.T, *Client) error{
		"RETR": func(t *testing.T, c *Client) error { _, err := readAll(t.Context(), c, "/f", 0); return err },
		"LIST": func(t *testing.T, c *Client) error { _, err := c.List(t.Context(), "/"); return err },
	}
	versions(t, func(t *testing.T, version uint16) {
		for verb, op := range ops {
			for name, cut := range map[string]func(*tlsData){
				"at once":         func(d *tlsData) { d.handshake() },
				"between records": func(d *tlsData) { io.WriteString(d, "total 1\r\n") },
				"in a record": func(d *tlsData) {
					io.WriteString(d, "total 1\r\n")
					d.wire.Conn.Write([]byte{0x17, 3, 3, 0, 200, 1, 2, 3}) // of 200 octets, three
				},
				"in a header": func(d *tlsData) {
					io.WriteString(d, "total 1\r\n")
					d.wire.Conn.Write([]byte{0x17, 3})
				},
			} {
				f := newTCPFake(t, map[string]string{"/f": "abc"})
				tf := secureFake(f.fake, version)
				f.hook = hooks(on(verb, func(s *fakeSession, _ string) {
					d := s.accept().(*tlsData)
					s.say("150 go")
					cut(d)
					if tcp, ok := d.wire.Conn.(*net.TCPConn); ok {
						tcp.CloseWrite() // an end, and no reset
					}
					s.say("226 that was all")
				}), tf.hook)
				wantKind(t, verb+", cut "+name, op(t, tlsClient(f, tf.explicit)), KindTruncated)
			}
		}
	})
}

// A data connection that is not secure is not used, though the server takes it
// so: neither is what it sends believed, nor is it sent anything.
func TestTLSDataInTheClear(t *testing.T) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, 0)
	var got []byte
	f.hook = func(s *fakeSession, verb, arg string) bool {
		switch verb {
		case "PROT":
			s.say("200 fine") // and data goes in the clear
		case "STOR":
			nc := s.accept()
			s.say("150 go")
			nc.SetReadDeadline(time.Now().Add(5 * time.Second))
			got, _ = io.ReadAll(nc)
			nc.Close()
			s.say("226 stored")
		default:
			return tf.hook(s, verb, arg)
		}
		return true
	}
	c := tlsClient(f, func(o *Options) { tf.explicit(o); o.DataTimeout = 300 * time.Millisecond })
	text, err := readAll(t.Context(), c, "/f", 0)
	if !isKind(err, KindTLS, KindNetwork, KindTruncated) || text != "" {
		t.Errorf("read %q, %v", text, err)
	}
	_, err = c.Store(t.Context(), "/g", strings.NewReader("a secret"), StoreOptions{})
	if err == nil || strings.Contains(string(got), "secret") {
		t.Errorf("sent %q, %v", got, err)
	}
}

// Each control connection has a TLS session of its own, which nobody else is
// offered: not other connections, not other clients.
func TestTLSSessionsAreNotShared(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, map[string]string{"/f": "abc"})
		tf := secureFake(f.fake, version)
		var offered []bool
		f.hook = hooks(on("PBSZ", func(s *fakeSession, _ string) {
			s.mu.Lock()
			offered = append(offered, s.nc.(*tls.Conn).ConnectionState().DidResume)
			s.mu.Unlock()
			s.say("200 ok")
		}), tf.hook)
		for range 2 {
			c := tlsClient(f, tf.explicit)
			d := hold(t, c, "/f")
			_, err := readAll(t.Context(), c, "/f", 0)
			noError(t, "read on a second connection", err)
			noError(t, "Close", d.Close())
			c.Close()
		}
		if len(offered) != 4 || slices.Contains(offered, true) {
			t.Errorf("control connections resumed: %v", offered)
		}
		tf.mu.Lock()
		defer tf.mu.Unlock()
		if slices.Contains(tf.resumed, false) {
			t.Errorf("data connections resumed: %v", tf.resumed)
		}
	})
}
