package ftpclient

import (
	"crypto/tls"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
)

// ticketlessFake demands that sessions be resumed and gives no ticket, as
// ProFTPD with TLSProtocol TLSv1.2 does by default; code is what it refuses with.
func ticketlessFake(t *testing.T, code string) (*tcpFake, *tlsFake) {
	f := newTCPFake(t, map[string]string{"/f": "abc"})
	tf := secureFake(f.fake, tls.VersionTLS12)
	tf.config.SessionTicketsDisabled = true
	f.hook = func(s *fakeSession, verb, arg string) bool {
		switch verb {
		case "LIST", "RETR", "STOR":
			nc := s.accept().(*tlsData)
			s.say("150 go")
			if err := nc.Handshake(); err != nil {
				t.Error(err)
			}
			nc.wire.Conn.Close()
			s.say(code + " Unable to build data connection: Operation not permitted")
			return true
		}
		return tf.hook(s, verb, arg)
	}
	return f, tf
}

// A server that wants sessions resumed and gives nothing to resume them by is
// told from one whose data connections fail.
func TestTLSNoTicket(t *testing.T) {
	for _, code := range []string{"425", "522"} {
		f, tf := ticketlessFake(t, code)
		c := tlsClient(f, tf.explicit)
		want := func(what string, err error) {
			t.Helper()
			var e *Error
			if !errors.As(err, &e) || e.Kind != KindTLS || !errors.Is(err, ErrNoTicket) || e.Text == "" {
				t.Errorf("%s: %v, want ErrNoTicket", what, err)
			}
		}
		_, err := c.List(t.Context(), "/")
		want("List", err)
		_, err = readAll(t.Context(), c, "/f", 0)
		want("read", err)
		_, err = c.Store(t.Context(), "/g", strings.NewReader(strings.Repeat("x", 1<<20)), StoreOptions{})
		want("Store", err)
		if !c.Features().NoTickets {
			t.Error("NoTickets is not told")
		}
	}
}

// With tickets, or where sessions need not be resumed, a 425 is the network's.
func TestTLSOther425(t *testing.T) {
	f, tf := ticketlessFake(t, "425")
	tf.config.SessionTicketsDisabled = false
	c := tlsClient(f, tf.explicit)
	_, err := c.List(t.Context(), "/")
	wantKind(t, "List", err, KindTruncated)
	if c.Features().NoTickets {
		t.Error("NoTickets, but it gives some")
	}
	tf.data = func(*fakeSession) *tls.Config { // which does not know the tickets
		return &tls.Config{Certificates: tf.config.Certificates, MaxVersion: tls.VersionTLS12}
	}
	_, err = c.List(t.Context(), "/")
	wantKind(t, "List without resumption", err, KindTruncated)

	f = newTCPFake(t, map[string]string{"/f": "abc"})
	tf = secureFake(f.fake, tls.VersionTLS12)
	tf.config.SessionTicketsDisabled = true
	var refuses atomic.Bool
	hookTLS := f.hook
	f.hook = func(s *fakeSession, verb, arg string) bool {
		if verb == "LIST" && refuses.Load() {
			s.say("425 No data connection.")
			return true
		}
		return hookTLS(s, verb, arg)
	}
	c = tlsClient(f, tf.explicit)
	got, err := readAll(t.Context(), c, "/f", 0)
	if noError(t, "read where nothing need be resumed", err); got != "abc" || !c.Features().NoTickets {
		t.Errorf("read %q; %+v", got, c.Features())
	}
	refuses.Store(true)
	_, err = c.List(t.Context(), "/")
	wantKind(t, "List refused before a handshake", err, KindNetwork)
}
