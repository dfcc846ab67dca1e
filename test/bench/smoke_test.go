package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// benchArgs makes the test's binary the bench itself, with these arguments.
const benchArgs = "FTPFS_TEST_BENCH_ARGS"

func benchInstead() bool {
	args := os.Getenv(benchArgs)
	if args != "" {
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
	}
	return args != ""
}

// benchOptions are those of a short run, or skip the test.
func benchOptions(t *testing.T, args ...string) options {
	t.Helper()
	if os.Geteuid() != 0 {
		ftptest.Skip(t, "a network namespace needs root")
	}
	o, err := parse(append([]string{"-rtt", "5ms", "-limit", "1m"}, args...), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if o.server != "bundled" {
		ftptest.Require(t, o.server)
	}
	return o
}

// A work is done on a mount over the link, what it did is on the server, and what
// it needed of FTP was seen: on the wire, or within TLS in ftpfs's own words.
func TestBench(t *testing.T) {
	benchOptions(t, "-server", "bundled")
	program, err := buildProgram("", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-server", "bundled"}, {"-server", "vsftpd"}, {"-server", "vsftpd", "-tls", "explicit"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			o := benchOptions(t, append(args, "-work", "mkdir-p,append", "-ftpfs", program)...)
			r, err := run(t.Context(), o, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Rows) != 2 {
				t.Fatalf("%d rows, want 2", len(r.Rows))
			}
			for _, row := range r.Rows {
				checkRow(t, row, o)
			}
			var table strings.Builder
			if err := writeTable(r, &table); err != nil || !strings.Contains(table.String(), "mkdir-p") {
				t.Errorf("%v; the table:\n%s", err, table.String())
			}
		})
	}
}

// checkRow looks at what is certain of a row: each directory needs one MKD, each
// change a data connection, and all of it octets on the wire and memory.
func checkRow(t *testing.T, row row, o options) {
	t.Helper()
	s := row.Median
	if s.remark() != "" {
		t.Errorf("%s: %s", row.Work, s.remark())
	}
	mkd := s.FTP.Commands["MKD"] + s.FTP.Commands["XMKD"]
	if row.Work == "mkdir-p" && mkd != 5 {
		t.Errorf("mkdir-p of 5 levels: %d MKD in %v", mkd, s.FTP.Commands)
	}
	if row.Work == "append" && s.FTP.DataStreams == 0 {
		t.Errorf("append: no data connection in %+v", s.FTP)
	}
	if least := int64(s.FTP.total() * len("NOOP\r\n")); s.Sent.Bytes < least || s.Received.Bytes < least || s.Sent.Packets == 0 {
		t.Errorf("%s: sent %+v, received %+v, for %d commands", row.Work, s.Sent, s.Received, s.FTP.total())
	}
	if s.AtMount.total() == 0 || s.AtMount.Controls == 0 {
		t.Errorf("%s: the mounting logged in with %+v", row.Work, s.AtMount)
	}
	if s.PeakKiB < 1<<10 {
		t.Errorf("%s: a peak of %d KiB", row.Work, s.PeakKiB)
	}
	if s.FTP.Hidden {
		t.Errorf("%s: commands are hidden, although ftpfs tells them (TLS: %v)", row.Work, o.tls)
	}
}

// A mount whose process hangs does not hang the bench.
func TestHungMountIsGivenUp(t *testing.T) {
	o := benchOptions(t, "-server", "bundled")
	s, err := openSite(o, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	p := places{base: t.TempDir(), mount: t.TempDir()}
	m, err := startMount(t.Context(), ftpfsTool(nil).mount(s, p, nil), p.mount)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(m.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	script := `ls "` + p.mount + `" & wait $! && ls "` + p.mount + `"`
	if _, _, err := runScript(t.Context(), script, nil, filepath.Join(p.base, "output"), 300*time.Millisecond, m.kill); !errors.Is(err, errLimit) {
		t.Errorf("it ended with %v, want that it was given up", err)
	}
	if mounts, err := ftptest.MountsBelow(p.mount); err != nil || len(mounts) > 0 {
		t.Errorf("mounted: %q, %v", mounts, err)
	}
}

// When the bench is killed, nothing is left of it.
func TestNothingIsLeftWhenKilled(t *testing.T) {
	benchOptions(t)
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchArgs+"=-rtt 100ms -work ls-lR", "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	mounted := await(t, 2*time.Minute, func() bool {
		mounts, err := ftptest.MountsBelow(dir)
		return err == nil && len(mounts) > 0
	})
	cmd.Process.Kill()
	cmd.Wait() // its error is that it was killed
	if !mounted {
		t.Fatalf("it mounted nothing: %s", said.Bytes())
	}
	await(t, time.Minute, func() bool {
		entries, err := os.ReadDir(dir)
		return err == nil && len(entries) == 0
	})
	mounts, err := ftptest.MountsBelow(dir)
	entries, dirErr := os.ReadDir(dir)
	if err := errors.Join(err, dirErr); err != nil || len(mounts) > 0 || len(entries) > 0 {
		t.Errorf("left: mounts %q, files %v, %v", mounts, entries, err)
	}
	await(t, time.Minute, func() bool { return len(processesIn(t, dir)) == 0 })
	if left := processesIn(t, dir); len(left) > 0 {
		t.Errorf("left: processes %q", left)
	}
}

// processesIn returns the command lines of processes that name dir in theirs.
func processesIn(t *testing.T, dir string) (found []string) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		line, err := os.ReadFile(name)
		if err == nil && bytes.Contains(line, []byte(dir)) { // an error: it has just ended
			found = append(found, string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return found
}

// await polls until ok, and returns false if that takes too long.
func await(t *testing.T, limit time.Duration, ok func() bool) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-tick.C {
		if ok() {
			return true
		}
	}
	return ok()
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string
		ok   bool
	}{
		{"", true}, {"-rtt 0,10ms,1s -work mv,ls-lR -peer all -tls explicit", true}, {"-peer rclone,curl", true},
		{"-rtt soon", false}, {"-rtt -1s", false}, {"-work ls", false}, {"-peer wget", false}, {"-tls maybe", false},
		{"-runs 0", false}, {"more", false}, {"-rate much", false},
	} {
		if _, err := parse(strings.Fields(c.args), t.Output()); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.args, err)
		}
	}
	o, err := parse([]string{"-work", "mv,ls-lR"}, t.Output())
	if err != nil || len(o.works) != 2 || o.works[0].name != "ls-lR" {
		t.Errorf("-work mv,ls-lR: %v, %v; want the order of the table", o.works, err)
	}
	if o, err := parse(nil, t.Output()); err != nil || slices.ContainsFunc(o.works, func(w *work) bool { return w.optional }) {
		t.Errorf("without -work: optional works are there, or %v", err)
	}
}

// An interrupted run returns what it has, and leaves nothing.
func TestInterrupted(t *testing.T) {
	o := benchOptions(t, "-server", "bundled", "-work", "ls-lR")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := run(ctx, o, t.Output())
	if !errors.Is(err, context.Canceled) || r == nil {
		t.Errorf("%v, %v; want results and that it was canceled", r, err)
	}
}
