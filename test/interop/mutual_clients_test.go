package interop

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// A mutualClient transfers "file" and returns errWrong, an error of its own, or
// nil. A context that ends is a hang.
type mutualClient struct {
	name    string
	program string
	// transfer runs op ("download" or "upload") at a port of this machine. It may
	// give up after waiting for so long; 0: it shall not.
	transfer func(ctx context.Context, op string, port int, wait time.Duration) error
}

// TestMutualClients lets curl and ftplib down- and upload under the faults:
// what they take for a success is one, except where the server says so of what
// it has cut, and they do not look. How long it takes is the machine's affair.
func TestMutualClients(t *testing.T) {
	t.Parallel()
	pool := newFtplibPool(t)
	for _, c := range []mutualClient{{"curl", "curl", curlTransfer}, {"ftplib", "python3", pool.transfer}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needProgram(t, c.program)
			mutualClientRuns(t, c)
		})
	}
}

func mutualClientRuns(t *testing.T, c mutualClient) {
	ctx := untilStopped(t)
	var tally mutualTally
	var cases sync.WaitGroup
	slots := make(chan struct{}, 32)
	for n, profile := range []string{"", "vsftpd", "proftpd", "pureftpd", "filezilla", "iis", "embedded"} {
		if testing.Short() && profile != "" {
			continue
		}
		for _, op := range []string{"download", "upload"} {
			m := mutual{profile: profile, kind: op}
			verbs, err := c.verbs(ctx, m)
			if err != nil {
				t.Errorf("%s: without a fault: %v", m, err)
				continue
			}
			for i, f := range mutualFaults(op, verbs) {
				if !allFaults && (i+n)%13 != 0 {
					continue
				}
				slots <- struct{}{}
				cases.Go(func() {
					outcome, err := c.suffer(ctx, m, f)
					if tally.count(m, outcome); err != nil {
						t.Errorf("%s: %s: %v", m, faultName(f), err)
					}
					<-slots
				})
			}
		}
	}
	cases.Wait()
	t.Log("\n" + tally.String())
}

// verbs are the commands of a transfer without a fault.
func (c mutualClient) verbs(ctx context.Context, m mutual) ([]string, error) {
	var mu sync.Mutex
	seen := map[string]bool{}
	_, err := c.once(ctx, m, func(verb string) {
		mu.Lock()
		defer mu.Unlock()
		seen[verb] = true
	})
	mu.Lock()
	defer mu.Unlock()
	delete(seen, "QUIT")
	return slices.Sorted(maps.Keys(seen)), err
}

// suffer transfers under a fault.
func (c mutualClient) suffer(ctx context.Context, m mutual, f ftpserver.Fault) (outcome string, err error) {
	said, err := c.once(ctx, m, nil, f)
	switch {
	case errors.Is(err, errWrong) && c.doesNotLook(m, f):
		return mutualUntold, nil
	case err != nil:
		return "", err
	case said != nil:
		return mutualFailed, nil
	}
	return mutualDone, nil
}

// doesNotLook finds what these clients cannot know: that data was cut where the
// server says 226, if they compare no size with what they have, or cannot.
func (c mutualClient) doesNotLook(m mutual, f ftpserver.Fault) bool {
	cut := f.Point == ftpserver.AtData && (f.Kind == ftpserver.FaultClose || f.Code == 226)
	return cut && (c.name == "curl" && m.kind == "upload" || c.name == "ftplib" && m.profile == "embedded")
}

// once runs one transfer at a server of its own. said is the client's error;
// err is one that must not be.
func (c mutualClient) once(ctx context.Context, m mutual, heard func(string), faults ...ftpserver.Fault) (said, err error) {
	s, err := m.start(mutualHang, heard)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, s.stop()); err != nil && !errors.Is(err, errWrong) {
			err = fmt.Errorf("%w\n%s", err, s.trace)
		}
	}()
	if m.kind == "download" {
		if err := put(s.tree, "file", mutualData); err != nil {
			return nil, err
		}
	}
	if err := s.server.SetFaults(faults...); err != nil {
		return nil, err
	}
	wait := time.Duration(0)
	if len(faults) > 0 {
		wait = time.Second
	}
	said = c.transfer(ctx, m.kind, s.port, wait)
	switch {
	case ctx.Err() != nil:
		return said, fmt.Errorf("it hangs: %v", said)
	case errors.Is(said, errWrong):
		return said, said
	case len(faults) == 0 && said != nil:
		return said, said
	case m.kind == "download" || said != nil:
		return said, nil
	}
	if got, err := read(s.tree, "file"); err != nil || got != mutualData {
		return nil, fmt.Errorf("%w: %d octets on the server, %v", errWrong, len(got), err)
	}
	return nil, nil
}

// curlTransfer runs curl.
func curlTransfer(ctx context.Context, op string, port int, wait time.Duration) error {
	var out, stderr strings.Builder
	cmd := exec.CommandContext(ctx, "curl", "-q", "--silent", "--show-error", fmt.Sprintf("ftp://127.0.0.1:%d/file", port))
	if wait > 0 {
		cmd.Args = append(cmd.Args, "--max-time", fmt.Sprint(2*wait.Seconds()))
	}
	if op == "upload" {
		cmd.Args = append(cmd.Args, "-T", "-")
		cmd.Stdin = strings.NewReader(mutualData)
	}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &stderr, 5*time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, stderr.String())
	}
	if op == "download" && out.String() != mutualData {
		return fmt.Errorf("%w: %d octets", errWrong, out.Len())
	}
	return nil
}

//go:embed testdata/mutual_ftplib.py
var mutualFtplibScript string

// ftplibPool is some processes that run the script, each for one case at a time.
type ftplibPool struct{ idle chan *ftplibProcess }

type ftplibProcess struct {
	in   io.Writer
	out  *bufio.Reader
	kill func() error
}

// newFtplibPool starts them; they end with the test. Without Python it is empty,
// and not for use.
func newFtplibPool(t *testing.T) *ftplibPool {
	t.Helper()
	const processes = 8
	p := &ftplibPool{make(chan *ftplibProcess, processes)}
	if _, err := exec.LookPath(python()); err != nil {
		return p
	}
	for range processes {
		cmd := exec.Command(python(), "-I", "-c", mutualFtplibScript)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
				t.Errorf("%v: %s", err, &stderr)
			}
		})
		p.idle <- &ftplibProcess{in, bufio.NewReader(out), cmd.Process.Kill}
	}
	return p
}

// transfer lets one of the processes do it, when one is free.
func (p *ftplibPool) transfer(ctx context.Context, op string, port int, wait time.Duration) error {
	var worker *ftplibProcess
	select {
	case worker = <-p.idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.idle <- worker }()
	defer context.AfterFunc(ctx, func() { worker.kill() })()
	line, err := json.Marshal(map[string]any{"op": op, "port": port, "timeout": wait.Seconds(), "data": base64.StdEncoding.EncodeToString([]byte(mutualData))})
	if err != nil {
		return err
	}
	if _, err := worker.in.Write(append(line, '\n')); err != nil {
		return err
	}
	said, err := worker.out.ReadString('\n')
	switch said = strings.TrimSpace(said); {
	case err != nil:
		return err
	case said == "ok":
		return nil
	case said == "wrong":
		return fmt.Errorf("ftplib: %w", errWrong)
	}
	return errors.New(said)
}
