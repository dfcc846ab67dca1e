package ftpserver_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// patience bounds every wait of these tests; none lasts so long if all is well.
const patience = 90 * time.Second

// start serves o on loopback until the test ends and returns the address.
func start(t testing.TB, o ftpserver.Options) string {
	t.Helper()
	addr, _ := startServer(t, o)
	return addr
}

func startServer(t testing.TB, o ftpserver.Options) (string, *ftpserver.Server) {
	t.Helper()
	return startWith(t, o, (*ftpserver.Server).Serve)
}

func startWith(t testing.TB, o ftpserver.Options, serve func(*ftpserver.Server, net.Listener) error) (string, *ftpserver.Server) {
	t.Helper()
	if o.LoginDelay == 0 {
		o.LoginDelay = -1
	}
	if o.Users == nil {
		o.Users = map[string]ftpserver.User{"u": {Check: ftpserver.Password("p")}}
	}
	srv, err := ftpserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- serve(srv, l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-served; err != ftpserver.ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
	})
	return l.Addr().String(), srv
}

// eachFS runs the test on an empty tree of either kind.
func eachFS(t *testing.T, test func(t *testing.T, fsys ftpserver.FS)) {
	t.Run("mem", func(t *testing.T) { test(t, ftpserver.NewMemFS(0)) })
	t.Run("dir", func(t *testing.T) { test(t, openDir(t, t.TempDir())) })
}

func openDir(t testing.TB, dir string) *ftpserver.DirFS {
	t.Helper()
	d, err := ftpserver.OpenDirFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// raw is a client that knows lines and nothing else.
type raw struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func dial(t testing.TB, addr string) *raw {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &raw{t, conn, bufio.NewReader(conn)}
}

// login connects and logs in as u, with TYPE I.
func login(t testing.TB, addr string) *raw {
	t.Helper()
	c := dial(t, addr)
	c.expect("220")
	c.do("USER u", "331")
	c.do("PASS p", "230")
	c.do("TYPE I", "200")
	return c
}

func (c *raw) write(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.t.Fatalf("write %q: %v", s, err)
	}
}

// reply reads one reply, its lines joined by LF.
func (c *raw) reply() string {
	c.t.Helper()
	var lines []string
	for {
		l, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("after %q: %v", lines, err)
		}
		if !strings.HasSuffix(l, "\r\n") {
			c.t.Fatalf("line %q does not end with CRLF", l)
		}
		lines = append(lines, strings.TrimSuffix(l, "\r\n"))
		if l[3] == ' ' && l[:3] == lines[0][:3] {
			return strings.Join(lines, "\n")
		}
	}
}

// expect reads a reply that must begin with want.
func (c *raw) expect(want string) string {
	c.t.Helper()
	got := c.reply()
	if !strings.HasPrefix(got, want) {
		c.t.Fatalf("reply %q, want %q", got, want)
	}
	return got
}

// do sends a command and expects its reply.
func (c *raw) do(command, want string) string {
	c.t.Helper()
	c.write(command + "\r\n")
	got := c.reply()
	if !strings.HasPrefix(got, want) {
		c.t.Fatalf("%s: reply %q, want %q", command, got, want)
	}
	return got
}

// expectEOF expects the server to close the control connection.
func (c *raw) expectEOF() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		c.t.Fatalf("want the end of the connection, got %q, %v", rest, err)
	}
}

var epsvPort = regexp.MustCompile(`\(\|\|\|(\d+)\|\)`)

// passive prepares a data connection by EPSV and opens it.
func (c *raw) passive() *net.TCPConn {
	c.t.Helper()
	m := epsvPort.FindStringSubmatch(c.do("EPSV", "229"))
	if m == nil {
		c.t.Fatal("no port in the reply to EPSV")
	}
	return dialData(c.t, net.JoinHostPort("127.0.0.1", m[1]))
}

func dialData(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

// get runs a command that sends data to us.
func (c *raw) get(command string) string {
	c.t.Helper()
	data := c.passive()
	c.do(command, "150")
	body, err := io.ReadAll(data)
	if err != nil {
		c.t.Fatalf("%s: data: %v", command, err)
	}
	data.Close()
	c.expect("226")
	return string(body)
}

// put runs a command that takes data from us.
func (c *raw) put(command, body string) {
	c.t.Helper()
	data := c.passive()
	c.do(command, "150")
	if _, err := io.WriteString(data, body); err != nil {
		c.t.Fatalf("%s: data: %v", command, err)
	}
	data.Close()
	c.expect("226")
}

// names returns the last column of the rows of a listing.
func names(listing string) []string {
	var names []string
	for row := range strings.Lines(listing) {
		row = strings.TrimSuffix(row, "\r\n")
		if i := strings.Index(row, "; "); i >= 0 {
			names = append(names, row[i+2:])
		} else {
			names = append(names, strings.Fields(row)[8])
		}
	}
	return names
}

// write makes a file in fsys.
func write(t testing.TB, fsys ftpserver.FS, name, content string) {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// read returns a file of fsys.
func read(t testing.TB, fsys ftpserver.FS, name string) string {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func withTimeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// pattern is n bytes in which no two near places look alike.
func pattern(n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%d,", b.Len())
	}
	return b.String()[:n]
}
