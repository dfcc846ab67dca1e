package interop

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"ftpfs/test/ftptest"
)

// TestMountFailures: a mount that cannot be says why in one line, exits with a
// documented code and leaves nothing behind.
func TestMountFailures(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.ProFTPD)
	s.WriteFile("file", []byte("x"))
	m := newMount(t, s.URL())
	base := filepath.Dir(m.dir)
	closed := freeAddr(t)
	silent := listener(t).Addr().String()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	ssh := greeter(t, "SSH-2.0-OpenSSH_9.2p1\r\n")
	if err := os.WriteFile(filepath.Join(base, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(base, "full/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	good := s.URL()
	for _, c := range []struct {
		name, url, dir, says string
		code                 int
	}{
		{"unknown host", "ftp://no-such-host.invalid/", m.dir, "no-such-host.invalid", 5},
		{"nobody listens", "ftp://" + closed + "/", m.dir, closed, 6},
		{"silent server", "ftp://" + silent + "/", m.dir, silent, 7},
		{"SSH server", "ftp://" + ssh + "/", m.dir, "SSH-2.0", 8},
		{"web server, which waits too", "ftp://" + strings.TrimPrefix(web.URL, "http://") + "/", m.dir, "web server", 8},
		{"wrong password", fmt.Sprintf("ftp://%s:wrong@%s/", s.User, s.Addr()), m.dir, s.User, 9},
		{"missing remote directory", good + "missing", m.dir, "missing", 11},
		{"remote file", good + "file", m.dir, "file", 11},
		{"missing mount point", good, filepath.Join(base, "missing"), "mkdir", 3},
		{"file as mount point", good, filepath.Join(base, "file"), "director", 3},
		{"full mount point", good, filepath.Join(base, "full"), "empty", 3},
		{"no URL", s.Addr(), m.dir, "ftp://", 2},
		{"another scheme", "sftp://" + s.Addr() + "/", m.dir, "sftp", 2},
		{"bad port", "ftp://" + s.Host + ":99999/", m.dir, "port", 2},
		{"control characters", "ftp://" + s.Addr() + "/a%0d%0aDELE%20b", m.dir, "control", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, code := m.tryMount(c.url, c.dir)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if strings.Count(out, "\n") != 1 || !strings.Contains(out, c.says) || strings.Contains(out, "wrong") && c.name != "wrong password" {
				t.Errorf("it said %q, want one line with %q", out, c.says)
			}
			if strings.Contains(out, "p%25ss") || strings.Contains(out, s.Password) || strings.Contains(out, ":wrong") {
				t.Errorf("it told the password: %q", out)
			}
			if left := m.mounts(); len(left) > 0 {
				t.Errorf("it left mounted %q", left)
			}
			await(t, "the end of its processes", func() bool { return len(m.pids()) == 0 })
		})
	}
}

// TestExitCodesAreDocumented: the codes that TestMountFailures wants are in
// the help.
func TestExitCodesAreDocumented(t *testing.T) {
	m := newMount(t, "ftp://localhost/")
	out, code := m.run("help", "exit-codes")
	for want := range 12 {
		if line := regexp.MustCompile(fmt.Sprintf(`(?m)^ +%d  +\w`, want)); code != 0 || !line.MatchString(out) {
			t.Errorf("exit code %d is not in the help:\n%s", want, out)
		}
	}
}

// TestFullServer: where all of the server's connections are taken, mount says
// so.
func TestFullServer(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		first := mounted(t, s, "--connections", "1")
		if r := shell(t, first.dir, `ls`); r.code != 0 {
			t.Fatal(r)
		}
		second := newMount(t, s.URL())
		out, code := second.tryMount(second.url, second.dir)
		if code != 10 || strings.Count(out, "\n") != 1 || len(second.mounts()) > 0 {
			t.Errorf("a mount on a full server exited with %d: %q; mounted: %q", code, out, second.mounts())
		}
	}, ftptest.MaxClients(1))
}

// TestFewConnections: a mount that may use more connections than the server
// allows makes do with these.
func TestFewConnections(t *testing.T) {
	src := scriptData(t)
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s, "--connections", "8")
		r := shell(t, m.dir, `for i in 1 2 3 4 5 6 7 8 9 10; do (cp -r "$SRC/tree" t$i && diff -r "$SRC/tree" t$i) & done; wait`, "SRC="+src)
		if r.code != 0 || r.out+r.err != "" {
			t.Error(r)
		}
		want := digest(t, filepath.Join(src, "tree"), 0)
		for i := 1; i <= 10; i++ {
			same(t, "on the server's disk", digest(t, filepath.Join(s.Dir, fmt.Sprint("t", i)), 0), want)
		}
	}, ftptest.MaxPerHost(2))
}

// listener listens until the test ends and says nothing.
func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// greeter sends a greeting to all who connect and returns its address.
func greeter(t *testing.T, greeting string) string {
	t.Helper()
	l := listener(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			go func() {
				defer c.Close()
				io.WriteString(c, greeting)
				io.Copy(io.Discard, c)
			}()
		}
	}()
	return l.Addr().String()
}

// freeAddr returns an address at which nobody listens until the test ends: a
// socket has it that does not listen either.
func freeAddr(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}
