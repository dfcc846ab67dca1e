package ftpserver_test

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ftpfs/ftpserver"
)

func TestAbort(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		huge(t, fsys, "huge")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("ABOR", "225")
		forms := map[string]func(){
			"plain": func() { c.write("ABOR\r\n") },
			"synch": func() {
				c.write("\xff\xf4\xff")
				sendUrgent(t, c, 0xf2)
				c.write("ABOR\r\n")
			},
			"all urgent": func() {
				c.write("\xff\xf4")
				sendUrgent(t, c, 0xff)
				c.write("\xf2ABOR\r\n")
			},
			"halves": func() {
				sendUrgent(t, c, 0xf4)
				sendUrgent(t, c, 0xff)
				c.write("abor\r\n")
			},
			"inline": func() { c.write("\xff\xf4\xff\xf2ABOR\r\n") },
		}
		for name, abor := range forms {
			t.Log(name)
			data := c.passive()
			c.do("RETR huge", "150")
			io.ReadFull(data, make([]byte, 1000))
			abor()
			c.expect("426")
			c.expect("226")
			data.Close()
		}
		c.passive()
		c.do("STOR up", "150")
		c.do("ABOR", "426")
		c.expect("226")
		c.do("SIZE up", "213 0")
		c.do("NOOP", "200")
	})
}

func sendUrgent(t *testing.T, c *raw, b byte) {
	t.Helper()
	conn, err := c.conn.(interface {
		SyscallConn() (syscall.RawConn, error)
	}).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Write(func(fd uintptr) bool {
		err = unix.Sendto(int(fd), []byte{b}, unix.MSG_OOB, nil)
		return err != unix.EAGAIN
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCommandsDuringTransfer: STAT is answered at once, QUIT and the rest
// after the transfer, all in order.
func TestCommandsDuringTransfer(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	data := c.passive()
	c.do("RETR huge", "150")
	if got := c.do("STAT", "211-"); !strings.Contains(got, "RETR: ") {
		t.Errorf("STAT: %q", got)
	}
	c.write("PWD\r\nABOR\r\nSTAT\r\nNOOP\r\n")
	for _, want := range []string{"426", "257", "226", "211-", "200"} {
		c.expect(want)
	}
	data.Close()

	data = c.passive()
	c.do("RETR huge", "150")
	c.write("PWD\r\nQUIT\r\n")
	if n, err := io.Copy(io.Discard, data); n != 16<<20 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	for _, want := range []string{"226", "257", "221"} {
		c.expect(want)
	}
	c.expectEOF()
}

// TestAbortStorm aborts transfers at every stage, from several sessions at
// once: replies must stay in step.
func TestAbortStorm(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	addr := start(t, ftpserver.Options{FS: fsys})
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c := login(t, addr)
			for n := range 30 {
				command := []string{"RETR huge", "STOR up", "MLSD"}[n%3]
				data := c.passive()
				c.write(command + "\r\nABOR\r\nPWD\r\nABOR\r\n")
				if n%2 == 0 {
					data.Close()
				}
				c.expect("150")
				if got := c.reply(); got[:3] != "426" && got[:3] != "226" {
					t.Fatalf("%s: %q", command, got)
				}
				c.expect("22") // 226, or 225 if the transfer had ended
				c.expect("257")
				c.expect("22")
				data.Close()
			}
		})
	}
}
