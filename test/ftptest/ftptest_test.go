package ftptest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

func TestMain(m *testing.M) { ftptest.Main(m) }

// curl runs curl, which knows FTP from elsewhere than this project.
func curl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		ftptest.Skip(t, "curl is not there; apt-get install curl")
	}
	out, err := exec.Command("curl", append([]string{"-sS", "-m", "20"}, args...)...).CombinedOutput()
	return string(out), err
}

// TestEachServer proves that every server takes, changes and gives files in
// its directory.
func TestEachServer(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		up := filepath.Join(t.TempDir(), "up")
		if err := os.WriteFile(up, []byte("from the client"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := curl(t, "--ftp-create-dirs", "-T", up, s.URL()+"sub/file"); err != nil {
			t.Fatalf("upload: %v: %s", err, out)
		}
		if b, err := os.ReadFile(filepath.Join(s.Dir, "sub/file")); string(b) != "from the client" {
			t.Errorf("the server has %q, %v", b, err)
		}
		s.WriteFile("other/dir/file", []byte("from the server"))
		if out, err := curl(t, s.URL()+"other/dir/file"); err != nil || out != "from the server" {
			t.Errorf("download: %q, %v", out, err)
		}
		if out, err := curl(t, "-Q", "DELE "+s.Path("other/dir/file"), s.URL()); err != nil {
			t.Errorf("DELE of the server's own file: %v: %s", err, out)
		}
		if out, err := curl(t, "-Q", "SITE CHMOD 640 "+s.Path("sub/file"), s.URL()); err != nil && s.User != "anonymous" {
			t.Errorf("SITE CHMOD: %v: %s", err, out)
		}
	})
}

// TestWrongPassword proves that the servers look at the password.
func TestWrongPassword(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		if s.User == "anonymous" {
			t.Skip("an anonymous login has no wrong password")
		}
		out, err := curl(t, "-u", s.User+":wrong", "ftp://"+s.Addr()+"/")
		if err == nil || !strings.Contains(out, "530") {
			t.Errorf("login with a wrong password: %q, %v", out, err)
		}
	})
}

// TestRestart proves that a server comes back on its port over its files, also if the
// port is taken for a moment.
func TestRestart(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		s.WriteFile("kept", []byte("kept"))
		port := s.Port
		s.Stop()
		if c, err := net.Dial("tcp", s.Addr()); err == nil {
			c.Close()
			t.Error("a stopped server still accepts")
		}
		l, err := net.Listen("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer time.AfterFunc(200*time.Millisecond, func() { l.Close() }).Stop() // as who was looking for a port
		s.Restart()
		if out, err := curl(t, s.URL()+"kept"); s.Port != port || err != nil || out != "kept" {
			t.Errorf("after Restart on port %d (was %d): %q, %v", s.Port, port, out, err)
		}
	})
}

// TestStopEndsSessions proves that Stop is as a crash to those logged in.
func TestStopEndsSessions(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		last, c := session(t, s)
		if !strings.HasPrefix(last, "230") {
			t.Fatalf("login: %q", last)
		}
		s.Stop()
		_, err := io.Copy(io.Discard, c)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Error("the session outlived its server")
		}
	})
}

// TestReadOnly proves that a read-only server takes nothing.
func TestReadOnly(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		if out, err := curl(t, "-T", "/etc/hostname", s.URL()+"new"); err == nil {
			t.Errorf("upload to a read-only server: %q", out)
		}
		if left, err := os.ReadDir(s.Dir); err != nil || len(left) > 0 {
			t.Errorf("the served directory has %v, %v", left, err)
		}
	}, ftptest.ReadOnly())
}

// TestLimits proves that the limits are the servers' own: one session is let
// in, a second is not.
func TestLimits(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		first, _ := session(t, s)
		if !strings.HasPrefix(first, "230") {
			t.Fatalf("first login: %q", first)
		}
		if second, _ := session(t, s); !strings.HasPrefix(second, "421") && !strings.HasPrefix(second, "530") {
			t.Errorf("second login: %q", second)
		}
	}, ftptest.MaxClients(5), ftptest.MaxPerHost(1), ftptest.PassivePorts(40000, 40100))
}

// session logs in, stays so until the test ends, and returns the last reply.
func session(t *testing.T, s *ftptest.Server) (last string, c net.Conn) {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(c)
	for _, line := range []string{"", "USER " + s.User, "PASS " + s.Password} {
		if line != "" {
			fmt.Fprintf(c, "%s\r\n", line)
		}
		for more := true; more; more = len(last) > 3 && last[3] == '-' || len(last) > 0 && last[0] == ' ' {
			if last, err = r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if last[0] != '2' && last[0] != '3' {
			break
		}
	}
	return last, c
}

// TestLeaks runs this test binary again with a test that leaves something
// behind, and reads what Main says of it.
func TestLeaks(t *testing.T) {
	for what, want := range map[string]string{"file": "left behind: file ", "process": "left behind: process ", "mount": "left behind: mount "} {
		t.Run(what, func(t *testing.T) {
			if what == "mount" && os.Getuid() != 0 {
				t.Skip("mounting needs root")
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestLeaveBehind$", "-test.count=1")
			cmd.Env = append(os.Environ(), "FTPTEST_LEAVE="+what)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("a run that left a %s: %v\n%s", what, err, out)
			}
		})
	}
}

// TestLeaveBehind is run by TestLeaks.
func TestLeaveBehind(t *testing.T) {
	var err error
	switch os.Getenv("FTPTEST_LEAVE") {
	case "file":
		_, err = os.MkdirTemp("", "")
	case "process":
		cmd := exec.Command("sh", "-c", "setsid cat /dev/zero >/dev/null & exit 0")
		err = cmd.Run()
	case "mount":
		var dir string
		if dir, err = os.MkdirTemp("", ""); err == nil {
			err = syscall.Mount("ftptest", dir, "tmpfs", 0, "size=4k")
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestCrash proves that a server does not outlive a test binary that is
// killed: nothing of it runs that could clean up.
func TestCrash(t *testing.T) {
	for _, name := range ftptest.Names() {
		t.Run(name, func(t *testing.T) {
			ftptest.Require(t, name)
			cmd := exec.Command(os.Args[0], "-test.run=^TestHangAfterStart$", "-test.count=1")
			cmd.Env = append(os.Environ(), "FTPTEST_HANG="+name, "TMPDIR="+t.TempDir())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			port := 0
			for sc := bufio.NewScanner(out); port == 0 && sc.Scan(); {
				fmt.Sscanf(sc.Text(), "listening on %d", &port)
			}
			cmd.Process.Kill()
			cmd.Wait()
			if port == 0 {
				t.Fatal("the server did not start")
			}
			awaitRefused(t, port)
		})
	}
}

// awaitRefused waits until nothing listens on the port.
func awaitRefused(t *testing.T, port int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			c.Close()
		}
	}
	t.Errorf("something still listens on port %d", port)
}

// TestHangAfterStart is run by TestCrash.
func TestHangAfterStart(t *testing.T) {
	name := os.Getenv("FTPTEST_HANG")
	if name == "" {
		return
	}
	fmt.Printf("listening on %d\n", ftptest.Start(t, name).Port)
	select {}
}
