package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// errLimit says that a script was given up.
var errLimit = errors.New("given up")

// runScript runs a script of a work and returns how long it took, and the time on a
// processor that it and its commands used. What it prints
// goes to a file. After limit its process group is killed, and hung is called to
// end what does not die of that, for it waits for a mount.
func runScript(ctx context.Context, script string, env []string, output string, limit time.Duration, hung func()) (took, used time.Duration, err error) {
	out, err := os.Create(output)
	if err != nil {
		return 0, 0, err
	}
	defer out.Close()
	var said bytes.Buffer
	cmd := exec.Command("sh", "-c", script)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = append(os.Environ(), env...), out, &said, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: it has just ended
		hung()
	})
	err = cmd.Wait()
	took = time.Since(begin)
	used = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if !stop() {
		<-killed
		return took, used, fmt.Errorf("%w after %v", context.Cause(ctx), took.Round(time.Second))
	}
	if err != nil {
		return took, used, fmt.Errorf("%w: %s", err, firstLine(said.Bytes()))
	}
	return took, used, nil
}

// firstLine returns the first line of what was said, of at most 200 bytes.
func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return line[:min(len(line), 200)]
}
