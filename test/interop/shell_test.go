package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A result is what a shell printed and how it ended.
type result struct {
	out, err string
	code     int
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", r.code, r.out, r.err)
}

// shell runs a script in dir. One that does not end in time, because something
// hangs, fails the test.
func shell(t *testing.T, dir, script string, env ...string) result {
	t.Helper()
	r := shellNoFail(dir, script, env...)
	if r.code < 0 {
		t.Fatalf("%s\n%v", script, r)
	}
	return r
}

// shellNoFail is shell for other goroutines than the test's: a script that
// cannot be run or hangs has the code -1.
func shellNoFail(dir, script string, env ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC"), env...)
	cmd.WaitDelay = 5 * time.Second
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var status *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return result{out.String(), "it hangs; " + stderr.String(), -1}
	case err != nil && !errors.As(err, &status):
		return result{out.String(), err.Error() + "; " + stderr.String(), -1}
	}
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
