package ftpserver_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// faulty serves a tree with the file "f" under rules and reports every strike.
func faulty(t *testing.T, faults ...ftpserver.Fault) (*raw, ftpserver.FS, *ftpserver.Server, <-chan ftpserver.Fault) {
	t.Helper()
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "0123456789")
	struck := make(chan ftpserver.Fault, 100)
	addr, srv := startServer(t, ftpserver.Options{FS: fsys, Faults: faults,
		Trace: ftpserver.Trace{Fault: func(_ int, f ftpserver.Fault) { struck <- f }}})
	return login(t, addr), fsys, srv, struck
}

// TestFaultReply: with AtCommand nothing was done, with AtReply it was.
func TestFaultReply(t *testing.T) {
	c, fsys, _, _ := faulty(t,
		ftpserver.Fault{Verb: "dele", Nth: 1, Kind: ftpserver.FaultReply, Code: 450, Text: "Busy."},
		ftpserver.Fault{Verb: "DELE", Nth: 1, Point: ftpserver.AtReply, Kind: ftpserver.FaultReply, Code: 550, Text: "No."},
		ftpserver.Fault{Verb: "SITE CHMOD", Kind: ftpserver.FaultReply, Code: 500, Text: "No."},
		ftpserver.Fault{Verb: "STOR", Point: ftpserver.AtReply, Kind: ftpserver.FaultReply, Code: 451, Text: "No."},
		ftpserver.Fault{Verb: "PWD", Nth: 2, Kind: ftpserver.FaultReply, Code: 421, Text: "Enough."})
	c.do("DELE f", "450 Busy.")
	c.do("SIZE f", "213 10")
	c.do("SITE CHMOD 600 f", "500 No.")
	c.do("SITE UTIME 20200101000000 f", "200")
	c.do("DELE f", "550 No.") // the first was never obeyed and does not count
	c.do("SIZE f", "550")
	data := c.passive()
	c.do("STOR g", "150")
	io.WriteString(data, "data")
	data.Close()
	c.expect("451 No.")
	if got := read(t, fsys, "g"); got != "data" {
		t.Errorf("%q", got)
	}
	c.do("PWD", "257")
	c.do("PWD", "421 Enough.")
	c.expectEOF()
}

// TestFaultDelay: a short delay changes nothing, a long one ends with the server.
func TestFaultDelay(t *testing.T) {
	c, _, srv, struck := faulty(t,
		ftpserver.Fault{Verb: "NOOP", Nth: 1, Kind: ftpserver.FaultDelay, Delay: time.Millisecond},
		ftpserver.Fault{Verb: "RETR", Nth: 1, Point: ftpserver.AtData, Octet: 5, Kind: ftpserver.FaultDelay, Delay: time.Millisecond},
		ftpserver.Fault{Verb: "RETR", Nth: 2, Point: ftpserver.AtData, Octet: 5, Kind: ftpserver.FaultDelay, Delay: time.Hour},
		ftpserver.Fault{Verb: "SYST", Point: ftpserver.AtReply, Kind: ftpserver.FaultDelay, Delay: time.Hour})
	c.do("NOOP", "200")
	if got := c.get("RETR f"); got != "0123456789" {
		t.Errorf("%q", got)
	}
	data := c.passive()
	c.do("RETR f", "150")
	c.do("ABOR", "426")
	c.expect("226")
	if got, _ := io.ReadAll(data); len(got) > 5 {
		t.Errorf("%q came before the delay was over", got)
	}
	c.write("SYST\r\n")
	for range 4 {
		<-struck
	}
	srv.Close()
	if got, _ := io.ReadAll(c.r); len(got) > 0 {
		t.Errorf("%q came before the delay was over", got)
	}
}

// TestFaultStall: not a byte more, until the client has had enough.
func TestFaultStall(t *testing.T) {
	c, _, _, _ := faulty(t,
		ftpserver.Fault{Verb: "NOOP", Kind: ftpserver.FaultStall},
		ftpserver.Fault{Verb: "RETR", Point: ftpserver.AtData, Octet: 5, Kind: ftpserver.FaultStall})
	data := c.passive()
	c.do("RETR f", "150")
	got := make([]byte, 5)
	if _, err := io.ReadFull(data, got); string(got) != "01234" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.do("ABOR", "426")
	c.expect("226")
	if rest, _ := io.ReadAll(data); len(rest) > 0 {
		t.Errorf("%q came after the stall", rest)
	}
	c.write("NOOP\r\nPWD\r\nAUTH TLS\r\nQUIT\r\n")
	c.conn.(*net.TCPConn).CloseWrite()
	if got, _ := io.ReadAll(c.r); len(got) > 0 {
		t.Errorf("%q was answered", got)
	}
}

// TestFaultEndsControl: the connection ends by FIN or RST, before or after
// the deed.
func TestFaultEndsControl(t *testing.T) {
	for _, point := range []ftpserver.FaultPoint{ftpserver.AtCommand, ftpserver.AtReply} {
		for _, kind := range []ftpserver.FaultKind{ftpserver.FaultClose, ftpserver.FaultReset} {
			c, fsys, _, _ := faulty(t, ftpserver.Fault{Verb: "DELE", Point: point, Kind: kind})
			c.write("DELE f\r\n")
			got, err := io.ReadAll(c.r)
			if reset := errors.Is(err, syscall.ECONNRESET); len(got) > 0 || reset != (kind == ftpserver.FaultReset) {
				t.Errorf("%v %v: %q, %v", point, kind, got, err)
			}
			if _, err := fsys.Stat("f"); (err != nil) != (point == ftpserver.AtReply) {
				t.Errorf("%v %v: stat: %v", point, kind, err)
			}
		}
	}
}

// TestFaultEndsDownload at an octet, with what each kind says of it.
func TestFaultEndsDownload(t *testing.T) {
	for kind, final := range map[ftpserver.FaultKind]string{
		ftpserver.FaultClose: "226", ftpserver.FaultReset: "426", ftpserver.FaultReply: "451 Disk.",
	} {
		for _, octet := range []int64{0, 5, 10} {
			f := ftpserver.Fault{Verb: "RETR", Point: ftpserver.AtData, Octet: octet, Kind: kind}
			if kind == ftpserver.FaultReply {
				f.Code, f.Text = 451, "Disk."
			}
			c, _, srv, _ := faulty(t, f)
			data := c.passive()
			c.do("RETR f", "150")
			got, err := io.ReadAll(data)
			// A reset may overtake data.
			if (err != nil) != (kind == ftpserver.FaultReset) || (err == nil && string(got) != "0123456789"[:octet]) {
				t.Errorf("%v: %q, %v", f, got, err)
			}
			data.Close()
			c.expect(final)
			must(t, srv.SetFaults())
			if got := c.get("RETR f"); got != "0123456789" {
				t.Errorf("without the rule: %q", got)
			}
		}
	}
}

// TestFaultEndsUpload: FaultClose loses the rest and says all is well.
func TestFaultEndsUpload(t *testing.T) {
	for kind, final := range map[ftpserver.FaultKind]string{
		ftpserver.FaultClose: "226", ftpserver.FaultReset: "426", ftpserver.FaultReply: "552 Full.",
	} {
		for _, octet := range []int64{0, 5} {
			f := ftpserver.Fault{Verb: "STOR", Point: ftpserver.AtData, Octet: octet, Kind: kind}
			if kind == ftpserver.FaultReply {
				f.Code, f.Text = 552, "Full."
			}
			c, fsys, _, _ := faulty(t, f)
			data := c.passive()
			c.do("STOR g", "150")
			io.WriteString(data, "0123456789") // fails if the reset is faster
			data.CloseWrite()
			c.expect(final)
			if got := read(t, fsys, "g"); got != "0123456789"[:octet] {
				t.Errorf("%v: %q was stored", f, got)
			}
		}
	}
}

// TestFaultCutsTLS: the data ends without close_notify.
func TestFaultCutsTLS(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "0123456789")
	c := loginTLS(t, serveTLS(t, ftpserver.Options{FS: fsys, Faults: []ftpserver.Fault{
		{Verb: "RETR", Point: ftpserver.AtData, Octet: 5, Kind: ftpserver.FaultClose}}}, false), clientTLS(t, tls.VersionTLS13))
	tcp := c.passive()
	c.do("RETR f", "150")
	watch := &watchedConn{Conn: tcp}
	got, _ := io.ReadAll(tls.Client(watch, c.config))
	if string(got) != "01234" || !watch.fin {
		t.Errorf("%q, by FIN: %v", got, watch.fin)
	}
	c.expect("226")
}

func TestFaultRefuse(t *testing.T) {
	c, _, _, _ := faulty(t, ftpserver.Fault{Verb: "EPSV", Nth: 1, Point: ftpserver.AtReply, Kind: ftpserver.FaultRefuse})
	port := epsvPort.FindStringSubmatch(c.do("EPSV", "229"))[1]
	if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		conn.Close()
		t.Error("the data port is open")
	}
	if got := c.get("RETR f"); got != "0123456789" {
		t.Errorf("%q", got)
	}
}

// TestFaultGreeting: the second session is refused, the third cut off.
func TestFaultGreeting(t *testing.T) {
	addr := start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), Faults: []ftpserver.Fault{
		{Nth: 2, Point: ftpserver.AtGreeting, Kind: ftpserver.FaultReply, Code: 421, Text: "Too many."},
		{Nth: 3, Point: ftpserver.AtGreeting, Kind: ftpserver.FaultReset},
	}})
	login(t, addr).do("NOOP", "200")
	c := dial(t, addr)
	c.expect("421 Too many.")
	c.expectEOF()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err == nil { // else the reset was faster
		conn.SetDeadline(time.Now().Add(patience))
		_, err = conn.Read(make([]byte, 1))
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	login(t, addr).do("NOOP", "200")
}

// TestFaultCheck: a rule that cannot strike is an error.
func TestFaultCheck(t *testing.T) {
	_, _, srv, _ := faulty(t)
	for _, f := range []ftpserver.Fault{
		{}, {Kind: 99}, {Point: 99, Kind: ftpserver.FaultReset}, {Nth: -1, Kind: ftpserver.FaultReset},
		{Octet: 1, Kind: ftpserver.FaultReset}, {Verb: "USER", Point: ftpserver.AtGreeting, Kind: ftpserver.FaultReset},
		{Kind: ftpserver.FaultReply}, {Kind: ftpserver.FaultReply, Code: 550, Text: "a\r\nb"},
		{Kind: ftpserver.FaultSilent, Point: ftpserver.AtData}, {Kind: ftpserver.FaultLate}, {Kind: ftpserver.FaultEarly, Point: ftpserver.AtReply},
		{Kind: ftpserver.FaultReset, Code: 550}, {Verb: "RETR", Kind: ftpserver.FaultRefuse},
	} {
		if err := srv.SetFaults(f); err == nil || !strings.HasPrefix(err.Error(), "ftpserver: ") {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
