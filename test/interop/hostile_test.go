package interop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/test/ftptest"
)

// TestTerminal: whatever a server says, what the program prints, and what it
// logs with --trace, is plain lines.
func TestTerminal(t *testing.T) {
	const evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2028\x00 end"
	for _, greeting := range []string{
		"421 too many " + evil + "\r\n", "530 no " + evil + "\r\n", evil + "\r\n", "SSH-2.0-" + evil + "\r\n",
		"220-hello\r\n" + evil + "\r\n220 " + evil + "\r\n500 what " + evil + "\r\n", "HTTP/1.1 " + evil + "\r\n",
	} {
		m := newMount(t, "ftp://"+greeter(t, greeting)+"/", "--trace", "--timeout", "3s")
		out, code := m.tryMount(m.url, m.dir)
		log, err := os.ReadFile(m.log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if code == 0 || strings.Count(out, "\n") != 1 {
			t.Errorf("%q: exit code %d, %q", greeting, code, out)
		}
		for what, text := range map[string]string{"output": out, "log": string(log)} {
			if i := strings.IndexFunc(text, func(r rune) bool {
				return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u2028'
			}); i >= 0 {
				t.Errorf("%q: the %s has %q", greeting, what, text[i:])
			}
			if strings.Contains(text, "\x9b") {
				t.Errorf("%q: the %s has octet 155", greeting, what)
			}
		}
		if !strings.Contains(string(log), "connected to") {
			t.Errorf("the log has no trace: %q", log)
		}
	}
}

// TestInjectionThroughMount: names that would be two commands are refused, and
// nothing of them reaches the server.
func TestInjectionThroughMount(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		s.WriteFile("keep", []byte("kept"))
		m := mounted(t, s)
		for _, name := range []string{"a\r\nDELE keep", "a\nDELE keep", "a\rb", "\n", "x\r\nRMD keep\r\n"} {
			path := m.path(name)
			for what, err := range map[string]error{
				"mkdir":   os.Mkdir(path, 0o755),
				"create":  os.WriteFile(path, nil, 0o644),
				"rename":  os.Rename(m.path("keep"), path),
				"symlink": os.Symlink("keep", path),
			} {
				if !errors.Is(err, syscall.EINVAL) {
					t.Errorf("%s %q: %v, want EINVAL", what, name, err)
				}
			}
			if _, err := os.Lstat(path); !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.EINVAL) {
				t.Errorf("lstat %q: %v", name, err)
			}
		}
		m.umount()
		if got, err := os.ReadFile(filepath.Join(s.Dir, "keep")); err != nil || string(got) != "kept" {
			t.Errorf("the server's file: %q, %v", got, err)
		}
		if got := namesIn(t, s.Dir); fmt.Sprint(got) != "[keep]" {
			t.Errorf("on the server: %q", got)
		}
	})
}

// TestLoopsThroughMount: links that loop give ELOOP and no endless work.
func TestLoopsThroughMount(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		s.WriteFile("d/f", []byte("x"))
		s.Mkdir("d/e")
		for name, target := range map[string]string{"loop": "loop", "a": "b", "b": "a", "d/e/up": "../../d"} {
			if err := os.Symlink(target, filepath.Join(s.Dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		m := mounted(t, s)
		for _, name := range []string{"loop", "a", "b", "loop/x"} {
			if _, err := os.Stat(m.path(name)); !errors.Is(err, syscall.ELOOP) {
				t.Errorf("stat %s: %v, want ELOOP", name, err)
			}
		}
		deep := m.path("d/" + strings.Repeat("e/up/", 15) + "f")
		if got, err := os.ReadFile(deep); err != nil || string(got) != "x" {
			t.Errorf("through 15 links: %q, %v", got, err)
		}
		if r := shell(t, m.dir, `find . | sort | tr '\n' ' '`); r.out != ". ./a ./b ./d ./d/e ./d/e/up ./d/f ./loop " {
			t.Error(r)
		}
	})
}
