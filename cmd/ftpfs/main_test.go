package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// envMain makes the test binary be the program, so that tests can start it as
// a process, and it can start itself.
const envMain = "FTPFS_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envMain) != "" {
		os.Exit(int(run(os.Args)))
	}
	if os.Args[0] == "ftpfs" {
		panic("a test has started the program without " + envMain + ": the tests would run again, and start it again")
	}
	if len(os.Args) > 1 && os.Args[1] == "daemon" {
		os.Exit(int(exit.Usage)) // a test that mounts has forgotten envMain: it must not start all tests again
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // else each program that a test starts ends a second late with -race
	}
	os.Exit(m.Run())
}

// programTimeout bounds every run of the program in tests.
const programTimeout = 60 * time.Second

// command returns the program with its own folders for state, spool and home.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), programTimeout)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Args[0] = "ftpfs"
	cmd.Env = append(secret.CleanEnviron(), envMain+"=1")
	return cmd
}

// sandbox gives this process, and what it starts, folders of its own.
func sandbox(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"run", "cache", "home", "tmp"} {
		if err := os.Mkdir(dir+"/"+name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_RUNTIME_DIR", dir+"/run")
	t.Setenv("XDG_CACHE_HOME", dir+"/cache")
	t.Setenv("HOME", dir+"/home")
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("TMPDIR", dir+"/tmp")
	t.Setenv("NETRC", "")
}

// result is what a run of the program left.
type result struct {
	code   exit.Code
	stdout string
	stderr string
}

// runProgram runs the program to its end.
func runProgram(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	return result{exit.Code(cmd.ProcessState.ExitCode()), stdout.String(), stderr.String()}
}

// oneLineOf fails unless stderr is one line of the program, and returns it.
func (r result) oneLine(t *testing.T) string {
	t.Helper()
	text := strings.TrimSuffix(r.stderr, "\n")
	if !strings.HasPrefix(text, "ftpfs: ") || strings.Contains(text, "\n") {
		t.Errorf("stderr is not one line of ftpfs: %q", r.stderr)
	}
	return text
}

// eventually polls until ok, and fails past the deadline.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(programTimeout)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", programTimeout, what)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	if r := runProgram(t, command(t, "--version")); r.code != exit.OK || !strings.HasPrefix(r.stdout, "ftpfs ") || !strings.Contains(r.stdout, "go1.") {
		t.Errorf("--version: %+v", r)
	}
	for _, name := range []string{"mount", "umount", "serve"} {
		if r := runProgram(t, command(t, name, "--help")); r.code != exit.OK || !strings.Contains(r.stdout, "Examples:") {
			t.Errorf("%s --help: %+v", name, r)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	sandbox(t)
	for _, args := range [][]string{
		{"nonsense"},
		{"mount"},
		{"mount", "ftp://h/"},
		{"mount", "ftp://h/", "/a", "/b"},
		{"mount", "--demo"},
		{"mount", "--nonsense", "ftp://h/", "/a"},
		{"mount", "--connections", "many", "ftp://h/", "/a"},
		{"mount", "--connections", "0", "ftp://h/", "/a"},
		{"mount", "--attr-timeout", "-1s", "ftp://h/", "/a"},
		{"mount", "--umask", "9", "ftp://h/", "/a"},
		{"mount", "--cache-size", "much", "ftp://h/", "/a"},
		{"mount", "-o", "nonsense", "ftp://h/", "/a"},
		{"mount", "-o", "connections", "ftp://h/", "/a"},
		{"mount", "host/dir", "/a"},
		{"mount", "sftp://h/", "/a"},
		{"umount"},
		{"serve"},
		{"serve", "/"},
		{"serve", "--user", "me", "/"},
		{"serve", "--anonymous", "--passive-ports", "9-1", "/"},
		{"serve", "--anonymous", "--tls-require", "/"},
		{"serve", "--anonymous", "--tls-implicit", "--tls-cert", "/c", "/"},
		{"serve", "--anonymous", "--write", "--read-only", "/"},
		{"daemon", "a", "b"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r := runProgram(t, command(t, args...))
			if r.code != exit.Usage {
				t.Errorf("exit code %d, want %d", r.code, exit.Usage)
			}
			r.oneLine(t)
		})
	}
}

// writeFile makes a file of a mode, whatever the umask.
func writeFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	// The process's umask must not decide what is tested.
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}
