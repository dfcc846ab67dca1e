package ftpclient

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dialScript makes a client whose every connection is served by serve.
func dialScript(t *testing.T, serve func(nc net.Conn, lines *bufio.Scanner)) *Client {
	t.Helper()
	c, err := New(Options{Host: "server.test", Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			serve(there, bufio.NewScanner(there))
		}()
		return here, nil
	}})
	noError(t, "New", err)
	t.Cleanup(func() { c.Close() })
	return c
}

// A web server waits for its client to speak first; it is found out all the
// same.
func TestLoginAtSilentWebServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dialScript(t, func(nc net.Conn, lines *bufio.Scanner) {
			if lines.Scan() {
				nc.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			}
		})
		start := time.Now()
		_, err := c.Connect(t.Context())
		wantKind(t, "Connect", err, KindProtocol)
		if err != nil && !strings.Contains(err.Error(), "web server") {
			t.Errorf("%q does not say what answered", err)
		}
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("found out after %v of the bubble's time", took)
		}
	})
}

// A server that looks up its client's name before it greets is waited for, and
// its answer to our NOOP is not taken for another's.
func TestLoginAtSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dialScript(t, func(nc net.Conn, lines *bufio.Scanner) {
			asked := lines.Scan() // a pipe holds nothing: it must be read
			<-time.After(7 * time.Second)
			nc.Write([]byte("220 at last\r\n"))
			answers := map[string]string{"NOOP": "530 first log in", "USER": "331 password", "PASS": "230 in",
				"PWD": `257 "/home"`, "TYPE": "200 ok"}
			for ; asked; asked = lines.Scan() {
				verb, _, _ := strings.Cut(lines.Text(), " ")
				if answer := answers[verb]; answer != "" {
					nc.Write([]byte(answer + "\r\n"))
				} else {
					nc.Write([]byte("500 what\r\n"))
				}
			}
		})
		home, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		if home != "/home" {
			t.Errorf("home %q", home)
		}
	})
}
