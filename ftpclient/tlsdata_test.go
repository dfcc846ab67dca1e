package ftpclient

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

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

// A data connection offers the curve that the control connection has found to be the
// server's, and is not sent back for another.
func TestTLSDataCurve(t *testing.T) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, tls.VersionTLS13)
	tf.config.CurvePreferences = []tls.CurveID{tls.CurveP256}
	var mu sync.Mutex
	var offered [][]tls.CurveID
	tf.config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		offered = append(offered, hello.SupportedCurves)
		return nil, nil
	}
	got, err := readAll(t.Context(), tlsClient(f, tf.explicit), "/f", 0)
	if noError(t, "read", err); got != "abc" {
		t.Errorf("read %q", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(offered) != 2 || len(offered[0]) < 2 || !slices.Equal(offered[1], tf.config.CurvePreferences) {
		t.Errorf("offered %v, want the second, of the data connection, to be %v", offered, tf.config.CurvePreferences)
	}
}

// A download that is broken off is reset, and does not seem to end properly.
func TestTLSBrokenOff(t *testing.T) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, tls.VersionTLS13)
	seen := make(chan error, 1)
	f.hook = func(s *fakeSession, verb, arg string) bool {
		if verb != "RETR" {
			return tf.hook(s, verb, arg)
		}
		nc := s.accept()
		s.say("150 a")
		io.WriteString(nc, "abc")
		_, err := nc.(*tlsData).Conn.Read(make([]byte, 1))
		seen <- err
		nc.(*tlsData).Conn.NetConn().Close()
		s.say("426 cut")
		return true
	}
	d := hold(t, tlsClient(f, tf.explicit), "/f")
	_, err := io.ReadFull(d, make([]byte, 3))
	noError(t, "Read", err)
	d.Close()
	if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server saw %v", err)
	}
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
		_, err := c.Store(t.Context(), "/f", io.MultiReader(strings.NewReader(strings.Repeat("abc", smallStore)), iotest.ErrReader(failing)), StoreOptions{})
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
