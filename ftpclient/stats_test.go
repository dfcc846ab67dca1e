package ftpclient

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The counters are those of what the server has seen.
func TestStatsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abcde"})
		c := f.client(nil)
		if s := c.Stats(); s.Server.Down || !s.Server.Since.IsZero() || s.Commands != 0 {
			t.Errorf("before anything: %+v", s)
		}
		start := time.Now()
		got, err := readAll(t.Context(), c, "/f", 2)
		noError(t, "read", err)
		_, err = c.Store(t.Context(), "/g", strings.NewReader("abcdefg"), StoreOptions{Verify: true})
		noError(t, "Store", err)
		_, err = readAll(t.Context(), c, "/none", 0)
		wantKind(t, "read", err, KindNotExist)
		synctest.Wait()
		s := c.Stats()
		if s.Received < int64(len(got)) || s.Sent != 7 || s.Transfers < 2 {
			t.Errorf("%d received, %d sent, %d transfers", s.Received, s.Sent, s.Transfers)
		}
		if n := int64(len(f.log)); s.Commands != n || s.Replies <= n || s.Refusals == 0 {
			t.Errorf("%d commands, %d replies, %d refusals; the server saw %d", s.Commands, s.Replies, s.Refusals, n)
		}
		if s.Server.Logins != 1 || s.Server.Failures != 0 || !s.Server.Since.Equal(start) {
			t.Errorf("%+v", s.Server)
		}
		if len(s.Connections) != 1 || s.Connections[0].State != ConnIdle || s.Connections[0].Transfer != nil || s.Limit != 8 {
			t.Errorf("%+v", s)
		}
	})
}

// A download that rests in the middle of a file is seen with how far it has come,
// and no password is.
func TestStatsTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": strings.Repeat("x", 1000)})
		c := f.client(func(o *Options) { o.User, o.Password = "me", "secret" })
		d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{Offset: 200, Verify: true})
		noError(t, "Retrieve", err)
		_, err = d.Read(make([]byte, 300))
		noError(t, "Read", err)
		s := c.Stats()
		if len(s.Connections) != 1 || s.Connections[0].Transfer == nil {
			t.Fatalf("%+v", s)
		}
		got, want := *s.Connections[0].Transfer, TransferStats{Verb: "RETR", Path: "/f", From: 200, Bytes: 300, Size: 800}
		got.Since, got.Rate = time.Time{}, 0
		if got != want || s.Connections[0].State != ConnBusy || s.Connections[0].Command != "RETR /f" {
			t.Errorf("%+v: %+v", s.Connections[0], got)
		}
		d.Park()
		if got := c.Stats().Connections[0].State; got != ConnParked {
			t.Errorf("parked: %v", got)
		}
		d.Close()
		synctest.Wait()
		if s := c.Stats(); s.Connections[0].Transfer != nil || s.Connections[0].State != ConnIdle {
			t.Errorf("closed: %+v", s.Connections[0])
		}
	})
}

// Since when a server is there, or not, is told with its last words.
func TestStatsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(nil)
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		time.Sleep(2 * time.Minute) // which closes what is idle
		if s := c.Stats(); s.Server.Down || len(s.Connections) != 0 {
			t.Errorf("idle: %+v", s)
		}
		refused := errors.New("no route")
		f.dialErr = func(string) error { return refused }
		for range 2 {
			down := c.Stats().Server.Since
			_, err := c.Connect(t.Context())
			if err == nil {
				t.Error("connected")
			}
			s := c.Stats().Server
			if !s.Down || s.Outages != 1 || !errors.Is(s.Err, refused) || s.ErrAt != time.Now() {
				t.Errorf("%+v", s)
			}
			if first := s.Failures == 1; first != (s.Since != down) {
				t.Errorf("down since %v, then %v, after %d failures", down, s.Since, s.Failures)
			}
			time.Sleep(time.Minute)
		}
		f.dialErr = nil
		_, err = c.Connect(t.Context())
		noError(t, "Connect", err)
		if s := c.Stats().Server; s.Down || s.Since != time.Now() || s.Err == nil {
			t.Errorf("up again: %+v", s)
		}
	})
}

func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m meter
		if got := m.rate(time.Now()); got != 0 {
			t.Errorf("nothing moved: %v", got)
		}
		for range 100 { // 1000 octets a second
			m.add(time.Now(), 100)
			time.Sleep(100 * time.Millisecond)
			if got := m.rate(time.Now()); got < 900 || got > 1100 {
				t.Fatalf("rate %v after %v", got, time.Since(m.first))
			}
		}
		time.Sleep(3 * time.Second)
		if got := m.rate(time.Now()); got < 200 || got > 600 {
			t.Errorf("after three seconds: %v", got)
		}
		time.Sleep(time.Minute)
		if got := m.rate(time.Now()); got != 0 {
			t.Errorf("after a minute: %v", got)
		}
	})
}
