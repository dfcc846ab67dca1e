package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// The process in the background is this program again, as `ftpfs daemon`. It makes
// itself a session of its own when it has mounted, and not before: while systemd
// mounts on demand, whoever is not in its process group waits at the mount point for
// the mount (autofs(5)), and the daemon would wait for itself. It reads its job from descriptor 3, so that nothing
// secret is in its arguments, and reports to descriptor 4 when the mount
// answers or has failed. Until then its stderr is kept for the case that it
// dies without a report.
const (
	jobFD    = 3
	reportFD = 4

	// mountSlack is what the daemon may need beyond the server's answers.
	mountSlack = 15 * time.Second
	// endSlack is how long it may take to undo what it did, when told to.
	endSlack = 5 * time.Second
)

// daemonCommand starts the background process of a job and waits for its
// report.
type daemonCommand struct {
	job   mountJob
	limit time.Duration // for the report
	warn  func(text string)

	cmd    *exec.Cmd
	stderr say.Buffer
}

// run returns when the mount answers, or with the failure that the daemon
// reported. When it fails no process and no mount are left. A signal, or the
// end of ctx, ends the daemon too.
func (d *daemonCommand) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()

	reports, err := d.start()
	if err != nil {
		return exit.Errorf(exit.Failure, "cannot start the background process: %w", err)
	}
	defer reports.Close()
	type answer struct {
		report
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		a.err = json.NewDecoder(io.LimitReader(reports, secret.MaxFile)).Decode(&a.report)
		answers <- a
	}()
	select {
	case a := <-answers:
		return d.conclude(a.report, a.err)
	case <-ctx.Done():
		d.kill()
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return exit.Errorf(exit.Timeout, "the mount did not come about within %s: nothing is mounted (--trace shows what the server does)", d.limit)
		}
		return exit.Errorf(exit.Failure, "interrupted: nothing is mounted")
	}
}

// start runs the daemon and hands it its job; it returns the pipe of reports.
func (d *daemonCommand) start() (*os.File, error) {
	var job bytes.Buffer
	if err := gob.NewEncoder(&job).Encode(d.job); err != nil {
		return nil, err
	}
	jobR, jobW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer jobR.Close()
	defer jobW.Close()
	reportR, reportW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reportW.Close()
	if err := d.prepare(jobR, reportW); err != nil {
		reportR.Close()
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		reportR.Close()
		return nil, err
	}
	if err := writeJob(jobW, job.Bytes()); err != nil {
		reportR.Close()
		d.kill()
		return nil, err
	}
	return reportR, nil
}

// prepare makes the command, with its ends of the pipes as jobFD and reportFD.
func (d *daemonCommand) prepare(job, report *os.File) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	d.cmd = &exec.Cmd{
		Path: exe, Args: []string{"ftpfs", "daemon", d.job.display(), d.job.Mountpoint},
		Env: secret.CleanEnviron(), Dir: "/", Stderr: &d.stderr,
		ExtraFiles: []*os.File{job, report},
		WaitDelay:  endSlack,
	}
	return nil
}

// writeJob gives up after a while: a daemon that died reads nothing.
func writeJob(w *os.File, job []byte) error {
	if err := w.SetWriteDeadline(time.Now().Add(endSlack)); err != nil {
		return err
	}
	_, err := w.Write(job)
	return err
}

// conclude turns the report, or its absence, into the command's result.
func (d *daemonCommand) conclude(r report, err error) error {
	for _, w := range r.Warnings {
		d.warn(w)
	}
	switch {
	case err != nil:
		d.kill()
		return exit.Errorf(exit.Failure, "the background process ended without a word%s", d.lastWords())
	case !r.OK:
		d.kill()
		if words := d.lastWords(); r.Code == exit.FUSE && !strings.HasPrefix(words, ": ftpfs: ") {
			r.Message += words // those of fusermount3
		}
		return &exit.Error{Code: r.Code, Text: r.Message}
	}
	return nil
}

// kill ends the daemon, politely first, and removes a mount that it could not
// remove any more.
func (d *daemonCommand) kill() {
	ended := make(chan struct{})
	go func() {
		// How it ended is of no interest: it was told to, or has reported.
		_ = d.cmd.Wait()
		close(ended)
	}()
	d.signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(endSlack):
		d.signal(syscall.SIGKILL)
		<-ended
	}
	table, err := mountpoints.Read()
	if err != nil {
		return
	}
	at, ok := mountpoints.At(table, d.job.Mountpoint)
	if ok && at.Type == mountpoints.FSType && mountpoints.IsDead(d.job.Mountpoint, mounts.Dirs()) {
		if err := mountpoints.Detach(d.job.Mountpoint, true); err != nil {
			d.warn(fmt.Sprintf("a dead mount is left on %s (%v): %s", d.job.Mountpoint, err, mountpoints.DetachCommand(d.job.Mountpoint)))
		}
	}
}

func (d *daemonCommand) signal(sig syscall.Signal) {
	if err := d.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		d.warn(fmt.Sprintf("process %d: %v", d.cmd.Process.Pid, err))
	}
}

// lastWords is the first line that a dying daemon wrote to stderr.
func (d *daemonCommand) lastWords() string {
	line, _, _ := strings.Cut(strings.TrimSpace(d.stderr.String()), "\n")
	if line == "" {
		return ""
	}
	return ": " + say.Short(say.Printable(line))
}
