package fusefs

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// partEnv names the part that a copy of the test binary plays as a process of
// its own.
const partEnv = "FUSEFS_TEST_PART"

// playPart does one system call on the thread whose number it has printed,
// and prints what came of it.
func playPart(part string) int {
	runtime.LockOSThread()
	path := os.Args[1]
	ints := make(chan os.Signal, 1)
	if part == "stat-handling-sigint" {
		signal.Notify(ints, syscall.SIGINT)
	}
	fmt.Println("thread", syscall.Gettid())
	var err error
	switch part {
	case "stat", "stat-handling-sigint":
		err = syscall.Stat(path, new(syscall.Stat_t))
	case "read":
		err = readOnce(path)
	case "map", "map-append":
		flags := syscall.O_RDWR
		if part == "map-append" {
			flags |= syscall.O_APPEND
		}
		err = writeMapping(path, flags)
	case "map-read":
		err = readMapping(path)
	case "write-and-close":
		err = writeAndClose(path)
	default:
		return 2
	}
	fmt.Println("result", int(errnoOf(err)))
	return 0
}

func readOnce(path string) error {
	fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		return err
	}
	_, err = syscall.Read(fd, make([]byte, 4096))
	return err
}

func writeAndClose(path string) error {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_CREAT, 0o644)
	if err != nil {
		return err
	}
	if _, err := syscall.Write(fd, []byte("data")); err != nil {
		return err
	}
	return syscall.Close(fd)
}

// mapped is where writeMapping writes.
const mapped = 5000

// writeMapping ends without closing: what is on the server then, msync put
// there.
func writeMapping(path string, flags int) error {
	fd, err := syscall.Open(path, flags, 0)
	if err != nil {
		return err
	}
	p, err := unix.Mmap(fd, 0, 2*mapped, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	p[mapped] = '!'
	return unix.Msync(p, unix.MS_SYNC)
}

// mapSize is what readMapping maps: not a whole number of pages.
const mapSize = 3<<20 + 100

// readMapping compares what is mapped, from the end to the beginning.
func readMapping(path string) error {
	fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		return err
	}
	p, err := unix.Mmap(fd, 0, mapSize, unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	want := content(mapSize)
	for i := mapSize - 1; i >= 0; i-- {
		if p[i] != want[i] {
			return syscall.EILSEQ
		}
	}
	return nil
}

// process is a started part.
type process struct {
	cmd    *exec.Cmd
	out    *bufio.Scanner
	thread int
}

// start runs a part on path in a process of its own, which ends with the test
// at the latest.
func start(t *testing.T, part, path string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), partEnv+"="+part)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, out: bufio.NewScanner(out)}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	p.thread = p.number(t, "thread")
	return p
}

// number reads a line that a part has printed.
func (p *process) number(t *testing.T, label string) int {
	t.Helper()
	if !p.out.Scan() {
		t.Fatalf("no line %q: %v", label, p.out.Err())
	}
	rest, ok := strings.CutPrefix(p.out.Text(), label+" ")
	n, err := strconv.Atoi(rest)
	if !ok || err != nil {
		t.Fatalf("line %q, want %q", p.out.Text(), label)
	}
	return n
}

// result waits for the part's end and returns what its system call said.
func (p *process) result(t *testing.T) syscall.Errno {
	t.Helper()
	n := p.number(t, "result")
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("part ended with %v", err)
	}
	return syscall.Errno(n)
}

// signal sends a signal to the thread that does the system call.
func (p *process) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	_, _, errno := syscall.Syscall(syscall.SYS_TGKILL, uintptr(p.cmd.Process.Pid), uintptr(p.thread), uintptr(sig))
	if errno != 0 {
		t.Fatalf("tgkill: %v", errno)
	}
}
