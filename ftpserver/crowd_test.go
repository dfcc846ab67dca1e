package ftpserver_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// TestCrowd has many clients be there at once, each logged in before the first
// one does anything: all upload a file, get it back and leave. The environment
// variable FTPFS_TEST_CLIENTS says how many.
func TestCrowd(t *testing.T) {
	clients := 500
	if n, err := strconv.Atoi(os.Getenv("FTPFS_TEST_CLIENTS")); err == nil {
		clients = n
	}
	if testing.Short() {
		clients = 50
	}
	addr := start(t, ftpserver.Options{FS: openDir(t, t.TempDir()), MaxConnections: clients})
	ready, all := make(chan error, clients), make(chan struct{})
	done := make(chan error, clients)
	for i := range clients {
		go func() {
			c, err := join(addr)
			if ready <- err; err != nil {
				return
			}
			defer c.conn.Close()
			<-all
			if err = c.roundTrip(fmt.Sprint("f", i), pattern(4000+i)); err != nil {
				err = fmt.Errorf("client %d: %w", i, err)
			}
			done <- err
		}()
	}
	for range clients {
		if err := <-ready; err != nil {
			t.Fatal(err)
		}
	}
	late := dial(t, addr)
	late.expect(fmt.Sprintf("421 Too many connections (%d)", clients))
	close(all)
	for range clients {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	login(t, addr)
}

// member is a client of a crowd.
type member struct {
	conn net.Conn
	text *textproto.Conn
}

// crowdPatience bounds one client's whole visit.
const crowdPatience = 5 * time.Minute

func join(addr string) (*member, error) {
	conn, err := net.DialTimeout("tcp", addr, crowdPatience)
	if err != nil {
		return nil, err
	}
	c := &member{conn, textproto.NewConn(conn)}
	conn.SetDeadline(time.Now().Add(crowdPatience))
	_, _, err = c.text.ReadResponse(220)
	for _, step := range []struct {
		command string
		code    int
	}{{"USER u", 331}, {"PASS p", 230}, {"TYPE I", 200}} {
		if err == nil {
			_, err = c.do(step.command, step.code)
		}
	}
	return c, err
}

func (c *member) do(command string, code int) (string, error) {
	if _, err := io.WriteString(c.conn, command+"\r\n"); err != nil {
		return "", err
	}
	_, text, err := c.text.ReadResponse(code)
	return text, err
}

// roundTrip stores content, gets it back and leaves.
func (c *member) roundTrip(name, content string) error {
	err := c.transfer("STOR "+name, func(data net.Conn) error {
		_, err := io.WriteString(data, content)
		return err
	})
	if err != nil {
		return err
	}
	err = c.transfer("RETR "+name, func(data net.Conn) error {
		got, err := io.ReadAll(bufio.NewReader(data))
		if err == nil && string(got) != content {
			err = errors.New("other content came back")
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = c.do("QUIT", 221)
	return err
}

func (c *member) transfer(command string, move func(net.Conn) error) error {
	text, err := c.do("EPSV", 229)
	if err != nil {
		return err
	}
	m := epsvPort.FindStringSubmatch(text)
	if m == nil {
		return errors.New("no port in the reply to EPSV")
	}
	data, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", m[1]), crowdPatience)
	if err != nil {
		return err
	}
	defer data.Close()
	data.SetDeadline(time.Now().Add(crowdPatience))
	if _, err = c.do(command, 150); err != nil {
		return err
	}
	if err := move(data); err != nil {
		return err
	}
	data.Close()
	_, _, err = c.text.ReadResponse(226)
	return err
}
