package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

const (
	quota  = 10 << 20 // octets
	quotaA = 6 << 20  // of a file, of which only one has room
)

// smallDisk mounts a file system that has quota octets and a little for what else a
// server keeps.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", quota+1<<20)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// TestQuota: what does not fit on the server is ENOSPC where the program sees it, the
// version that is there stays, the mount goes on, and what was written is kept. The
// limits are real: a small file system below each server, Pure-FTPd's own quota, and
// those of the bundled server, in both replies.
func TestQuota(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		ftptest.Skip(t, "it mounts, as root")
	}
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) { // one after the other: they share the disk
		m := mounted(t, s)
		overfill(t, m, m.dir, below(s.Dir))
	}, ftptest.Below(smallDisk(t)))
	t.Run("own quota of pureftpd", func(t *testing.T) {
		t.Parallel()
		s := ftptest.Start(t, ftptest.PureFTPd, ftptest.Extra("-n", fmt.Sprintf("100:%d", quota>>20)))
		m := mounted(t, s)
		overfill(t, m, m.dir, below(s.Dir))
	})
	for _, code := range []int{452, 552} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			tree := limited{ftpserver.NewMemFS(quota), code}
			m := newMount(t, serveTree(t, ftpserver.Options{FS: tree, Anonymous: true, AnonymousWrite: true, LoginDelay: -1}), "--trace")
			m.mount()
			overfill(t, m, m.dir, tree.read)
		})
	}
}

func below(dir string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
}

// overfill writes to dir, which is of the mount, what does not fit; read reads what is
// there on the server.
func overfill(t *testing.T, m *mount, dir string, read func(name string) ([]byte, error)) {
	src := t.TempDir()
	contents := map[string][]byte{}
	for _, c := range []string{"a", "b"} {
		contents[c] = bytes.Repeat([]byte(c), quotaA)
		if err := os.WriteFile(filepath.Join(src, c), contents[c], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	has := func(name string, want []byte) {
		t.Helper()
		if got, err := read(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s on the server: %d octets, %v", name, len(got), err)
		}
	}
	for _, act := range []struct {
		script string
		fails  bool
	}{
		{`cp "$SRC/a" f`, false},
		{`cp "$SRC/b" f`, true},
		{`cp "$SRC/b" other`, true},
		{`dd if="$SRC/b" of=f bs=1M conv=fsync status=none`, true},
		{`cat "$SRC/b" >>f`, true},
	} {
		out := shell(t, dir, act.script, "SRC="+src)
		if failed := out.code != 0; failed != act.fails || failed && !strings.Contains(out.err, "No space left on device") {
			t.Errorf("%s: %v", act.script, out)
		}
		if act.script[:3] == "cat" {
			break // a part of it may be there, which the documentation says
		}
		has("f", contents["a"])
	}
	if out := shell(t, dir, `rm -f f other && echo small >g && cp "$SRC/b" f && cat g`, "SRC="+src); out.out != "small\n" || out.code != 0 {
		t.Errorf("afterwards: %v", out)
	}
	has("f", contents["b"])
	if list, _ := m.run("uploads", m.dir); !strings.Contains(list, filepath.Join(dir, "f")) || !strings.Contains(list, "failed") {
		t.Errorf("uploads: %s", list)
	}
}

// limited is a tree that answers a full disk, or an exhausted quota.
type limited struct {
	*ftpserver.MemFS
	code int
}

func (l limited) OpenFile(name string, flag int, perm fs.FileMode) (ftpserver.File, error) {
	f, err := l.MemFS.OpenFile(name, flag, perm)
	if err != nil || l.code != 552 {
		return f, err
	}
	return limitedFile{f}, nil
}

func (l limited) read(name string) ([]byte, error) {
	f, err := l.MemFS.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

type limitedFile struct{ ftpserver.File }

func (f limitedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if errors.Is(err, syscall.ENOSPC) {
		err = syscall.EDQUOT
	}
	return n, err
}
