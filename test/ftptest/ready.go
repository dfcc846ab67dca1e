package ftptest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// readyTime bounds how long a server may take until it lets somebody log in.
const readyTime = 20 * time.Second

// awaitLogin waits until a login succeeds. It gives up early when the server
// has ended.
func (s *Server) awaitLogin(ended <-chan struct{}) (err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(readyTime); time.Now().Before(deadline); <-tick.C {
		if err = s.login(); err == nil {
			return nil
		}
		var refused *refusal
		if errors.As(err, &refused) {
			return err
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended: %w", err)
		default:
		}
	}
	return err
}

// A refusal is a reply that no waiting will change.
type refusal struct{ command, reply string }

func (r *refusal) Error() string { return fmt.Sprintf("%s was answered %q", r.command, r.reply) }

// login logs in and out again.
func (s *Server) login() error {
	c, r, err := s.greeted()
	if err != nil {
		return err
	}
	defer c.Close()
	err = converse(c, r, step{"USER " + s.User, "331"}, step{"PASS " + s.Password, "230"}, step{"QUIT", "221"})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r) // the session counts until the server has closed it
	return err
}

// greeted connects, in TLS if the server wants that, and reads the greeting.
func (s *Server) greeted() (c net.Conn, r *bufio.Reader, err error) {
	if c, err = net.DialTimeout("tcp", s.Addr(), 2*time.Second); err != nil {
		return nil, nil, err
	}
	raw := c
	err = raw.SetDeadline(time.Now().Add(10 * time.Second))
	if s.opts.tls == Implicit {
		c = tls.Client(c, s.ClientTLS())
	}
	r = bufio.NewReader(c)
	if err == nil {
		_, err = reply(r)
	}
	if err == nil && s.opts.tls == Explicit {
		err = converse(c, r, step{"AUTH TLS", "234"})
		c = tls.Client(c, s.ClientTLS())
		r = bufio.NewReader(c)
	}
	if err != nil {
		raw.Close()
	}
	return c, r, err
}

// A step is a command line and the code of the reply that it is to have.
type step struct{ line, code string }

// converse sends commands one by one.
func converse(c io.Writer, r *bufio.Reader, steps ...step) error {
	for _, step := range steps {
		if _, err := io.WriteString(c, step.line+"\r\n"); err != nil {
			return err
		}
		switch answer, err := reply(r); {
		case err != nil:
			return err
		case !strings.HasPrefix(answer, step.code):
			return &refusal{step.line[:4], answer}
		}
	}
	return nil
}

// reply reads one reply (RFC 959 section 4.2) and returns its first line.
func reply(r *bufio.Reader) (string, error) {
	first, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	for line := first; len(line) < 4 || line[:3] != first[:3] || line[3] == '-'; {
		if line, err = r.ReadString('\n'); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(first), nil
}
