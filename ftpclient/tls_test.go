package ftpclient

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tlsClient is a client of a fake over TCP.
func tlsClient(f *tcpFake, change func(*Options)) *Client {
	return f.client(func(o *Options) {
		o.Dial = f.dial
		change(o)
	})
}

// Where TLS is required no name and no password is sent without it.
func TestTLSDowngrade(t *testing.T) {
	for name, answers := range map[string]map[string]string{
		"no AUTH at all": {"AUTH": "500 what?"},
		"502":            {"AUTH": "502 no"},
		"431":            {"AUTH": "431 no certificate"},
		"421":            {"AUTH": "421 bye"},
		"200":            {"AUTH": "200 fine, go on"},
		"injection":      {"AUTH": "234 go\r\n331 password?\r\n230 in"},
		"230 greeting":   {"": "230 in already"},
		"PROT 534":       {"PROT": "534 no"},
		"PROT 536":       {"PROT": "536 no"},
		"PROT 500":       {"PROT": "500 what?"},
		"blank line":     {"AUTH": "234 go\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, nil)
				tf := secureFake(f, tls.VersionTLS12)
				if g := answers[""]; g != "" {
					f.greeting = g
				}
				f.hook = func(s *fakeSession, verb, arg string) bool {
					if answer := answers[verb]; answer != "" {
						s.say(answer)
						return true
					}
					return tf.hook(s, verb, arg)
				}
				_, err := f.client(tf.explicit).Connect(t.Context())
				want := KindTLS
				if name == "421" {
					want = KindTooMany
				}
				wantKind(t, "Connect", err, want)
				for _, verb := range []string{"USER", "PASS", "FEAT", "CWD"} {
					if n := f.count(verb); n != 0 {
						t.Errorf("%s was sent %d times", verb, n)
					}
				}
			})
		})
	}
}

// SecurityTry goes on without TLS, says so, and does not do so any more once
// the server was seen to have it.
func TestTLSTry(t *testing.T) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, 0)
	without := true
	f.hook = func(s *fakeSession, verb, arg string) bool {
		if verb == "AUTH" && without {
			s.say("502 no")
			return true
		}
		return tf.hook(s, verb, arg)
	}
	var learned []string
	c := tlsClient(f, func(o *Options) {
		tf.explicit(o)
		o.Security = SecurityTry
		o.Trace = &Trace{Learned: func(fact string) { learned = append(learned, fact) }}
	})
	reconnect := func() error {
		cn, err := c.pool.acquire(t.Context(), need{fresh: true})
		if err == nil {
			cn.broken = io.EOF
			c.pool.release(cn)
		}
		return err
	}
	noError(t, "connect in the clear", reconnect())
	if !slices.Contains(learned, "TLS: none, all is in the clear: no") || c.Features().TLS != "" {
		t.Errorf("learned %q", learned)
	}
	without = false
	noError(t, "connect with TLS", reconnect())
	isTLS := func(s string) bool { return strings.HasPrefix(s, "TLS: TLS 1.") }
	if c.Features().TLS == "" || !slices.ContainsFunc(learned, isTLS) {
		t.Errorf("learned %q", learned)
	}
	without = true
	wantKind(t, "connect in the clear after TLS", reconnect(), KindTLS)
}

// Implicit TLS begins at once, on its own port.
func TestTLSImplicit(t *testing.T) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, 0)
	f.start = tf.upgrade
	c := tlsClient(f, func(o *Options) {
		tf.explicit(o)
		o.Security = SecurityImplicit
	})
	got, err := readAll(t.Context(), c, "/f", 0)
	noError(t, "read", err)
	if got != "abc" || f.count("AUTH") != 0 || f.count("PROT") != 1 || c.opts.Port != 990 {
		t.Errorf("read %q, port %d, commands %q", got, c.opts.Port, f.log)
	}
	plain := newTCPFake(t, nil)
	_, err = tlsClient(plain, func(o *Options) { o.Security = SecurityImplicit }).Connect(t.Context())
	wantKind(t, "Connect to a server without", err, KindTLS)
}

// Whose certificate does not fit is not told a name; pins take the place of
// everything else.
func TestTLSCertificates(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		good := tf.config.Certificates
		leaf := good[0].Leaf
		key := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
		var unknown x509.UnknownAuthorityError
		var wrongName x509.HostnameError
		var expired x509.CertificateInvalidError
		old := tf.ca.issue("server.test", time.Now().Add(-time.Hour))
		for name, tt := range map[string]struct {
			change func(*Options)
			cert   *tls.Certificate
			as     any
			is     error
		}{
			"known":        {change: func(*Options) {}},
			"unknown":      {change: func(o *Options) { o.TLS = nil }, as: &unknown},
			"wrong name":   {change: func(o *Options) { o.Host = "other.test" }, as: &wrongName},
			"expired":      {change: func(*Options) {}, cert: &old, as: &expired},
			"not verified": {change: func(o *Options) { o.TLS = &tls.Config{InsecureSkipVerify: true} }},
			"pinned":       {change: func(o *Options) { o.TLS, o.TLSPins, o.Host = nil, []string{Fingerprint(leaf)}, "other.test" }},
			"pinned key": {change: func(o *Options) {
				o.TLS, o.TLSPins = nil, []string{Fingerprint(tf.ca.cert), base64.StdEncoding.EncodeToString(key[:])}
			}},
			"pinned another": {change: func(o *Options) { o.TLSPins = []string{Fingerprint(tf.ca.cert)} }, is: ErrPin},
		} {
			tf.config = &tls.Config{Certificates: good, MaxVersion: version}
			if tt.cert != nil {
				tf.config.Certificates = []tls.Certificate{*tt.cert}
			}
			users := f.count("USER")
			c := tlsClient(f, func(o *Options) { tf.explicit(o); tt.change(o) })
			_, err := c.Connect(t.Context())
			c.Close()
			if tt.as == nil && tt.is == nil {
				noError(t, name, err)
				continue
			}
			wantKind(t, name, err, KindTLS)
			if tt.as != nil && !errors.As(err, tt.as) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%s: %v, want %T %v", name, err, tt.as, tt.is)
			}
			var failed *tls.CertificateVerificationError
			if !errors.As(err, &failed) || len(failed.UnverifiedCertificates) == 0 {
				t.Errorf("%s: %v does not hold the certificate", name, err)
			}
			if f.count("USER") != users {
				t.Errorf("%s: USER was sent", name)
			}
		}
	})
}

func TestParsePins(t *testing.T) {
	want := sha256.Sum256([]byte("x"))
	digits := strings.ToUpper(Fingerprint(&x509.Certificate{Raw: []byte("x")}))
	var colons []string
	for i := 0; i < len(digits); i += 2 {
		colons = append(colons, digits[i:i+2])
	}
	b64 := base64.StdEncoding.EncodeToString(want[:])
	for _, text := range []string{digits, strings.ToLower(digits), strings.Join(colons, ":"), "sha256:" + digits,
		"SHA256:" + b64, "sha256//" + b64, strings.TrimRight(b64, "="), " " + b64 + "\n"} {
		if p, ok := parsePin(text); !ok || p != pin(want) {
			t.Errorf("%q: %x, %v", text, p, ok)
		}
	}
	for _, text := range []string{"", "sha256:", "abcd", digits[2:], digits + "00", b64[4:], "sha1:" + digits} {
		if _, err := New(Options{Host: "h", Security: SecurityExplicit, TLSPins: []string{text}}); err == nil {
			t.Errorf("pin %q was taken", text)
		}
	}
}

// Session tickets that come late, and half a record, are no reason to give a
// connection up; a word and the end are.
func TestTLSNotStale(t *testing.T) {
	f := newTCPFake(t, nil)
	tf := secureFake(f.fake, tls.VersionTLS13)
	c := tlsClient(f, tf.explicit)
	cn, err := dialControl(t.Context(), 1, c.srv, &c.opts, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer cn.close("done")
	greeting, err := cn.greeting()
	noError(t, "greeting", err)
	noError(t, "AUTH", cn.auth(greeting))
	until(t, "the tickets arrive", func() bool { ready, _ := readable(cn.raw); return ready })
	if cn.stale() {
		t.Error("stale by a ticket")
	}
	if _, ok := cn.tls.sessions.Get(""); !ok {
		t.Error("the ticket was not kept")
	}
	noError(t, "PROT", cn.protect(true))
	if cn.stale() {
		t.Error("stale by nothing")
	}
	s := f.session(0)
	noop, err := cn.cmd("NOOP", "")
	if err != nil || noop.code != 200 {
		t.Errorf("NOOP: %v %v", noop, err)
	}
	s.say("421 Timeout.")
	until(t, "the word is seen", cn.stale)
}

// A connection that its server closed, with or without close_notify, is stale.
func TestTLSStale(t *testing.T) {
	for name, end := range map[string]func(*fakeSession){
		"closed": func(s *fakeSession) { s.nc.Close() },
		"cut":    func(s *fakeSession) { s.nc.(*tls.Conn).NetConn().Close() },
		"421":    func(s *fakeSession) { s.say("421 Timeout.") },
	} {
		versions(t, func(t *testing.T, version uint16) {
			f := newTCPFake(t, nil)
			tf := secureFake(f.fake, version)
			c := tlsClient(f, tf.explicit)
			_, err := c.Connect(t.Context())
			noError(t, "Connect", err)
			c.pool.mu.Lock()
			idle := c.pool.idle[0]
			c.pool.mu.Unlock()
			if idle.stale() {
				t.Errorf("%s: stale before the end", name)
			}
			end(f.session(0))
			until(t, name+": the end arrives", idle.stale)
			noError(t, "Mkdir", c.Mkdir(t.Context(), "/d"))
			if n := f.count("MKD"); n != 1 {
				t.Errorf("%s: MKD was sent %d times", name, n)
			}
		})
	}
}

// The control connection ends with close_notify.
func TestTLSControlEnds(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		ends := make(chan bool, 1)
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "AUTH" {
				s.say("234 go")
				w := &wire{Conn: s.nc}
				s.nc = w
				tf.upgrade(s)
				return true
			}
			if verb == "QUIT" {
				s.say("221 bye")
				_, err := s.in.ReadByte()
				ends <- err == io.EOF && !s.nc.(*tls.Conn).NetConn().(*wire).ended
				s.hangUp()
				return true
			}
			return tf.hook(s, verb, arg)
		}
		c := tlsClient(f, tf.explicit)
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		c.Close()
		if !<-ends {
			t.Error("cut")
		}
	})
}

// quirkAuthSSL, quirkAuth334, quirkPBSZ, quirkProtAfterLogin: servers that are
// not quite like RFC 4217 are as secure.
func TestTLSLeniencies(t *testing.T) {
	loggedIn := false
	for name, hook := range map[string]func(s *fakeSession, verb, arg string) string{
		"AUTH SSL": func(_ *fakeSession, verb, arg string) string {
			if verb == "AUTH" && arg == "TLS" {
				return "504 unknown"
			}
			return ""
		},
		"334": func(_ *fakeSession, verb, _ string) string {
			if verb == "AUTH" {
				return "334 go"
			}
			return ""
		},
		"PBSZ": func(_ *fakeSession, verb, _ string) string {
			if verb == "PBSZ" {
				return "502 no"
			}
			return ""
		},
		"PROT after login": func(_ *fakeSession, verb, _ string) string {
			loggedIn = loggedIn || verb == "PASS"
			if verb == "PROT" && !loggedIn {
				return "503 log in first"
			}
			return ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTCPFake(t, map[string]string{"/f": "abc"})
			tf := secureFake(f.fake, 0)
			f.hook = func(s *fakeSession, verb, arg string) bool {
				answer := hook(s, verb, arg)
				if answer == "" {
					return tf.hook(s, verb, arg)
				}
				s.say(answer)
				if strings.HasPrefix(answer, "334") {
					tf.upgrade(s)
				}
				return true
			}
			c := tlsClient(f, tf.explicit)
			_, err := readAll(t.Context(), c, "/f", 0)
			noError(t, "read", err)
			if c.Features().TLS == "" || len(tf.resumed) != 1 {
				t.Errorf("not secure: %+v", c.Features())
			}
		})
	}
}

// quirkDemandsTLS: a login refused for want of TLS is told from a wrong
// password and from a full server.
func TestLoginDemandsTLS(t *testing.T) {
	for _, refusal := range []string{
		"530 Non-anonymous sessions must use encryption.",
		"550 SSL/TLS required on the control channel",
		"421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.",
		"534 Policy requires it.",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.hook = func(s *fakeSession, verb, _ string) bool {
				if verb == "USER" {
					s.say(refusal)
				}
				return verb == "USER"
			}
			_, err := f.client(nil).Connect(t.Context())
			wantKind(t, refusal, err, KindTLS)
		})
	}
}

// A handshake that is not answered ends.
func TestTLSSilentHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "AUTH" {
				s.say("234 go")
				io.Copy(io.Discard, s.nc)
				s.hangUp()
			}
			return verb == "AUTH"
		}
		c := f.client(func(o *Options) { o.Security = SecurityExplicit })
		start := time.Now()
		_, err := c.Connect(t.Context())
		wantKind(t, "Connect", err, KindTimeout)
		if took := time.Since(start); took > c.opts.ReplyTimeout {
			t.Errorf("after %v of the bubble's time", took)
		}
		ctx, cancel := contextWithCancel(t)
		f2 := go1(func() error { _, err := c.Connect(ctx); return err })
		<-time.After(downFirst)
		cancel()
		if err := <-f2; err == nil {
			t.Error("connected")
		}
	})
}

// A server that waits for a handshake is found out.
func TestLoginAtImplicitServer(t *testing.T) {
	for _, answer := range []string{"", "421 TLS handshake failed\r\n", "\x15\x03\x01\x00\x02\x02\x46"} {
		for _, security := range []Security{SecurityNone, SecurityTry, SecurityExplicit} {
			synctest.Test(t, func(t *testing.T) {
				c := dialScript(t, func(nc net.Conn, lines *bufio.Scanner) {
					lines.Scan()
					nc.Write([]byte(answer))
				})
				c.opts.Security, c.opts.tls = security, new(tls.Config)
				_, err := c.Connect(t.Context())
				wantKind(t, answer, err, KindTLS)
			})
		}
	}
}

// A server that wants a certificate of us gets it on every connection; without
// one the error is TLS's.
func TestTLSClientCertificate(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, map[string]string{"/f": "abc"})
		tf := secureFake(f.fake, version)
		tf.config.ClientAuth, tf.config.ClientCAs = tls.RequireAndVerifyClientCert, tf.ca.pool
		mine := tf.ca.issue("me", time.Time{})
		c := tlsClient(f, func(o *Options) {
			tf.explicit(o)
			o.TLS.Certificates = []tls.Certificate{mine}
		})
		_, err := readAll(t.Context(), c, "/f", 0)
		noError(t, "read", err)
		c.Close()
		_, err = tlsClient(f, tf.explicit).Connect(t.Context())
		wantKind(t, "Connect without a certificate", err, KindTLS)
	})
}
