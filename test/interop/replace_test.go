package interop

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// TestReplacedAtOnce: who looks at a file on the server while it is replaced through
// a mount sees one version or another, whole. FTPFS_TEST_LOOKS is how often.
func TestReplacedAtOnce(t *testing.T) {
	t.Parallel()
	const size = 300_000
	src := t.TempDir()
	for _, c := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(src, c), bytes.Repeat([]byte(c), size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	looks := 200
	if n, err := strconv.Atoi(os.Getenv("FTPFS_TEST_LOOKS")); err == nil {
		looks = n
	}
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		s.WriteFile("f", bytes.Repeat([]byte("a"), size))
		m := mounted(t, s)
		shell(t, m.dir, "ls -l")
		end := make(chan struct{})
		done := make(chan string, 1)
		go func() {
			var bad strings.Builder
			defer func() { done <- bad.String() }()
			for {
				select {
				case <-end:
					return
				default:
				}
				if out := shell(t, m.dir, `cp "$SRC/b" f && cp "$SRC/a" f`, "SRC="+src); out.code != 0 {
					bad.WriteString(out.err)
					return
				}
			}
		}()
		versions := map[string]int{}
		until := time.Now().Add(patience)
		for n := 0; n < looks || len(versions) < 2 && len(done) == 0 && time.Now().Before(until); n++ {
			got, err := os.ReadFile(filepath.Join(s.Dir, "f"))
			if err != nil || len(got) != size || bytes.Count(got, got[:1]) != size {
				t.Errorf("neither version: %d octets, %v", len(got), err)
				break
			}
			versions[string(got[:1])]++
		}
		close(end)
		if bad := <-done; bad != "" {
			t.Error(bad)
		}
		if !t.Failed() && len(versions) < 2 {
			t.Errorf("nothing was replaced meanwhile: %v", versions)
		}
	})
}

// TestUploadsCommand: with --write-back what waits and what has failed is told, and
// decided about, and survives the end of the program and of the server.
func TestUploadsCommand(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Vsftpd)
	s.WriteFile("f", []byte("old"))
	m := mounted(t, s, "--write-back", "--on-conflict", "fail")
	shell(t, m.dir, "ls -l; cat f")
	if out := shell(t, m.dir, `exec 3<>f; sleep 0.2; echo theirs, longer >"$DISK/f"; echo ours >&3; exec 3>&-; echo $?`, "DISK="+s.Dir); out.out != "0\n" {
		t.Fatalf("%v", out)
	}
	list := ""
	await(t, "the failure of the upload", func() bool {
		list, _ = m.run("uploads", m.dir)
		return strings.Contains(list, "failed")
	})
	if !strings.Contains(list, m.path("f")) || !strings.Contains(list, "changed on the server") {
		t.Errorf("uploads: %s", list)
	}
	saved := filepath.Join(t.TempDir(), "saved")
	if out, code := m.run("uploads", "save", m.path("f"), saved); code != 0 {
		t.Errorf("save: %d, %s", code, out)
	}
	if got, err := os.ReadFile(saved); err != nil || string(got) != "ours\n" {
		t.Errorf("saved: %q, %v", got, err)
	}
	if out, code := m.run("uploads", "discard", m.path("f")); code != 0 {
		t.Errorf("discard: %d, %s", code, out)
	}
	if out := shell(t, m.dir, "cat f"); out.out != "theirs, longer\n" {
		t.Errorf("after the discard: %v", out)
	}
	if out, code := m.run("uploads", "retry", m.path("f")); code == 0 {
		t.Errorf("retry of nothing: %s", out)
	}
}
