package fusefs

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"ftpfs/test/fakeremote"
)

// blockedStat starts a process whose stat waits for the listing of a
// directory.
func blockedStat(t *testing.T, part string) (*mounted, *fakeremote.Gate, *process) {
	t.Helper()
	tree := fakeremote.New()
	tree.Put("/slow/file", []byte("content"))
	m := mount(t, tree)
	gate := tree.Block("List", "/slow")
	stat := tree.Block("Stat", "/slow/file")
	t.Cleanup(gate.Open)
	t.Cleanup(stat.Open)
	p := start(t, part, m.path("slow/file"))
	select {
	case <-gate.Entered():
		stat.Open()
	case <-stat.Entered():
		gate.Open()
		gate = stat
	}
	return m, gate, p
}

// INTR-1: a shower of SIGURG (as Go's runtime sends it) does not end a stat.
func TestINTR1_SIGURGDoesNotInterrupt(t *testing.T) {
	m, gate, p := blockedStat(t, "stat")
	for range 20 {
		p.signal(t, syscall.SIGURG)
		// The kernel hands out an interrupt before any later request, so
		// when this one is answered, the interrupt has been.
		if err := syscall.Stat(m.dir, new(syscall.Stat_t)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.ReadDir(m.dir); err != nil {
			t.Fatal(err)
		}
	}
	gate.Open()
	if errno := p.result(t); errno != 0 {
		t.Errorf("stat under SIGURG: %v", errno)
	}
}

// INTR-2: a signal that the user sends to stop ends the wait with EINTR, even
// after another signal came first.
func TestINTR2_SIGINTInterrupts(t *testing.T) {
	_, _, p := blockedStat(t, "stat-handling-sigint")
	p.signal(t, syscall.SIGURG)
	p.signal(t, syscall.SIGINT)
	if errno := p.result(t); errno != syscall.EINTR {
		t.Errorf("stat under SIGINT: %v, want EINTR", errno)
	}
}

// INTR-2: SIGKILL ends a process that waits in stat, though the server does
// not answer.
func TestINTR2_SIGKILLEndsStat(t *testing.T) {
	_, _, p := blockedStat(t, "stat")
	wantKilled(t, p)
}

// INTR-2: SIGKILL ends a process that waits in read.
func TestINTR2_SIGKILLEndsRead(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/file", make([]byte, 1<<20))
	m := mount(t, tree)
	gate := tree.Block("Read", "/file")
	t.Cleanup(gate.Open)
	p := start(t, "read", m.path("file"))
	<-gate.Entered()
	wantKilled(t, p)
}

func wantKilled(t *testing.T, p *process) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a killed process does not end")
	}
}

// INTR-3: close does not give up, whatever the signal.
func TestINTR3_CloseIsNotInterrupted(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	gate := tree.Block("Reply", "")
	t.Cleanup(gate.Open)
	p := start(t, "write-and-close", m.path("file"))
	<-gate.Entered()
	for range 5 {
		p.signal(t, syscall.SIGURG)
		if _, err := os.ReadDir(m.dir); err != nil {
			t.Fatal(err)
		}
	}
	gate.Open()
	if errno := p.result(t); errno != 0 {
		t.Errorf("write and close: %v", errno)
	}
	if got, _ := tree.Get("/file"); string(got) != "data" {
		t.Errorf("the server has %q", got)
	}
}
