package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/remote"
)

// newDaemon is a job for the test binary as the program.
func newDaemon(t *testing.T, job mountJob) (*daemonCommand, *[]string) {
	t.Helper()
	t.Setenv(envMain, "1")
	var warnings []string
	if job.SpoolBase == "" {
		job.SpoolBase = t.TempDir()
	}
	job.Connections, job.Timeout = 2, remote.DefaultTimeout
	return &daemonCommand{job: job, limit: programTimeout, warn: func(s string) { warnings = append(warnings, s) }}, &warnings
}

func TestDaemonReportsFailure(t *testing.T) {
	sandbox(t)
	d, _ := newDaemon(t, mountJob{Server: remote.Server{Location: ftpurl.Location{Host: "h", Port: 21}}, Mountpoint: t.TempDir() + "/\xff none"})
	err := d.run(t.Context())
	if exit.CodeOf(err) != exit.Mountpoint || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v", err)
	}
	if d.cmd.ProcessState == nil {
		t.Error("the daemon is left behind")
	}
}

// TestDaemonDies: without a report the parent says so, with the last words.
func TestDaemonDies(t *testing.T) {
	sandbox(t)
	d, _ := newDaemon(t, mountJob{Server: remote.Server{Location: ftpurl.Location{Host: "h", Port: 21}}, Mountpoint: t.TempDir()})
	reports, err := d.start()
	if err != nil {
		t.Fatal(err)
	}
	defer reports.Close()
	if err := d.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := d.stderr.Write([]byte("panic: \x1b\nmore\n")); err != nil {
		t.Error(err)
	}
	err = d.conclude(report{}, os.ErrClosed)
	if exit.CodeOf(err) != exit.Failure || !strings.Contains(err.Error(), `panic: \x1b`) || strings.Contains(err.Error(), "more") {
		t.Errorf("%q", err)
	}
}

// TestDaemonHangs: the parent has a deadline, and leaves nothing.
func TestDaemonHangs(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	asked := make(chan struct{}, 8)
	addr := badServer(t, scriptedSilence(asked))
	loc, err := ftpurl.Parse("ftp://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	d, _ := newDaemon(t, mountJob{Server: remote.Server{Location: loc}, Mountpoint: t.TempDir()})
	d.limit = time.Second
	if err := d.run(t.Context()); exit.CodeOf(err) != exit.Timeout {
		t.Errorf("%v", err)
	}
	if len(asked) == 0 {
		t.Error("the server was not asked")
	}
	if d.cmd.ProcessState == nil {
		t.Error("the daemon is left behind")
	}
	assertNotMounted(t, d.job.Mountpoint)
}
