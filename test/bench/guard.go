package main

import (
	"errors"
	"io"
	"os/exec"
	"syscall"
)

// A guard cleans up behind a run that was killed: when the other end of its
// input is closed it unmounts everything below a directory and removes the
// directory. It crosses no mount, lest it remove files of the server.
type guard struct {
	cmd   *exec.Cmd
	leash io.Closer
}

const guardScript = `read -r _
while grep -q " $1/" /proc/self/mounts; do
	cut -d' ' -f2 /proc/self/mounts | grep "^$1/" | xargs -r -n1 umount -f -l || break
done
rm -rf --one-file-system "$1"`

func newGuard(dir string) (*guard, error) {
	cmd := exec.Command("sh", "-c", guardScript, "sh", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's ^C is not for it
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &guard{cmd, leash}, cmd.Start()
}

// close lets the guard do its work and waits for it.
func (g *guard) close() error { return errors.Join(g.leash.Close(), g.cmd.Wait()) }
