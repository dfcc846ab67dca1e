package ftpserver

import (
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestGuessesTakeTurns: guessing from many sessions is no faster than from one.
func TestGuessesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := New(Options{FS: NewMemFS(0), Users: map[string]User{"u": {Check: Password("p")}}, LoginDelay: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		l := &pipeListener{conn: make(chan net.Conn), closed: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(l) }()
		began := time.Now()
		const sessions = 5
		done := make(chan time.Duration, sessions)
		for range sessions {
			ours, theirs := net.Pipe()
			l.conn <- loopbackPipe{theirs}
			go func() {
				defer ours.Close()
				done <- guess(t, ours, began)
			}()
		}
		var last time.Duration
		for range sessions {
			last = max(last, <-done)
		}
		if last < sessions*time.Second {
			t.Errorf("%d guesses in %v", sessions, last)
		}
		srv.Close()
		<-served
	})
}

// guess tries a password and returns when the answer came.
func guess(t *testing.T, conn net.Conn, began time.Time) time.Duration {
	buf := make([]byte, 1000)
	for _, step := range [][2]string{{"", "220"}, {"USER u\r\n", "331"}, {"PASS wrong\r\n", "530"}} {
		if _, err := conn.Write([]byte(step[0])); err != nil {
			t.Error(err)
		}
		n, err := conn.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), step[1]) {
			t.Errorf("%q: %q, %v", step[0], buf[:n], err)
		}
	}
	return time.Since(began)
}
