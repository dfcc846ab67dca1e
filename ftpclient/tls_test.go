package ftpclient

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
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

// Everything works over TLS, every data connection resumes the session of its
// control connection, and an empty file has a handshake too.
func TestTLSTransfers(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, map[string]string{"/f": "abc", "/empty": ""})
		tf := secureFake(f.fake, version)
		tf.require = true
		c := tlsClient(f, tf.explicit)
		got, err := readAll(t.Context(), c, "/f", 1)
		noError(t, "read", err)
		empty, err := readAll(t.Context(), c, "/empty", 0)
		noError(t, "read of an empty file", err)
		if got != "bc" || empty != "" {
			t.Errorf("read %q and %q", got, empty)
		}
		_, err = c.List(t.Context(), "/")
		noError(t, "List", err)
		_, err = c.Store(t.Context(), "/g", strings.NewReader(""), StoreOptions{})
		noError(t, "Store of nothing", err)
		_, err = c.Store(t.Context(), "/h", strings.NewReader("xyz"), StoreOptions{})
		noError(t, "Store", err)
		if h, _ := f.get("/h"); h != "xyz" {
			t.Errorf("stored %q", h)
		}
		if len(tf.resumed) < 5 || slices.Contains(tf.resumed, false) {
			t.Errorf("resumed: %v, want all of them", tf.resumed)
		}
		features := c.Features()
		if !strings.HasPrefix(features.TLS, tls.VersionName(version)) || features.Resumption != Yes {
			t.Errorf("%+v", features)
		}
	})
}

// Long uploads arrive whole: the unread tickets of TLS 1.3 do not make a reset
// of the close.
func TestTLSUploadsWhole(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		c := tlsClient(f, tf.explicit)
		content := make([]byte, 4<<20)
		rand.Read(content)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 5 {
					path := "/" + strconv.Itoa(i)
					_, err := c.Store(t.Context(), path, bytes.NewReader(content), StoreOptions{})
					noError(t, "Store", err)
					if got, _ := f.get(path); got != string(content) {
						t.Errorf("%d of %d octets arrived", len(got), len(content))
					}
				}
			})
		}
		wg.Wait()
		if tf.cut != 0 {
			t.Errorf("%d uploads ended without close_notify", tf.cut)
		}
	})
}

// A source that fails must not look like the end of the file.
func TestTLSStoreResets(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		var seen error
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb != "STOR" {
				return tf.hook(s, verb, arg)
			}
			nc := s.accept()
			s.say("150 go")
			_, seen = io.ReadAll(nc)
			nc.Close()
			s.say("426 cut")
			return true
		}
		c := tlsClient(f, tf.explicit)
		failing := errors.New("source failed")
		_, err := c.Store(t.Context(), "/f", io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(failing)), StoreOptions{})
		if !errors.Is(err, failing) {
			t.Errorf("Store: %v", err)
		}
		_, err = c.List(t.Context(), "/")
		noError(t, "List on the same connection", err)
		if seen == nil || len(f.sessions) != 1 {
			t.Errorf("the server saw %v; %d sessions", seen, len(f.sessions))
		}
	})
}

// A download that is cut between two records is not taken for whole, even if
// the server says so.
func TestTLSDownloadCut(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for _, final := range []string{"226 done", "426 cut"} {
			f := newTCPFake(t, map[string]string{"/f": "abc"})
			tf := secureFake(f.fake, version)
			f.hook = func(s *fakeSession, verb, arg string) bool {
				if verb != "RETR" {
					return tf.hook(s, verb, arg)
				}
				nc := s.accept().(*tlsData)
				s.say("150 go")
				io.WriteString(nc, "ab")
				nc.wire.Conn.Close()
				s.say(final)
				return true
			}
			got, err := readAll(t.Context(), tlsClient(f, tf.explicit), "/f", 0)
			wantKind(t, "read", err, KindTruncated)
			if got != "ab" {
				t.Errorf("read %q", got)
			}
		}
	})
}

// A data connection is taken from nobody else, though the same authority
// vouches for him and the certificates are not verified.
func TestTLSForeignData(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for _, trusting := range []bool{false, true} {
			f := newTCPFake(t, map[string]string{"/f": "abc"})
			tf := secureFake(f.fake, version)
			other := &tls.Config{Certificates: []tls.Certificate{tf.ca.issue("server.test", time.Time{})}}
			tf.data = func(*fakeSession) *tls.Config { return other }
			c := tlsClient(f, func(o *Options) {
				tf.explicit(o)
				o.TLS.InsecureSkipVerify = trusting
			})
			_, err := readAll(t.Context(), c, "/f", 0)
			wantKind(t, "read", err, KindTLS)
			_, err = c.Store(t.Context(), "/g", strings.NewReader("secret"), StoreOptions{})
			wantKind(t, "Store", err, KindTLS)
			if g, _ := f.get("/g"); g != "" {
				t.Errorf("%q went to a stranger", g)
			}
		}
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
		cn, err := c.pool.acquire(t.Context(), true)
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
	if c.Features().TLS == "" || !strings.HasPrefix(learned[len(learned)-1], "TLS: TLS 1.") {
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

// quirkSessionExpires: a session that the server no longer resumes costs a
// fresh control connection and not the transfer.
func TestTLSSessionExpires(t *testing.T) {
	for name, op := range map[string]func(*testing.T, *Client) error{
		"read": func(t *testing.T, c *Client) error { _, err := readAll(t.Context(), c, "/f", 0); return err },
		"List": func(t *testing.T, c *Client) error { _, err := c.List(t.Context(), "/"); return err },
		"Store": func(t *testing.T, c *Client) error {
			_, err := c.Store(t.Context(), "/f", iotest.OneByteReader(strings.NewReader("abc")), StoreOptions{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				tf := secureFake(f, tls.VersionTLS12) // 1.3 has both ends write at once, which a pipe cannot
				tf.require = true
				forgetful := tf.config.Clone()
				forgetful.SetSessionTicketKeys([][32]byte{{1}})
				start := time.Now()
				tf.data = func(s *fakeSession) *tls.Config {
					if s.n == 1 && time.Since(start) > 5*time.Minute {
						return forgetful
					}
					return tf.config
				}
				c := f.client(func(o *Options) { tf.explicit(o); o.IdleTimeout = time.Hour })
				noError(t, "before", op(t, c))
				<-time.After(6 * time.Minute)
				noError(t, "after", op(t, c))
				noError(t, "again", op(t, c))
				if got, _ := f.get("/f"); got != "abc" || f.sessions != 2 {
					t.Errorf("the file is %q, %d sessions, want 2", got, f.sessions)
				}
			})
		})
	}
}

// A server that refuses a data connection is quoted.
func TestTLSDataRefused(t *testing.T) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, 0)
	f.hook = func(s *fakeSession, verb, arg string) bool {
		if verb != "RETR" {
			return tf.hook(s, verb, arg)
		}
		nc := s.accept().(*tlsData)
		s.say("150 go")
		nc.wire.Conn.Close()
		s.say("522 session reuse required")
		return true
	}
	_, err := readAll(t.Context(), tlsClient(f, tf.explicit), "/f", 0)
	if err == nil || !strings.Contains(err.Error(), "522 session reuse required") {
		t.Errorf("read: %v", err)
	}
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

// A server whose only reply comes before the data gets all of it nevertheless.
func TestTLSUploadAfterReply(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb != "STOR" {
				return tf.hook(s, verb, arg)
			}
			nc := s.accept()
			s.say("226 come on")
			b, err := io.ReadAll(nc)
			noError(t, "the server's read", err)
			s.put(arg, string(b))
			nc.Close()
			return true
		}
		content := strings.Repeat("0123456789abcdef", 1<<18)
		c := tlsClient(f, tf.explicit)
		_, err := c.Store(t.Context(), "/f", strings.NewReader(content), StoreOptions{})
		noError(t, "Store", err)
		_, err = c.Stat(t.Context(), "/f") // the server has read to the end by then
		noError(t, "Stat", err)
		if got, _ := f.get("/f"); got != content {
			t.Errorf("%d of %d octets arrived", len(got), len(content))
		}
	})
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
