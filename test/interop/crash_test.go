package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ftpfs/test/ftptest"
)

// killSteps are the steps of an upload at which the program can be made to die.
var killSteps = []string{"written", "noted", "begun", "half", "stored", "rename", "renamed", "published", "cleared"}

// mortalProgram builds, for all tests of the run, a program that stops at the step that
// FTPFS_KILL_AT names.
var mortalProgram = sync.OnceValues(func() (string, error) {
	first, err := buildProgram()
	if err != nil {
		return "", err
	}
	name := first + "-mortal"
	out, err := exec.Command("go", "build", "-tags", "killsteps", "-o", name, "ftpfs/cmd/ftpfs").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, err
})

// mortal returns the path of that program.
func mortal(t *testing.T) string {
	t.Helper()
	name, err := mortalProgram()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestKilled: the program dies at each step of an upload and is started again. The
// server then has the old or the new version, whole; what a close has acknowledged
// is there; no temporary file and nothing in the spool is left, but what was being
// written, and not closed yet.
func TestKilled(t *testing.T) {
	t.Parallel()
	prog := mortal(t)
	old, fresh := bytes.Repeat([]byte("old content\n"), 30_000), bytes.Repeat([]byte("NEW\n"), 100_000)
	src := filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(src, fresh, 0o644); err != nil {
		t.Fatal(err)
	}
	acts := []struct {
		name, script string
		before, then []byte
		flags        []string
	}{
		{"replace", `cp "$SRC" f`, old, fresh, nil},
		{"create", `cp "$SRC" f`, nil, fresh, nil},
		{"append", `cat "$SRC" >>f`, old, append(bytes.Clone(old), fresh...), nil},
		{"write-back", `cp "$SRC" f && echo acknowledged`, old, fresh, []string{"--write-back"}},
	}
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		for _, act := range acts {
			for _, at := range killSteps {
				if testing.Short() && (at == "half" || at == "published") {
					continue
				}
				t.Run(act.name+" "+at, func(t *testing.T) {
					m := newMount(t, s.URL(), act.flags...)
					m.program = prog
					dir := filepath.Join(s.Dir, "d")
					if err := os.RemoveAll(dir); err != nil {
						t.Fatal(err)
					}
					s.WriteFile("d/other", []byte("x"))
					if act.before != nil {
						s.WriteFile("d/f", act.before)
					}
					now := filepath.Join(t.TempDir(), "now")
					m.env = []string{"FTPFS_KILL_AT=" + at, "FTPFS_KILL_IF=" + now}
					m.mount()
					shell(t, m.path("d"), `ls -l; test ! -e f || printf '' >>f`)
					if err := os.WriteFile(now, nil, 0o644); err != nil {
						t.Fatal(err)
					}
					out := shell(t, m.path("d"), act.script, "SRC="+src)
					acknowledged := strings.Contains(out.out, "acknowledged")
					if act.flags != nil {
						await(t, "the end of the program", func() bool {
							return len(m.pids()) == 0
						})
					}
					died := len(m.pids()) == 0
					m.kill()
					m.env = nil
					if out, code := m.run("umount", m.dir); code != 0 && len(m.mounts()) > 0 {
						t.Fatalf("umount: %d, %s", code, out)
					}
					m.mount()
					m.umount()
					got, err := os.ReadFile(filepath.Join(dir, "f"))
					isOld, isNew := bytes.Equal(got, act.before), bytes.Equal(got, act.then)
					if act.before == nil {
						isOld = os.IsNotExist(err)
					}
					switch {
					case !isOld && !isNew:
						t.Errorf("died %v: the file has %d octets, %v: neither the old nor the new version", died, len(got), err)
					case acknowledged && !isNew:
						t.Errorf("what was acknowledged is lost")
					}
					left, _ := filepath.Glob(filepath.Join(dir, ".*"))
					if len(left) > 0 {
						t.Errorf("left on the server: %q", left)
					}
					kept, _ := filepath.Glob(filepath.Join(filepath.Dir(m.dir), "spool", "mount-*", "files", "*"))
					if (len(kept) > 0) != (at == "written") {
						t.Errorf("left in the spool: %q", kept)
					}
				})
			}
		}
	})
}
