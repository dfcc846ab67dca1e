package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"ftpfs/test/ftptest"
)

// commandLine is a command in the program's log.
var commandLine = regexp.MustCompile(`(?m)#\d+ > (SITE [A-Z]+|[A-Z]+)`)

// sending runs a script in the mount and returns how often each command was sent.
func sending(t *testing.T, m *mount, script string, env ...string) map[string]int {
	t.Helper()
	before, err := os.ReadFile(m.log)
	if err != nil {
		t.Fatal(err)
	}
	if out := shell(t, m.dir, script, env...); out.code != 0 || out.err != "" {
		t.Fatalf("%s: %v", script, out)
	}
	after, err := os.ReadFile(m.log)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]int{}
	for _, c := range commandLine.FindAllSubmatch(after[len(before):], -1) {
		sent[string(c[1])]++
	}
	return sent
}

// TestWritingCommands: what is sent for files that are copied in, appended to,
// replaced.
func TestWritingCommands(t *testing.T) {
	t.Parallel()
	src := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := os.WriteFile(filepath.Join(src, name), []byte("some text\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	never := func(t *testing.T, what string, sent map[string]int, verbs ...string) {
		t.Helper()
		for _, verb := range verbs {
			if sent[verb] > 0 {
				t.Errorf("%s: %s was sent: %v", what, verb, sent)
			}
		}
	}
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("log", []byte("0\n"))
		m := mounted(t, s, "--trace", "--attr-timeout", "60s")
		shell(t, m.dir, `ls -la; mkdir warm; echo >warm/up; sleep 0.3`)

		sent := sending(t, m, `cp -r "$SRC" new`, "SRC="+src)
		never(t, "cp -r", sent, "SITE CHMOD", "MFF", "RNFR", "RETR", "LIST", "MLSD", "APPE")
		if sent["STOR"] != 4 || sent["SIZE"]+sent["MLST"] > 5 {
			t.Errorf("cp -r of 4 files: %v", sent)
		}

		sending(t, m, `echo 1 >>log; sleep 0.3`) // with the trial
		sent = sending(t, m, `echo 2 >>log; echo 3 >>log; echo 4 >>log`)
		never(t, "appending", sent, "SITE CHMOD", "MFF", "RNFR", "RETR", "STOR", "DELE")
		if sent["APPE"] != 3 || sent["SIZE"]+sent["MLST"] > 6 {
			t.Errorf("3 lines appended: %v", sent)
		}

		sending(t, m, `cp "$SRC/b" new/a`, "SRC="+src) // learns modes
		sent = sending(t, m, `cp "$SRC/a" new/b; cp "$SRC/a" new/c`, "SRC="+src)
		never(t, "replacing", sent, "SITE CHMOD", "MFF", "RETR", "LIST", "MLSD", "DELE")
		if sent["STOR"] != 2 || sent["RNTO"] != 2 || sent["SIZE"]+sent["MLST"] > 4 {
			t.Errorf("2 files replaced: %v", sent)
		}
		same(t, "on the server's disk", digest(t, filepath.Join(s.Dir, "log"), 0), digest(t, m.path("log"), 0))
		if got, err := os.ReadFile(filepath.Join(s.Dir, "log")); err != nil || string(got) != "0\n1\n2\n3\n4\n" {
			t.Errorf("log: %q, %v", got, err)
		}
		m.umount()
		left, err := filepath.Glob(filepath.Join(s.Dir, "new", ".*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left on the server: %q, %v", left, err)
		}
	})
}
