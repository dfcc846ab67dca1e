package ftpserver_test

import (
	"context"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

func TestHash(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "0123456789")
		write(t, fsys, "empty", "")
		must(t, fsys.Mkdir("d", 0o755))
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		const whole = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882" // sha256sum(1)
		c.do("HASH f", "213 SHA-256 0-10 "+whole+" f")
		for algorithm, sum := range map[string]string{
			"sha-1": "87acec17cd9dcd20a716cc2cf67417b71c8a7016", "MD5": "781e5e245d69b566979b86e28d23f2c7", "CRC32": "a684c7c6"} {
			c.do("OPTS HASH "+algorithm, "200 "+strings.ToUpper(algorithm))
			c.do("HASH f", "213 "+strings.ToUpper(algorithm)+" 0-10 "+sum+" f")
		}
		c.do("OPTS HASH NOSUCH", "504")
		c.do("OPTS HASH CRC32", "200 CRC32")
		c.do("OPTS HASH", "200 CRC32")
		c.do("RANG 2 4", "350")
		c.do("HASH f", "213 CRC32 2-5 0d717969 f")
		c.do("HASH f", "213 CRC32 0-10") // the range was for one command
		c.do("REST 10", "350")
		c.do("HASH f", "213 CRC32 10-10 00000000")
		c.do("REST 11", "350")
		c.do("HASH f", "554")
		c.do("HASH empty", "213 CRC32 0-0 00000000")
		c.do("HASH d", "550")
		c.do("HASH nope", "550")
		if feat := features(c); !strings.Contains(strings.Join(feat, "|"), "HASH SHA-256;SHA-512;SHA-1;MD5;CRC32*") {
			t.Errorf("FEAT: %q", feat)
		}
	})
}

func TestRange(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "0123456789")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		for args, want := range map[string]string{"0 0": "0", "2 4": "234", "9 9": "9", "5 100": "56789", "1 0": "0123456789"} {
			c.do("RANG "+args, "350")
			if got := c.get("RETR f"); got != want {
				t.Errorf("RANG %s: %q, want %q", args, got, want)
			}
		}
		c.do("RANG 2 4", "350")
		c.do("REST 3", "350")
		if got := c.get("RETR f"); got != "3456789" {
			t.Errorf("REST takes RANG back: %q", got)
		}
		c.do("RANG 11 12", "350")
		c.do("RETR f", "554")
		for _, bad := range []string{"RANG", "RANG 1", "RANG 4 2", "RANG x 1", "RANG -1 2", "RANG 1 99999999999999999999"} {
			c.do(bad, "501")
		}
	})
}

// endlessFS holds a file that is never read to its end.
type endlessFS struct {
	ftpserver.FS
	reading chan struct{}
}

func (e endlessFS) OpenFile(name string, flag int, perm fs.FileMode) (ftpserver.File, error) {
	f, err := e.FS.OpenFile(name, flag, perm)
	return endlessFile{f, e.reading}, err
}

type endlessFile struct {
	ftpserver.File
	reading chan struct{}
}

func (f endlessFile) Stat() (fs.FileInfo, error) {
	fi, err := f.File.Stat()
	return endlessInfo{fi}, err
}

func (f endlessFile) Read(p []byte) (int, error) {
	select {
	case f.reading <- struct{}{}:
	default:
	}
	return len(p), nil
}

type endlessInfo struct{ fs.FileInfo }

func (endlessInfo) Size() int64 { return 1 << 62 }

// TestHashIsInterrupted: ABOR is heard while a hash is computed, and neither
// Shutdown nor Close waits for it for ever.
func TestHashIsInterrupted(t *testing.T) {
	tree := endlessFS{ftpserver.NewMemFS(0), make(chan struct{}, 1)}
	write(t, tree.FS, "f", "")
	addr, srv := startServer(t, ftpserver.Options{FS: tree})
	c := login(t, addr)
	c.write("HASH f\r\n")
	<-tree.reading
	c.do("ABOR", "426")
	c.expect("226")
	c.do("NOOP", "200")
	c.write("HASH f\r\n")
	<-tree.reading
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := srv.Shutdown(ctx); err != context.Canceled {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestAvailable(t *testing.T) {
	fsys := ftpserver.NewMemFS(1000)
	write(t, fsys, "f", "0123456789")
	must(t, fsys.Mkdir("d", 0o755))
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	c.do("AVBL", "213 990")
	c.do("AVBL /d", "213 990")
	c.do("AVBL f", "550 Not a directory")
	c.do("AVBL nope", "550 No such file")
	c.put("STOR g", "12345")
	c.do("AVBL", "213 985")
	c.do("DELE f", "250")
	c.do("AVBL", "213 995")
	login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)})).do("AVBL", "550 Operation not supported")

	c = login(t, start(t, ftpserver.Options{FS: openDir(t, t.TempDir())}))
	got := strings.TrimPrefix(c.do("AVBL", "213 "), "213 ")
	if n, err := strconv.ParseInt(got, 10, 64); err != nil || n <= 0 {
		t.Errorf("AVBL of a disk: %q", got)
	}
}

func TestModifyFacts(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("MFF Modify=20210203040506;unix.MODE=0640; f", "213 Modify=20210203040506;unix.MODE=0640; f")
		c.do("MDTM f", "213 20210203040506")
		if row := c.do("MLST f", "250"); !strings.Contains(row, "UNIX.mode=0640;") {
			t.Errorf("MLST: %q", row)
		}
		for command, code := range map[string]string{"MFF modify=x; f": "501", "MFF UNIX.mode=9; f": "501", "MFF f": "501",
			"MFF modify=20200101000000;owner=x; f": "504", "MFF modify=20200101000000; nope": "550"} {
			c.do(command, code)
		}
		c.do("MDTM f", "213 20210203040506") // nothing was set where one fact could not be
	})
}
