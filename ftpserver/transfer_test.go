package ftpserver_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

func TestRestart(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "0123456789")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		get := func(rest, want string) {
			t.Helper()
			data := c.passive()
			c.do("REST "+rest, "350")
			c.do("RETR f", "150")
			if got, err := io.ReadAll(data); err != nil || string(got) != want {
				t.Errorf("REST %s: got %q, %v, want %q", rest, got, err, want)
			}
			c.expect("226")
		}
		get("4", "456789")
		get("10", "")
		get("0", "0123456789")
		c.do("REST 11", "350")
		c.do("RETR f", "554")
		c.do("REST 11", "350")
		c.passive()
		c.do("STOR f", "554")
		c.put("STOR new", "x") // the offset went with the refused command
		c.do("REST 4", "350")
		c.do("TYPE I", "200") // Python's ftplib sends it here
		if got := c.get("RETR f"); got != "456789" {
			t.Errorf("REST, TYPE I, RETR: %q", got)
		}
		c.do("REST 4", "350")
		c.do("TYPE A", "200")
		if got := c.get("RETR f"); got != "0123456789" {
			t.Errorf("REST, TYPE A, RETR: %q", got)
		}
		c.do("TYPE I", "200")
		c.do("REST 1x", "501")
		c.do("REST -1", "501")

		c.do("REST 3", "350")
		c.put("STOR f", "ab") // EPSV may stand between
		if got := read(t, fsys, "f"); got != "012ab56789" {
			t.Errorf("REST 3, STOR: %q", got)
		}
		c.do("REST 3", "350")
		c.put("APPE f", "+")
		if got := read(t, fsys, "f"); got != "012ab56789+" {
			t.Errorf("APPE: %q", got)
		}
		c.do("REST 3", "350")
		c.do("PWD", "257")
		c.put("STOR f", "new")
		if got := read(t, fsys, "f"); got != "new" {
			t.Errorf("STOR after a forgotten REST: %q", got)
		}
		c.put("APPE g", "made")
		if got := read(t, fsys, "g"); got != "made" {
			t.Errorf("APPE of a new file: %q", got)
		}
	})
}

func TestASCII(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		const local, wire = "a\nb\nc\r\rd\n\n\r", "a\r\nb\r\nc\r\rd\r\n\r\n\r"
		write(t, fsys, "f", local)
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("TYPE A", "200")
		if got := c.get("RETR f"); got != wire {
			t.Errorf("RETR: %q", got)
		}
		c.put("STOR g", wire)
		if got := read(t, fsys, "g"); got != local {
			t.Errorf("STOR: %q", got)
		}
		write(t, fsys, "dos", "a\r\nb\n")
		if got := c.get("RETR dos"); got != "a\r\nb\r\n" {
			t.Errorf("a text that has CRLF: %q", got)
		}
		long := strings.Repeat("line\n", 20000)
		c.put("STOR long", strings.ReplaceAll(long, "\n", "\r\n"))
		if read(t, fsys, "long") != long || c.get("RETR long") != strings.ReplaceAll(long, "\n", "\r\n") {
			t.Error("a long text changed")
		}
		c.do("SIZE f", "550 SIZE not allowed in ASCII mode.")
		c.do("REST 0", "350")
		c.do("REST 5", "501")
		for command, code := range map[string]string{"TYPE A N": "200", "TYPE I": "200", "TYPE L 8": "200",
			"TYPE E": "504", "TYPE A T": "504", "STRU F": "200", "STRU R": "504", "MODE S": "200", "MODE Z": "504",
			"ALLO 5": "202", "ALLO 5 R 10": "202", "ALLO x": "501"} {
			c.do(command, code)
		}
	})
}

func TestStoreUnique(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("STOU", "425")
		for i, want := range []string{"/f", "/f.1", "/f.2"} {
			data := c.passive()
			c.do("STOU f", "150 FILE: "+want)
			fmt.Fprint(data, i)
			data.Close()
			c.expect("226")
			if got := read(t, fsys, want[1:]); got != fmt.Sprint(i) {
				t.Errorf("%s: %q", want, got)
			}
		}
	})
}

// huge makes a file that does not fit into the buffers of a connection.
func huge(t *testing.T, fsys ftpserver.FS, name string) {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(16 << 20); err != nil {
		t.Fatal(err)
	}
}

func TestClientStopsDownload(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		huge(t, fsys, "huge")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		data := c.passive()
		c.do("RETR huge", "150")
		io.ReadFull(data, make([]byte, 1000))
		data.Close()
		c.expect("426")
		if got := c.get("NLST"); got != "huge\r\n" {
			t.Errorf("afterwards: %q", got)
		}
	})
}

func TestBrokenUpload(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "old content")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		data := c.passive()
		c.do("STOR f", "150")
		io.WriteString(data, "new")
		waitUntil(t, func() bool { return read(t, fsys, "f") == "new" }) // visible at once
		data.SetLinger(0)
		data.Close()
		c.expect("426")
		if got := read(t, fsys, "f"); got != "new" {
			t.Errorf("what is left: %q", got)
		}
	})
}

// waitUntil polls with a deadline.
func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.Tick(time.Millisecond); !done(); <-tick {
		if time.Now().After(deadline) {
			t.Fatal("it never happened")
		}
	}
}

func TestNoSpace(t *testing.T) {
	fsys := ftpserver.NewMemFS(1 << 20)
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	data := c.passive()
	c.do("STOR f", "150")
	go func() {
		io.Copy(data, io.LimitReader(zeros{}, 4<<20))
		data.Close()
	}()
	c.expect("452 No space left on device")
	c.do("DELE f", "250")
	c.put("STOR g", pattern(1<<20))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestNobodyConnects(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "kept")
	c := login(t, start(t, ftpserver.Options{FS: fsys, DataTimeout: 50 * time.Millisecond}))
	for _, command := range []string{"RETR f", "STOR f", "LIST"} {
		c.do("EPSV", "229")
		c.do(command, "150")
		c.expect("425")
		c.do(command, "425 Use EPSV")
	}
	if got := read(t, fsys, "f"); got != "kept" {
		t.Errorf("STOR without data left %q", got)
	}
}

func TestStalledPeer(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	c := login(t, start(t, ftpserver.Options{FS: fsys, DataTimeout: 50 * time.Millisecond}))
	for _, command := range []string{"RETR huge", "STOR up"} {
		data := c.passive()
		c.do(command, "150")
		c.expect("426 Data connection timed out")
		data.Close()
	}
}

// TestPreparedConnectionSurvivesRefusal: as vsftpd and Pure-FTPd.
func TestPreparedConnectionSurvivesRefusal(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "x")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	data := c.passive()
	c.do("RETR nope", "550")
	c.do("LIST nope", "550")
	c.do("RETR f", "150")
	if got, err := io.ReadAll(data); string(got) != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.expect("226")
}

func TestControlLostDuringTransfer(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	addr := start(t, ftpserver.Options{FS: fsys, MaxConnections: 1})
	c := login(t, addr)
	data := c.passive()
	c.do("STOR f", "150")
	c.conn.Close()
	if _, err := data.Read(make([]byte, 1)); err == nil {
		t.Error("the transfer goes on")
	}
	waitUntil(t, func() bool { return strings.HasPrefix(dial(t, addr).reply(), "220") })
}
