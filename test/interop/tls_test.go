package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// exitTLS is what mount exits with where there is no TLS that can be trusted.
const exitTLS = 16

// TestTLSFailures: what stands between mount and TLS is said in one line, with
// the mend, and nothing is mounted.
func TestTLSFailures(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("f", []byte("f"))
		plain := strings.Replace(s.URL(), "ftpes:", "ftp:", 1)
		implicit := strings.Replace(s.URL(), "ftpes:", "ftps:", 1)
		refused(t, s, s.URL(), "--ca-file")
		refused(t, s, s.URL(), "--tls-pin", "--tls-pin", strings.Repeat("ab", 32))
		refused(t, s, plain, "ftpes://")
		refused(t, s, implicit, "ftpes://", "--ca-file", s.CAFile)

		said := refused(t, s, s.URL(), "--tls-pin")
		pin := regexp.MustCompile(`--tls-pin ([0-9a-f:]{64,95})`).FindStringSubmatch(said)
		if pin == nil {
			t.Fatalf("no fingerprint in %q", said)
		}
		for _, flags := range [][]string{{"--tls-pin", pin[1]}, {"--no-verify"}, {"--ca-file", s.CAFile}} {
			worksWith(t, s.URL(), flags...)
		}
		worksWith(t, plain, "--tls=explicit", "--ca-file", s.CAFile)
	}, ftptest.TLS(ftptest.Explicit))
}

// TestServerWithoutTLS: mount demands TLS if it is told to, and goes without
// only if it is told that.
func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("f", []byte("f"))
		refused(t, s, strings.Replace(s.URL(), "ftp:", "ftpes:", 1), "no TLS")
		refused(t, s, s.URL(), "no TLS", "--tls=explicit")
		worksWith(t, s.URL(), "--tls=try")
	})
}

// refused expects that a URL cannot be mounted for want of TLS, and returns
// what the program said.
func refused(t *testing.T, s *ftptest.Server, url, says string, flags ...string) string {
	t.Helper()
	m := newMount(t, url, flags...)
	out, code := m.tryMount(m.url, m.dir)
	if code != exitTLS || strings.Count(out, "\n") != 1 || !strings.Contains(out, says) || strings.Contains(out, s.Password) {
		t.Errorf("mount %q %s exited with %d, want %d: %q, want one line with %q", flags, url, code, exitTLS, out, says)
	}
	if left := m.mounts(); len(left) > 0 {
		t.Errorf("it left mounted %q", left)
	}
	return out
}

// worksWith mounts a URL and reads the file f, which holds an f.
func worksWith(t *testing.T, url string, flags ...string) {
	t.Helper()
	m := newMount(t, url, flags...)
	m.mount()
	if r := shell(t, m.dir, `cat f && echo g >g && cat g && rm g`); r.code != 0 || r.out != "fg\n" {
		t.Errorf("mounted with %q: %v", flags, r)
	}
	m.umount()
}

// TestListAheadOverTLS: many commands in one write are all answered. Nothing is asked
// about what is in the directories, which would wake a server that waits for more.
func TestListAheadOverTLS(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		queue := []string{}
		for i := range 200 {
			dir := fmt.Sprintf("directory-%04d", i)
			if err := os.Mkdir(filepath.Join(s.Dir, dir), 0o755); err != nil {
				t.Fatal(err)
			}
			queue = append(queue, s.Root+"/"+dir)
		}
		ctx, c := dialed(t, s)
		if _, err := c.List(ctx, s.Root); err != nil { // after which it is known whether STAT can be used
			t.Fatal(err)
		}
		for len(queue) > 0 {
			left := len(queue)
			err := c.ListAhead(ctx, func() (string, bool) {
				if len(queue) == 0 {
					return "", false
				}
				dir := queue[0]
				queue = queue[1:]
				return dir, true
			}, func(dir string, l *ftpclient.Listing, err error) {
				if err != nil || len(l.Entries) > 0 {
					t.Fatalf("%s: %+v, %v", dir, l, err)
				}
			})
			if err != nil || len(queue) == left {
				t.Fatalf("%v; %d directories are left", err, len(queue))
			}
		}
	}, ftptest.TLS(ftptest.Explicit))
}
