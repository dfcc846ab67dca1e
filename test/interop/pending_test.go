package interop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	sys "golang.org/x/sys/unix"

	"ftpfs/test/ftptest"
)

// pendingFiles is how many wait for their upload when the mount is removed.
const pendingFiles = 200

// waiting is a mount with --write-back in which files wait for their upload, none of
// which gets on until release is called.
func waiting(t *testing.T, kind string) (s *ftptest.Server, m *mount, release func()) {
	t.Helper()
	s = ftptest.Start(t, kind)
	m = newMount(t, s.URL(), "--write-back")
	m.program = mortal(t)
	marker := filepath.Join(t.TempDir(), "held")
	m.env = []string{"FTPFS_KILL_AT=noted", "FTPFS_KILL_IF=" + marker, "FTPFS_HOLD=1"}
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m.mount()
	out := shell(t, m.dir, fmt.Sprintf(`for i in $(seq %d); do echo "content $i" >f$i || exit 1; done`, pendingFiles))
	if out.code != 0 {
		t.Fatal(out)
	}
	return s, m, func() {
		if err := os.Remove(marker); err != nil {
			t.Error(err)
		}
	}
}

// arrived is how many of the files the server has, each of which must be right.
func arrived(t *testing.T, s *ftptest.Server) (n int) {
	t.Helper()
	for i := range pendingFiles {
		got, err := os.ReadFile(filepath.Join(s.Dir, fmt.Sprintf("f%d", i+1)))
		switch {
		case os.IsNotExist(err):
			continue
		case err != nil || string(got) != fmt.Sprintf("content %d\n", i+1):
			t.Errorf("f%d: %q, %v", i+1, got, err)
		}
		n++
	}
	return n
}

// TestUnmountUploads: umount waits for what --write-back has not uploaded, and shows how
// far it is: by a bar on a terminal, by lines elsewhere.
func TestUnmountUploads(t *testing.T) {
	t.Parallel()
	bar := regexp.MustCompile(`\|=*>? *-*\| [0-9]+ of 200 files`)
	for _, terminal := range []bool{true, false} {
		for _, kind := range []string{ftptest.Bundled, ftptest.Vsftpd} {
			t.Run(fmt.Sprint(kind, terminal), func(t *testing.T) {
				t.Parallel()
				s, m, release := waiting(t, kind)
				said := m.watch(terminal, "umount", m.dir)
				await(t, "words of what is left", func() bool {
					return strings.Contains(said.text(), "uploading 200 files") && (!terminal || bar.MatchString(said.text()))
				})
				if n := arrived(t, s); n > 0 {
					t.Errorf("%d files have arrived before they could", n)
				}
				release()
				if err := said.end(); err != nil {
					t.Errorf("umount: %v: %s", err, said.text())
				}
				if n := arrived(t, s); n != pendingFiles {
					t.Errorf("%d of %d files are on the server", n, pendingFiles)
				}
				if !terminal && strings.Contains(said.text(), "\x1b") {
					t.Errorf("escape sequences where there is no terminal: %q", said.text())
				}
			})
		}
	}
}

// TestUnmountLeavesUploads: umount --force says what is left; the next mount uploads it.
func TestUnmountLeavesUploads(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{ftptest.Bundled, ftptest.Vsftpd} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, m, release := waiting(t, kind)
			said := m.watch(false, "umount", "--force", m.dir)
			await(t, "words of what is left", func() bool { return strings.Contains(said.text(), "not uploaded yet: 200 files") })
			await(t, "no more uploads to be begun", func() bool {
				log, err := os.ReadFile(m.log)
				return err == nil && strings.Contains(string(log), "is left for the next mount")
			})
			release()
			var status *exec.ExitError
			if err := said.end(); err == nil || !errors.As(err, &status) || status.ExitCode() != exitUploads || !strings.Contains(said.text(), "left for the next mount") {
				t.Errorf("umount --force: %v: %s", err, said.text())
			}
			if n := arrived(t, s); n == pendingFiles {
				t.Error("all were uploaded all the same")
			}
			if out, code := m.tryMount(m.url, m.dir); code != 0 || !strings.Contains(out, "uploads that an earlier mount has not finished go on") {
				t.Errorf("mount: %d, %s", code, out)
			}
			m.umount()
			if n := arrived(t, s); n != pendingFiles {
				t.Errorf("%d of %d files are on the server", n, pendingFiles)
			}
		})
	}
}

// exitUploads is the exit code of ftpfs umount where something is not uploaded.
const exitUploads = 13

// A watched is a run of the program whose output is looked at meanwhile.
type watched struct {
	cmd  *exec.Cmd
	name string // of the file that has its output
	done chan struct{}
}

// watch runs the program, on a terminal or not.
func (m *mount) watch(terminal bool, args ...string) *watched {
	m.t.Helper()
	w := &watched{cmd: exec.Command(m.program, args...), name: filepath.Join(m.t.TempDir(), "output"), done: make(chan struct{})}
	out, err := os.Create(w.name)
	if err != nil {
		m.t.Fatal(err)
	}
	w.cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+filepath.Dir(m.dir), "HOME="+filepath.Dir(m.dir), "TERM=xterm")
	if !terminal {
		w.cmd.Stdout, w.cmd.Stderr = out, out
		close(w.done)
	} else {
		master, slave := openTerminal(m.t)
		w.cmd.Stdout, w.cmd.Stderr = slave, slave
		defer slave.Close()
		go func() {
			io.Copy(out, master) // until the other side is closed, which is an error
			master.Close()
			close(w.done)
		}()
	}
	if err := w.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	return w
}

// text is what was said so far.
func (w *watched) text() string {
	said, err := os.ReadFile(w.name)
	if err != nil {
		return err.Error()
	}
	return string(said)
}

func (w *watched) end() error {
	err := w.cmd.Wait()
	<-w.done
	return err
}

// openTerminal opens both sides of a pseudo-terminal of a usual size.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|sys.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := sys.IoctlGetInt(int(master.Fd()), sys.TIOCGPTN)
	if err == nil {
		err = sys.IoctlSetPointerInt(int(master.Fd()), sys.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = sys.IoctlSetWinsize(int(master.Fd()), sys.TIOCSWINSZ, &sys.Winsize{Row: 24, Col: 100})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|sys.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}
