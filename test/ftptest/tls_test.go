package ftptest_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/test/ftptest"
)

// curlTLS returns curl's name for the server's URL, and the arguments with
// which it trusts the server.
func curlTLS(s *ftptest.Server) (url string, args []string) {
	return strings.Replace(s.URL(), "ftpes:", "ftp:", 1), []string{"-g", "-v", "--ssl-reqd", "--cacert", s.CAFile}
}

// TestTLS proves that every server protects files in each mode and version, and
// nothing goes without.
func TestTLS(t *testing.T) {
	for _, mode := range []ftptest.TLSMode{ftptest.Explicit, ftptest.Implicit} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%v/%s", mode, tls.VersionName(version)), func(t *testing.T) {
				ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
					t.Parallel()
					transferred(t, s, mode, version)
					strangers(t, s, mode)
				}, ftptest.TLS(mode), ftptest.TLSVersion(version))
			})
		}
	}
}

// transferred has curl send a file and get one.
func transferred(t *testing.T, s *ftptest.Server, mode ftptest.TLSMode, version uint16) {
	t.Helper()
	if s.Name == ftptest.Bundled && version == tls.VersionTLS12 {
		// In TLS 1.2 curl resumes by session ids alone, and servers made with
		// crypto/tls by tickets alone.
		return
	}
	url, args := curlTLS(s)
	up := filepath.Join(t.TempDir(), "up")
	if err := os.WriteFile(up, []byte("from the client"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := curl(t, append(args, "-T", up, url+"file")...)
	said := strings.ReplaceAll(tls.VersionName(version), "TLS ", "TLSv")
	if err != nil || !strings.Contains(out, "using "+said) {
		t.Fatalf("upload with %s: %v: %s", said, err, out)
	}
	if b, err := os.ReadFile(filepath.Join(s.Dir, "file")); string(b) != "from the client" {
		t.Errorf("the server has %q, %v", b, err)
	}
	s.WriteFile("other", []byte("from the server"))
	if out, err := curl(t, append(args, url+"other")...); err != nil || !strings.Contains(out, "from the server") {
		t.Errorf("download: %v: %s", err, out)
	}
}

// strangers proves that the server's authority is nobody's, and that no login
// goes without TLS.
func strangers(t *testing.T, s *ftptest.Server, mode ftptest.TLSMode) {
	t.Helper()
	url, _ := curlTLS(s)
	if out, err := curl(t, "-g", "--ssl-reqd", url); err == nil || !strings.Contains(out, "certificate") {
		t.Errorf("without the authority: %v: %s", err, out)
	}
	if mode == ftptest.Implicit {
		return // without TLS both sides would wait for the other to speak
	}
	if out, err := curl(t, "-g", url); err == nil {
		t.Errorf("without TLS: %s", out)
	}
}

// TestIPv6 proves that every server can listen on ::1.
func TestIPv6(t *testing.T) {
	for _, mode := range []ftptest.TLSMode{ftptest.NoTLS, ftptest.Explicit} {
		t.Run(mode.String(), func(t *testing.T) {
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				t.Parallel()
				s.WriteFile("f", []byte("from the server"))
				url, args := curlTLS(s)
				if mode == ftptest.NoTLS {
					args = []string{"-g"}
				}
				if out, err := curl(t, append(args, url+"f")...); err != nil || !strings.Contains(out, "from the server") {
					t.Errorf("download: %v: %s", err, out)
				}
			}, ftptest.IPv6(), ftptest.TLS(mode))
		})
	}
}
