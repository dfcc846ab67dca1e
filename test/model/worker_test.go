package model

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// workerEnv is set in a process that was started to make calls.
const workerEnv = "FTPFS_TEST_MODEL_WORKER"

// A worker is another process that makes calls.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	ask *gob.Encoder
	ans *gob.Decoder
}

// startWorker starts a process, which ends with the test.
func startWorker(t testing.TB) *worker {
	t.Helper()
	w := &worker{cmd: exec.Command(os.Args[0])}
	w.cmd.Env = append(os.Environ(), workerEnv+"=1")
	w.cmd.Stderr = os.Stderr
	in, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.in, w.ask, w.ans = in, gob.NewEncoder(in), gob.NewDecoder(out)
	t.Cleanup(w.end)
	return w
}

// do has the process make a call.
func (w *worker) do(s step) (o outcome) {
	if err := errors.Join(w.ask.Encode(s), w.ans.Decode(&o)); err != nil {
		return outcome{Errno: syscall.EPIPE, Data: []byte(err.Error())}
	}
	return o
}

// end has it close what it has open, and ends it.
func (w *worker) end() {
	w.in.Close()
	w.cmd.Wait() // it is not asked how it ended: what it did was compared
}

// work is the process: it makes the calls that it reads. Before all others comes
// "begin", with the directory they are for.
func work() int {
	syscall.Umask(0)
	c, ask, ans := newCalls(""), gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	for {
		var s step
		var o outcome
		err := ask.Decode(&s)
		switch {
		case errors.Is(err, io.EOF):
			err = c.end()
			return exitCode(err)
		case err != nil:
			return exitCode(err)
		case s.Do == "begin":
			o = ended(c.end())
			c = newCalls(s.Path)
		case s.Do == "end":
			o = ended(c.end())
		default:
			o = c.do(s)
		}
		if err := ans.Encode(o); err != nil {
			return exitCode(err)
		}
	}
}

func exitCode(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 1
	}
	return 0
}
