package ftptest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that runs as a process group of its own.
type process struct {
	cmd      *exec.Cmd
	done     chan struct{} // closed when the main process has been reaped
	watchdog *exec.Cmd
	leash    io.Closer // the watchdog kills the group when this is closed
}

// run starts a server's program in the foreground.
func (k *kind) run(s *Server, cmd *exec.Cmd) (running, error) {
	out, err := os.OpenFile(s.file("output.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = "/"
	env, err := s.opensslEnv()
	if err != nil {
		return nil, err
	}
	cmd.Env = append(append(os.Environ(), libraryPath(k.path(k.binaries[0]))), env...)
	if s.opts.zone != "" {
		cmd.Env = append(cmd.Env, "TZ="+s.opts.zone)
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	start := cmd.Start
	if s.opts.start != nil {
		start = func() error { return s.opts.start(cmd) }
	}
	if err := start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		cmd.Wait() // its status says nothing that its log does not
		close(p.done)
	}()
	if err := p.watch(); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// watchScript kills a server's group, and its descendants, some of which have
// left the group, when its input ends.
const watchScript = `below() { for list in /proc/$1/task/*/children; do
	for child in $(cat "$list" 2>/dev/null); do echo $child; below $child; done
done; }
read -r _; kill -STOP "$1"; kill -KILL $(below "$1") "-$1"`

// watch starts a shell that kills the server and its sessions when this process
// is gone, however it went. PR_SET_PDEATHSIG would not do: the servers change
// their user id, which clears it, and their sessions do not inherit it.
func (p *process) watch() error {
	p.watchdog = exec.Command("sh", "-c", watchScript, "sh", strconv.Itoa(p.cmd.Process.Pid))
	p.watchdog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	leash, err := p.watchdog.StdinPipe()
	if err != nil {
		return err
	}
	p.leash = leash
	return p.watchdog.Start()
}

// stop kills the server and its sessions. Those of vsftpd leave its process
// group when they have logged in, so they are found as descendants, of a server
// that is held still meanwhile. The numbers cannot be somebody else's by then:
// the main process has not been reaped before done is closed.
func (p *process) stop() {
	select {
	case <-p.done:
	default:
		syscall.Kill(p.pid(), syscall.SIGSTOP)
		for _, pid := range descendants(p.pid()) {
			syscall.Kill(pid, syscall.SIGKILL) // ESRCH: it has just ended
		}
	}
	syscall.Kill(-p.pid(), syscall.SIGKILL) // ESRCH: all of it has ended
	<-p.done
	if p.watchdog.Process != nil {
		p.watchdog.Process.Kill()
		p.watchdog.Wait()
		p.leash.Close()
	}
}

// descendants returns the children of a process, theirs, and so on.
func descendants(pid int) (found []int) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		panic(err) // the pattern is good
	}
	for _, name := range tasks {
		list, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		for _, field := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(field); err == nil {
				found = append(append(found, child), descendants(child)...)
			}
		}
	}
	return found
}

// quiet waits until the server has reaped its sessions, and so counts none:
// after the connection of a session has ended that still takes a moment. A
// kernel that does not list children is not asked.
func (p *process) quiet() {
	list := fmt.Sprintf("/proc/%d/task/%d/children", p.pid(), p.pid())
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-tick.C {
		if children, err := os.ReadFile(list); err != nil || len(children) == 0 {
			return
		}
	}
}

func (p *process) ended() <-chan struct{} { return p.done }
func (p *process) pid() int               { return p.cmd.Process.Pid }

// ownMounts gives the program a mount namespace of its own.
func ownMounts(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
}

// Log returns the last lines of all that the server wrote, of each log at most
// 16 KiB.
func (s *Server) Log() string {
	const most = 16 << 10
	logs, err := filepath.Glob(s.file("*.log"))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, name := range logs {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			data = []byte(err.Error())
		}
		if len(data) > most {
			data = data[len(data)-most:]
		}
		if len(data) > 0 {
			fmt.Fprintf(&b, "--- %s\n%s\n", filepath.Base(name), strings.TrimRight(string(data), "\n"))
		}
	}
	return b.String()
}
