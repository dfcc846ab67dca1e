package ftpclient

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A port is given up with the transfer that it was for, wherever that was
// refused: the only one there is can be used again.
func TestActivePortAfterRefusal(t *testing.T) {
	for _, verb := range []string{"PORT", "REST", "RETR"} {
		t.Run(verb, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			port := l.Addr().(*net.TCPAddr).Port
			l.Close()
			f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
			refusing := true
			f.before = func(s *fakeSession, v, _ string) bool {
				no := refusing && (v == verb || verb == "PORT" && v == "EPRT")
				if no {
					s.say("501 no")
				}
				return no
			}
			c := f.client(func(o *Options) {
				o.ActivePorts = [2]int{port, port}
				o.DialTimeout = time.Second
			})
			if verb == "REST" {
				_, err = c.Store(soon(t), "/f", strings.NewReader("x"), StoreOptions{Offset: 1})
			} else {
				_, err = readAll(soon(t), c, "/f", 0)
			}
			if err == nil {
				t.Errorf("%s was refused, and nothing said so", verb)
			}
			f.fake.mu.Lock()
			refusing = false
			f.fake.mu.Unlock()
			_, err = c.List(soon(t), "/")
			noError(t, "List", err)
		})
	}
}

// The end of a context ends the wait at once, be it for the server's connection
// or for its data, whatever the other deadlines are.
func TestActiveCanceledAtOnce(t *testing.T) {
	for name, stall := range map[string]func(s *fakeSession){
		"for the connection": func(s *fakeSession) { s.say("226 done") },
		"for data":           func(s *fakeSession) { s.say("150 go"); io.WriteString(s.call(), "a") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newActiveFake(t, "127.0.0.1", map[string]string{"/f": "abc"})
			ctx, cancel := contextWithCancel(t)
			f.before = on("RETR", func(s *fakeSession, _ string) {
				stall(s)
				time.AfterFunc(50*time.Millisecond, cancel) // when the client waits
				s.in.Peek(1)                                // until it gives up
			})
			c := f.client(func(o *Options) { o.DialTimeout, o.DataTimeout, o.ReplyTimeout = time.Hour, time.Hour, time.Hour })
			done := make(chan error, 1)
			go func() {
				_, err := readAll(ctx, c, "/f", 0)
				done <- err
			}()
			select {
			case err := <-done:
				wantKind(t, "read", err, KindCanceled)
			case <-time.After(20 * time.Second):
				t.Fatal("it still waits")
			}
		})
	}
}
