package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// report is what the daemon tells its parent, once, as one line of JSON.
type report struct {
	OK       bool      `json:"ok"`
	Code     exit.Code `json:"code"`
	Message  string    `json:"message,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
}

// runDaemon is the other side: the process of the mount.
func runDaemon() error {
	job, out, err := openDaemon()
	if err != nil {
		return exit.Errorf(exit.Usage, "daemon is started by mount, not by hand: %w", err)
	}
	rep := &reporter{out: out}
	log, closeLog, err := logs.OpenAs(job.Watching.LogFormat, job.LogFile, false, job.Verbose)
	if err != nil {
		return rep.failed(err)
	}
	err = job.run(log, rep.warning(log), func() error { return rep.ready(job) })
	if err != nil {
		err = rep.failed(err)
	}
	return errors.Join(err, closeLog())
}

// openDaemon reads the job and returns the pipe for the report.
func openDaemon() (job mountJob, out *os.File, err error) {
	unix.CloseOnExec(jobFD)
	unix.CloseOnExec(reportFD)
	if err := secret.ReadGob(os.NewFile(jobFD, "job"), &job); err != nil {
		return job, nil, err
	}
	out = os.NewFile(reportFD, "report")
	if _, err := out.Stat(); err != nil {
		return job, nil, err
	}
	return job, out, os.Chdir("/")
}

// reporter sends the daemon's one report. It is for one goroutine at a time,
// but for warnings.
type reporter struct {
	mu  sync.Mutex // guards rep
	rep report
	out *os.File // nil when the report was sent
}

func (r *reporter) warning(log *slog.Logger) func(string) {
	return func(text string) {
		log.Warn(text)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.rep.Warnings = append(r.rep.Warnings, text)
	}
}

// ready leaves the session of who mounts, and reports success; afterwards nobody listens, and stderr goes to the log
// file, where a crash would be told.
func (r *reporter) ready(job mountJob) error {
	if _, err := unix.Setsid(); err != nil {
		return exit.Errorf(exit.Failure, "no session for the background process: %w", err)
	}
	if err := redirectStderr(job.LogFile); err != nil {
		return exit.Errorf(exit.Failure, "%w", err)
	}
	if err := r.send(func(rep *report) { rep.OK = true }); err != nil {
		return exit.Errorf(exit.Failure, "the parent process is gone: %w", err)
	}
	return nil
}

// failed reports err if the mount never came about, and returns it.
func (r *reporter) failed(err error) error {
	if r.out == nil {
		return err
	}
	return errors.Join(err, r.send(func(rep *report) { rep.Code, rep.Message = exit.CodeOf(err), say.OneLine(err) }))
}

func (r *reporter) send(fill func(*report)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	fill(&r.rep)
	err := json.NewEncoder(r.out).Encode(r.rep)
	err = errors.Join(err, r.out.Close())
	r.out = nil
	return err
}

// redirectStderr sends descriptor 2 to a file, or to /dev/null.
func redirectStderr(name string) error {
	if name == "" {
		name = os.DevNull
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Dup3(int(f.Fd()), 2, 0)
}
