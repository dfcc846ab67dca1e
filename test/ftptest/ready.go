package ftptest

import (
	"bufio"
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
func awaitLogin(addr, user, password string, ended <-chan struct{}) (err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(readyTime); time.Now().Before(deadline); <-tick.C {
		if err = login(addr, user, password); err == nil {
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
func login(addr, user, password string) error {
	c, err := net.DialTimeout("tcp", addr, 2*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	r := bufio.NewReader(c)
	if _, err := reply(r); err != nil {
		return err
	}
	for _, step := range []struct{ line, code string }{{"USER " + user, "331"}, {"PASS " + password, "230"}, {"QUIT", "221"}} {
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
	_, err = io.Copy(io.Discard, r) // the session counts until the server has closed it
	return err
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
