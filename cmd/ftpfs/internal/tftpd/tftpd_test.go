package tftpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pin/tftp/v3"

	"ftpfs/ftpserver"
)

// serving serves o until the test ends and returns where.
func serving(t *testing.T, o Options) *net.UDPAddr {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := New(o)
	served := make(chan error, 1)
	go func() { served <- s.Serve(conn) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn.LocalAddr().(*net.UDPAddr)
}

func client(t *testing.T, addr net.Addr, block int) *tftp.Client {
	t.Helper()
	c, err := tftp.NewClient(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetTimeout(100 * time.Millisecond)
	c.SetRetries(50)
	c.SetBackoff(func(int) time.Duration { return 0 })
	c.RequestTSize(true)
	if block != defaultBlock {
		c.SetBlockSize(block)
	}
	return c
}

func put(c *tftp.Client, name, content string) error {
	to, err := c.Send(name, "octet")
	if err == nil {
		_, err = to.ReadFrom(bytes.NewReader([]byte(content)))
	}
	return err
}

func get(c *tftp.Client, name string) (string, error) {
	from, err := c.Receive(name, "octet")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	_, err = from.WriteTo(&b)
	return b.String(), err
}

// octets is n bytes of all values.
func octets(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return string(b)
}

// once is a tree for devices that save by TFTP.
func once(fsys ftpserver.FS) ftpserver.FS {
	return ftpserver.Restrict(fsys, ftpserver.Access{WriteOnce: true, NoMkdir: true})
}

// TestTransfers: up and down, with blocks of sizes that do and do not divide
// the file, on a network that loses every packet once and on one that does not.
func TestTransfers(t *testing.T) {
	for _, lossy := range []bool{false, true} {
		for _, tt := range []struct{ block, size int }{{512, 0}, {512, 1}, {512, 1024}, {512, 1500}, {1468, 1468 * 2}, {8192, 20_000}, {65464 - 440, 70_000}} {
			t.Run(fmt.Sprintf("%d bytes in blocks of %d, lossy %v", tt.size, tt.block, lossy), func(t *testing.T) {
				t.Parallel()
				fsys := ftpserver.NewMemFS(0)
				addr := serving(t, Options{FS: once(fsys), Timeout: 30 * time.Millisecond, Retries: 100})
				r := startRelay(t, addr, lossy)
				want := octets(tt.size)
				if err := put(client(t, r.front.LocalAddr(), tt.block), "f", want); err != nil {
					t.Fatal(err)
				}
				if got := content(t, fsys, "f"); got != want {
					t.Errorf("%d bytes arrived", len(got))
				}
				got, err := get(client(t, r.front.LocalAddr(), tt.block), "/f")
				if err != nil || got != want {
					t.Errorf("%d bytes came back, %v", len(got), err)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if lossy && r.lost < 8 {
					t.Errorf("only %d packets were lost", r.lost)
				}
			})
		}
	}
}

func content(t *testing.T, fsys ftpserver.FS, name string) string {
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

// TestRefusals: each has its code, and leaves what is there as it is.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "served")
	if err := errors.Join(os.Mkdir(base, 0o755), os.WriteFile(filepath.Join(base, "there"), []byte("there"), 0o644), os.Mkdir(filepath.Join(base, "d"), 0o755),
		os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o644), os.Symlink("../secret", filepath.Join(base, "out")),
		os.Symlink(dir, filepath.Join(base, "up")), os.Symlink("there", filepath.Join(base, "link"))); err != nil {
		t.Fatal(err)
	}
	tree, err := ftpserver.OpenDirFS(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	q := ftpserver.NewQuota(2000)
	counted, err := q.Apply(tree)
	if err != nil {
		t.Fatal(err)
	}
	readOnly := serving(t, Options{FS: ftpserver.Restrict(tree, ftpserver.Access{ReadOnly: true})})
	writeOnce := serving(t, Options{FS: once(counted), MaxSize: 3000})
	for _, tt := range []struct {
		addr          *net.UDPAddr
		request       string
		code          byte
		text          string
		more, options string
	}{
		{readOnly, "\x00\x01nothing\x00octet\x00", codeNotFound, "not found", "", ""},
		{readOnly, "\x00\x01d\x00octet\x00", codeAccess, "violation", "", ""},
		{readOnly, "\x00\x01out\x00octet\x00", codeAccess, "violation", "", ""},
		{readOnly, "\x00\x01up/secret\x00octet\x00", codeAccess, "violation", "", ""},
		{readOnly, "\x00\x01../../secret\x00octet\x00", codeNotFound, "not found", "", ""},
		{readOnly, "\x00\x02new\x00octet\x00", codeAccess, "violation", "", ""},
		{writeOnce, "\x00\x02there\x00octet\x00", codeExists, "exists", "", ""},
		{writeOnce, "\x00\x02link\x00octet\x00", codeExists, "exists", "", ""},
		{writeOnce, "\x00\x02up/x\x00octet\x00", codeAccess, "violation", "", ""},
		{writeOnce, "\x00\x02no/x\x00octet\x00", codeNotFound, "not found", "", ""},
		{writeOnce, "\x00\x02big\x00octet\x00tsize\x003001\x00", codeFull, "larger", "", ""},
	} {
		got := ask(t, tt.addr, tt.request)
		if !strings.HasPrefix(got, "\x00\x05\x00"+string(tt.code)) || !strings.Contains(got, tt.text) {
			t.Errorf("%q: %q, want code %d", tt.request, got, tt.code)
		}
	}
	for name, size := range map[string]int{"too large": 3500, "over the quota": 2500} {
		if err := put(client(t, writeOnce, 512), name, octets(size)); err == nil {
			t.Errorf("%s: it is told that all is well", name)
		}
	}
	if err := put(client(t, writeOnce, 512), "fits", octets(1995)); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(base)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "d fits link out there up" {
		t.Errorf("there are %s", got)
	}
}

// ask sends one packet and returns the answer.
func ask(t *testing.T, addr *net.UDPAddr, packet string) string {
	t.Helper()
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.WriteToUDP([]byte(packet), addr); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 600)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatalf("%q: %v", packet, err)
	}
	return string(buf[:n])
}

// TestOptions: what is asked for is answered, and what makes no sense is not.
func TestOptions(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	addr := serving(t, Options{FS: fsys, Timeout: time.Minute})
	if err := put(client(t, addr, 512), "f", "line\n"); err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"\x00\x01f\x00octet\x00":                                             "\x00\x03\x00\x01line\n",
		"\x00\x01f\x00NetASCII\x00":                                          "\x00\x03\x00\x01line\r\n",
		"\x00\x01f\x00OCTET\x00BLKSIZE\x008\x00":                             "\x00\x06blksize\x008\x00",
		"\x00\x01f\x00octet\x00blksize\x0099999\x00tsize\x000\x00":           "\x00\x06blksize\x0065024\x00tsize\x005\x00",
		"\x00\x01f\x00netascii\x00tsize\x000\x00":                            "\x00\x03\x00\x01line\r\n",
		"\x00\x01f\x00octet\x00timeout\x003\x00multicast\x00\x00":            "\x00\x06timeout\x003\x00",
		"\x00\x01f\x00octet\x00blksize\x007\x00timeout\x00256\x00x\x001\x00": "\x00\x03\x00\x01line\n",
		"\x00\x02g\x00octet\x00tsize\x0012\x00":                              "\x00\x06tsize\x0012\x00",
		"\x00\x02h\x00octet\x00":                                             "\x00\x04\x00\x00",
	} {
		if got := ask(t, addr, request); got != want {
			t.Errorf("%q: %q, want %q", request, got, want)
		}
	}
}

// TestAbandoned: an upload that its client leaves is removed, and the name is
// free again.
func TestAbandoned(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	addr := serving(t, Options{FS: once(fsys), Timeout: time.Millisecond, Retries: 2})
	if got := ask(t, addr, "\x00\x02f\x00octet\x00"); got != "\x00\x04\x00\x00" {
		t.Fatalf("%q", got)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		if _, err := fsys.Lstat("f"); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is still there")
		}
	}
	if err := put(client(t, addr, 512), "f", "again"); err != nil {
		t.Error(err)
	}
}

// TestBusy: more transfers than are allowed are refused, not queued.
func TestBusy(t *testing.T) {
	addr := serving(t, Options{FS: ftpserver.NewMemFS(0), MaxTransfers: 1, Timeout: time.Minute})
	if got := ask(t, addr, "\x00\x02f\x00octet\x00"); got != "\x00\x04\x00\x00" {
		t.Fatalf("%q", got)
	}
	if got := ask(t, addr, "\x00\x02g\x00octet\x00"); !strings.HasPrefix(got, "\x00\x05\x00\x00Too many") {
		t.Errorf("%q", got)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte("\x00\x01../f\x00octet\x00blksize\x001428\x00tsize\x000\x00"))
	f.Add([]byte("\x00\x02\\a\\b\x00netascii\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		r, ok := parseRequest(p)
		if ok && (r.block < 8 || r.block > maxDatagram || r.name == "" || strings.HasPrefix(r.name, "/") || strings.HasPrefix(r.name, "../") || strings.Contains(r.name, "\x00")) {
			t.Errorf("%q is %+v", p, r)
		}
		if ok && len(r.oack()) > len(p)+30 {
			t.Errorf("%q makes %q", p, r.oack())
		}
	})
}
