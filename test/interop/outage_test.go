package interop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/test/ftptest"
)

// TestServerDies: with the server gone, everything in the mount ends, in an
// error where it needs the server; when the server is back, so is the mount.
func TestServerDies(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		big := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
		s.WriteFile("big", big)
		s.WriteFile("d/f", []byte("f"))
		m := mounted(t, s, "--timeout", "5s", "--attr-timeout", "1s")
		f, err := os.Open(m.path("big"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.ReadAt(make([]byte, 4096), 0); err != nil {
			t.Fatal(err)
		}
		w, err := os.Create(m.path("written during the outage"))
		if err != nil {
			t.Fatal(err)
		}
		s.Stop()
		if _, err := w.Write([]byte("kept")); err == nil {
			err = w.Close()
			if err == nil {
				t.Error("close of a file that the server does not have returned no error")
			}
		} else {
			w.Close()
		}
		// Read-ahead may still have had the middle; the end it had not.
		if _, err := f.ReadAt(make([]byte, 4096), int64(len(big)-4096)); err == nil {
			t.Error("a read of what was never fetched succeeded without a server")
		}
		for _, script := range []string{`cat d/f`, `echo x >new`, `mkdir e`, `ls d/sub`, `mv d e`} {
			if r := shell(t, m.dir, script); r.code == 0 {
				t.Errorf("%s succeeded without a server: %v", script, r)
			} else if strings.Contains(r.err, "No such file") && script != `ls d/sub` {
				t.Errorf("%s took the outage for a missing file: %v", script, r)
			}
		}
		s.Restart()
		await(t, "the mount to work again", func() bool {
			r := shell(t, m.dir, `cat d/f && echo again >again && cat again`)
			return r.code == 0 && r.out == "fagain\n"
		})
		if got, err := os.ReadFile(m.path("big")); err != nil || !bytes.Equal(got, big) {
			t.Errorf("the big file after the outage: %d bytes, %v", len(got), err)
		}
		if got, err := os.ReadFile(filepath.Join(s.Dir, "again")); err != nil || string(got) != "again\n" {
			t.Errorf("on the server's disk: %q, %v", got, err)
		}
	})
}

// TestUnmountWithoutServer: a mount whose server is gone can be unmounted.
func TestUnmountWithoutServer(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("f", []byte("f"))
		m := mounted(t, s, "--timeout", "5s")
		if r := shell(t, m.dir, `cat f`); r.out != "f" {
			t.Fatal(r)
		}
		s.Stop()
		m.umount()
	})
}

// TestServerRestartsUnused: a server that was restarted while nobody used the
// mount is not noticed.
func TestServerRestartsUnused(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s, "--attr-timeout", "0s")
		for i := range 3 {
			script := fmt.Sprintf(`echo %[1]d >f%[1]d && cat f%[1]d && mkdir d%[1]d && ls d%[1]d && mv f%[1]d d%[1]d/ && rm d%[1]d/f%[1]d && rmdir d%[1]d`, i)
			if r := shell(t, m.dir, script); r.code != 0 || r.out != fmt.Sprintf("%d\n", i) {
				t.Errorf("after %d restarts: %v", i, r)
			}
			s.Restart()
		}
	})
}

// TestCrashAndMountAgain: after kill -9 of ftpfs the same command mounts
// again, and what was closed before is there.
func TestCrashAndMountAgain(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s)
		if r := shell(t, m.dir, `echo closed >closed`); r.code != 0 {
			t.Fatal(r)
		}
		if n := m.kill(); n != 1 {
			t.Errorf("%d processes served the mount", n)
		}
		if _, err := os.ReadDir(m.dir); err == nil {
			t.Error("the mount of a dead process answers")
		}
		m.mount()
		if left := m.mounts(); len(left) != 1 {
			t.Errorf("mounted after the second mount: %q", left)
		}
		if r := shell(t, m.dir, `cat closed; ls`); r.out != "closed\nclosed\n" {
			t.Errorf("after the crash: %v", r)
		}
	})
}

// TestUnmountInUse: a mount in use is not unmounted, and works on.
func TestUnmountInUse(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Bundled)
	s.WriteFile("f", []byte("f"))
	m := mounted(t, s)
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	out, code := m.run("umount", m.dir)
	if code == 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("umount of a mount in use exited with %d: %q", code, out)
	}
	if r := shell(t, m.dir, `cat f`); r.out != "f" {
		t.Errorf("after the refused umount: %v", r)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	m.umount()
}
