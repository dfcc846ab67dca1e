package main

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
)

// testCertificate is one for 127.0.0.1 and example.com, which has signed
// itself, and a file that holds it.
func testCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	name := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(name, block, 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.TLS.Certificates[0]
	c.Leaf = s.Certificate()
	return c, name
}

// secured answers AUTH by a handshake, if it has a certificate, and commands as
// scripted does.
func secured(cert *tls.Certificate, replies map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		_, err := io.WriteString(c, "220 hi\r\n")
		s := bufio.NewScanner(c)
		for err == nil && s.Scan() {
			verb, _, _ := strings.Cut(strings.ToUpper(s.Text()), " ")
			if verb == "AUTH" && cert != nil {
				_, err = io.WriteString(c, "234 go\r\n")
				c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*cert}})
				s = bufio.NewScanner(c)
				continue
			}
			reply := replies[verb]
			if reply == "" {
				reply = "500 Unknown command."
			}
			_, err = io.WriteString(c, reply+"\r\n")
		}
	}
}

// hangsUp when it is spoken to.
func hangsUp(c net.Conn) {
	// What is said to it does not matter.
	_, _ = c.Read(make([]byte, 100))
}

// TestMountSecurity: what is wrong with TLS has its code and one line that
// helps; what is right gets as far as the login.
func TestMountSecurity(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	cert, file := testCertificate(t)
	print := ftpclient.Fingerprint(cert.Leaf)
	deny := map[string]string{"PBSZ": "200 ok", "PROT": "200 ok", "USER": "331 Password", "PASS": "530 Login incorrect."}
	noProt := map[string]string{"PBSZ": "200 ok", "PROT": "536 Not here."}
	demands := map[string]string{"USER": "530 Non-anonymous sessions must use encryption."}
	plain, good := badServer(t, secured(nil, deny)), badServer(t, secured(&cert, deny))
	_, port, err := net.SplitHostPort(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, url, flags string
		want             exit.Code
		says             string
	}{
		{"none", "ftpes://me:sesame@" + plain, "", exit.TLS, "no TLS by AUTH (it says: 500 Unknown command.)"},
		{"not implicit", "ftps://me:sesame@" + plain, "", exit.TLS, "try ftpes://"},
		{"implicit", "ftpes://me:sesame@" + badServer(t, hangsUp), "", exit.TLS, "write ftps://"},
		{"demanded", "ftp://me:sesame@" + badServer(t, secured(nil, demands)), "", exit.TLS, "write ftpes://"},
		{"no PROT", "ftpes://me:sesame@" + badServer(t, secured(&cert, noProt)), "--no-verify", exit.TLS, "does not encrypt data (it says: 536 Not here.)"},
		{"unknown", "ftpes://me:sesame@" + good, "", exit.TLS, "--tls-pin " + print},
		{"wrong name", "ftpes://me:sesame@localhost:" + port, "--ca-file=" + file, exit.TLS, "127.0.0.1"},
		{"wrong pin", "ftpes://me:sesame@" + good, "--tls-pin=" + strings.Repeat("00", 32), exit.TLS, print},
		{"no pin", "ftpes://me:sesame@" + good, "--tls-pin=sesam", exit.Usage, "SHA-256"},
		{"authority", "ftpes://me:sesame@" + good, "--ca-file=" + file, exit.Login, "530"},
		{"pinned", "ftpes://me:sesame@localhost:" + port, "--tls-pin=" + print, exit.Login, "530"},
		{"not verified", "ftpes://me:sesame@localhost:" + port, "--no-verify", exit.Login, "530"},
		{"try", "ftp://me:sesame@" + good, "--tls=try --ca-file=" + file, exit.Login, "530"},
		{"try without", "ftp://me:sesame@" + plain, "--tls=try", exit.Login, "530"},
		{"client certificate", "ftpes://me:sesame@" + good, "--no-verify --tls-cert=" + file, exit.Usage, file},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"mount"}, strings.Fields(tt.flags)...)
			got := runProgram(t, command(t, append(args, tt.url+"/", t.TempDir())...))
			if got.code != tt.want || !strings.Contains(got.stderr, tt.says) || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("%d %q, want %d %q", got.code, got.stderr, tt.want, tt.says)
			}
			if strings.Contains(got.stderr, "sesame") {
				t.Errorf("%q tells the password", got.stderr)
			}
		})
	}
}
