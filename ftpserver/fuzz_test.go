package ftpserver

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// loopbackPipe is one end of a pipe that says that it is TCP on loopback, so
// that data connections can be prepared. Nobody listens at its peer's address.
type loopbackPipe struct{ net.Conn }

func (loopbackPipe) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 21} }
func (loopbackPipe) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}
}

// pipeListener hands out one connection.
type pipeListener struct {
	conn   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

var replyLine = regexp.MustCompile(`^([1-5][0-5][0-9][ -]| ).*$`)

// converse sends input to a session that is logged in and returns the lines of
// its answers.
func converse(t *testing.T, profile string, input []byte) []string {
	t.Helper()
	fsys := NewMemFS(1 << 20)
	if err := fsys.Mkdir("d", 0o755); err != nil {
		t.Fatal(err)
	}
	users := map[string]User{ // those of the recorded sequences
		"ubuntu":  {Check: Password("ubuntu")},
		"fuzzing": {Check: Password("fuzzing")},
	}
	srv, err := New(Options{FS: fsys, Profile: profile, Users: users, Anonymous: true, AnonymousWrite: true, LoginDelay: -1,
		DataTimeout: 20 * time.Millisecond, IdleTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	l := &pipeListener{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conn <- loopbackPipe{theirs}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() { srv.Close(); <-served }()
	ours.SetDeadline(time.Now().Add(10 * time.Second))
	go func() {
		// What the session no longer reads fails here, and shall.
		io.WriteString(ours, "USER ftp\r\nPASS x\r\n")
		ours.Write(input)
		io.WriteString(ours, "\xff\xf0\r\nREIN\r\nQUIT\r\n")
	}()
	var lines []string
	r := bufio.NewReader(ours)
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatalf("after %q: %v", lines, err)
		}
		lines = append(lines, line)
		if strings.HasPrefix(line, "221 ") {
			ours.Close()
			return lines
		}
	}
}

// FuzzSession feeds anything to a session: it must answer in well-formed lines
// and come to its end.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"PWD\r\nMKD a\r\nCWD a\r\nSTAT\r\nFEAT\r\nHELP\r\n", "EPSV\r\nSTOR f\r\nABOR\r\nMLSD\r\n",
		"PASV\r\nLIST -la\r\nABOR\r\n", "PORT 127,0,0,1,4,1\r\nRETR d\r\n", "EPRT |2|::1|9999|\r\nNLST *\r\n",
		"\xff\xf4\xff\xf2ABOR\r\n\xff\xfa\x01\xff\xf0", "SITE SYMLINK \"a b\" c\r\nMLST c\r\nSTAT c\r\nSITE UTIME c 1 2 3 UTC\r\n",
		"RNFR d\r\nRNTO d/e\r\nREST 9999999999999999999\r\nALLO 1 R\r\nMFMT 20200101000060.5 d\r\nOPTS MLST type;;=\r\n",
		"MKD a\r\nRNFR a\r\nNOOP\r\nRNTO b\r\nRNFR b\r\nRNTO d\r\nRNFR d\r\nPWD\r\nRNTO e\r\n",
		"TYPE I\r\nREST 5\r\nEPSV\r\nSTOR f\r\nRANG 1 2\r\nTYPE A\r\nHASH f\r\nRANG 1 0\r\nREST 0\r\nAPPE f\r\n",
		"OPTS HASH MD5\r\nHASH d\r\nOPTS HASH \r\nAVBL\r\nAVBL d\r\nMFF modify=1;UNIX.mode=7; d\r\nMFF ;;; d\r\nMFF = d\r\n",
		"AUTH TLS\r\nPBSZ 0\r\nPROT P\r\nAUTH\r\n\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\nCCC\r\n",
		strings.Repeat("NOOP\r\nPWD\r\n", 300), strings.Repeat("\xff", 3000) + "\r\n", strings.Repeat("\xff\xf4\xff\xf2", 900) + "ABOR\r\n",
		strings.Repeat("EPSV\r\nLIST\r\nABOR\r\n", 5), "MKD " + strings.Repeat("a/", 3000) + "\r\nMKD " + strings.Repeat("x", 8188) + "\r\n",
		"USER x\r\nPASS\r\nUSER ftp\r\nPASS y\r\nREIN\r\nUSER\r\nACCT z\r\n", "PWD\nPWD\r\n\r\nPWD\r\x00\n\x00\r\n",
		"STAT [\r\nNLST [a-\r\nLIST a/*/[\\\r\nEPRT\r\nEPRT |\r\nTYPE\r\n", strings.Repeat("x", 9000) + "\n\n\n\n",
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range corpus(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		lines := converse(t, "", input)
		if len(lines) == 0 || !strings.HasPrefix(lines[0], "220 ") {
			t.Fatalf("greeting: %q", lines)
		}
		for _, line := range lines {
			body, ok := strings.CutSuffix(line, "\r\n")
			if !ok || !replyLine.MatchString(strings.ToValidUTF8(body, "?")) || strings.ContainsAny(body, "\r\x00") {
				t.Errorf("line %q", line)
			}
		}
	})
}

// FuzzProfile feeds anything to a session of any profile, which must come to
// its end. What it answers is as odd as the profile.
func FuzzProfile(f *testing.F) {
	for i := range Profiles() {
		for _, seed := range []string{
			"PASV\r\nLIST {a,b}*\r\nLIST {{{\r\nNLST -a\r\nSTAT nope\r\nSTAT d\r\nMLST d\r\n",
			"SITE CPFR d\r\nSITE CPTO x\r\nSITE COPY a b\r\nSITE COPY \"a\r\nSITE UMASK 999\r\nSITE UMASK\r\nSITE UTIME\r\nMD5\r\nXCRC \"d\" 1 2\r\nXMD5 d 2 1\r\n",
			"MDTM 20200101000000 d\r\nMDTM 2020 \r\nOPTS UTF8 OFF\r\nPRET\r\nEPSV 3\r\nEPSV ALL\r\nPORT 1\r\nPASV\r\nRETR a\\b\r\nSTOR  \t\x00 \r\nMKD \xff\x00x\r\n",
			"EPSV\r\nSTOR f\r\nABOR\r\nSTAT\r\nRNFR D\r\nRNTO d\r\nRNFR D\r\nRNTO E/f\r\nCWD D\r\nREST 9\r\nAPPE f\r\n",
		} {
			f.Add(uint8(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, profile uint8, input []byte) {
		name := Profiles()[int(profile)%len(Profiles())]
		if lines := converse(t, name, input); len(lines) == 0 {
			t.Errorf("%s: no greeting", name)
		}
	})
}

// corpus returns the recorded command sequences of profuzzbench, which are not
// part of the project; see FTPFS_CORPORA.
func corpus(f *testing.F) [][]byte {
	root := os.Getenv("FTPFS_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "corpora")
	}
	files, err := filepath.Glob(filepath.Join(root, "profuzzbench", "*", "in-ftp", "*.raw"))
	if err != nil {
		f.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			f.Fatalf("no corpora in %s (FTPFS_CORPORA)", root)
		}
		f.Logf("no corpora in %s (FTPFS_CORPORA): own seeds only", root)
	}
	var seeds [][]byte
	for _, name := range files {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}
