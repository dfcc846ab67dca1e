package interop

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// serveProgram is, beside the profiles, the built program's `ftpfs serve`, with
// the bundled server's own ways.
const serveProgram = "serve"

// Who may log in at a posed server.
const poseUser, posePassword = "tester", "pass,w:rd@1"

// posed is the bundled server in a profile, on a port and over a directory of
// its own.
type posed struct {
	profile string // or serveProgram
	mode    ftptest.TLSMode
	addr    string // host:port
	dir     string
	ca      string // PEM file of the authority; without TLS too
	server  *ftpserver.Server
	log     *serverLog
}

// pose starts it. change, which may be nil, has the last word on its options;
// serveProgram has none.
func pose(t *testing.T, profile string, mode ftptest.TLSMode, change func(*ftpserver.Options)) *posed {
	t.Helper()
	cert, key := poseCertificate(t)
	p := &posed{profile: profile, mode: mode, dir: filepath.Join(t.TempDir(), "served"), ca: cert, log: &serverLog{}}
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the server logged:\n%s", p.log)
		}
	})
	if profile == serveProgram {
		p.startProgram(t, cert, key)
	} else {
		p.startProfile(t, cert, key, change)
	}
	return p
}

// startProfile runs the server in this process.
func (p *posed) startProfile(t *testing.T, cert, key string, change func(*ftpserver.Options)) {
	t.Helper()
	tree, err := ftpserver.OpenDirFS(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	o := ftpserver.Options{Profile: p.profile, FS: tree, LoginDelay: -1, Trace: p.log.trace(),
		Users: map[string]ftpserver.User{poseUser: {Check: ftpserver.Password(posePassword)}}}
	if p.mode != ftptest.NoTLS {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		o.TLS, o.RequireTLS = &tls.Config{Certificates: []tls.Certificate{pair}}, true
	}
	if change != nil {
		change(&o)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if p.server, err = ftpserver.New(o); err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	serve := p.server.Serve
	if p.mode == ftptest.Implicit {
		serve = p.server.ServeTLS
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	t.Cleanup(func() {
		err := errors.Join(p.server.Close(), tree.Close())
		if served := <-ended; !errors.Is(served, ftpserver.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// startProgram runs `ftpfs serve` and waits for the URL that it prints.
func (p *posed) startProgram(t *testing.T, cert, key string) {
	t.Helper()
	log := filepath.Join(filepath.Dir(p.dir), "xferlog")
	args := []string{"serve", "--listen", "127.0.0.1:0", "--trace", "--transfer-log", log, "--config", p.configuration(t)}
	switch p.mode {
	case ftptest.Explicit:
		args = append(args, "--tls-cert", cert, "--tls-key", key, "--tls-require")
	case ftptest.Implicit:
		args = append(args, "--tls-cert", cert, "--tls-key", key, "--tls-implicit")
	}
	cmd := exec.Command(program(t), args...)
	cmd.Stderr = p.log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("ftpfs serve: %v", err)
		}
		checkTransferLog(t, log)
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("ftpfs serve printed no URL: %v", err)
	}
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	p.addr = u.Host
}

// configuration writes that of a server with limits that nobody comes near.
func (p *posed) configuration(t *testing.T) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(posePassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(filepath.Dir(p.dir), "serve.toml")
	text := fmt.Sprintf("[[user]]\nname = %q\npassword = %q\nquota = \"1G\"\nrate = \"100M\"\nmax-sessions = 50\n[[user.folder]]\nat = \"/\"\ndir = %q\naccess = \"write\"\n",
		poseUser, hash, p.dir)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// checkTransferLog looks for lines of xferlog(5), 18 words each.
func checkTransferLog(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil || len(text) == 0 {
		t.Errorf("the transfer log: %d octets, %v", len(text), err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) != 18 || f[13] != poseUser || !strings.Contains("io", f[11]) || !strings.Contains("ci", f[17]) {
			t.Errorf("in the transfer log: %q", line)
		}
	}
}

// port is the port in addr.
func (p *posed) port() string {
	_, port, _ := net.SplitHostPort(p.addr)
	return port
}

// serverLog is what a server tells, for a test that fails.
type serverLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String returns the last part of it.
func (l *serverLog) String() string {
	const most = 16 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.String()
	return text[max(0, len(text)-most):]
}

func (l *serverLog) trace() ftpserver.Trace {
	return ftpserver.Trace{
		Command: func(session int, line string) { fmt.Fprintf(l, "%d > %q\n", session, line) },
		Reply:   func(session, code int, text string) { fmt.Fprintf(l, "%d < %d %q\n", session, code, text) },
		Fault:   func(session int, f ftpserver.Fault) { fmt.Fprintf(l, "%d ! %+v\n", session, f) },
	}
}

// poseCertificate writes the certificate of the posed servers, which is its
// own authority, and its key.
func poseCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	blocks, err := posePEM()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(cert, blocks[0], 0o644), os.WriteFile(key, blocks[1], 0o600)); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// posePEM makes certificate and key once per run.
var posePEM = sync.OnceValues(func() (blocks [2][]byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return blocks, err
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a posed server"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		return blocks, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	blocks[0] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	blocks[1] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return blocks, err
})
