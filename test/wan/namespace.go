package wan

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// A namespace is a network namespace without a name: it lives while somebody
// has it open or runs in it.
type namespace struct{ file *os.File }

// newNamespace makes a namespace that has nothing but a loopback device that is
// down.
func newNamespace() (n *namespace, err error) {
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("a network namespace (which needs root): %w", err)
		}
		file, err := os.Open(ownNamespace)
		n = &namespace{file}
		return err
	})
	return n, err
}

// do runs f on a thread inside the namespace. What f makes there stays there:
// sockets, devices, child processes.
func (n *namespace) do(f func() error) error {
	return onThread(func() error {
		if err := setNamespace(n.file); err != nil {
			return err
		}
		return f()
	})
}

func (n *namespace) close() error { return n.file.Close() }

// ownNamespace is the namespace of the thread that opens it.
const ownNamespace = "/proc/thread-self/ns/net"

// onThread runs f, which may change the thread's namespace, on a thread that is
// used for nothing else meanwhile, and brings the thread back. One that does not
// come back ends with its goroutine.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open(ownNamespace)
		if err != nil {
			runtime.UnlockOSThread()
			done <- err
			return
		}
		defer home.Close()
		err = f()
		if backErr := setNamespace(home); backErr == nil {
			runtime.UnlockOSThread()
		} else if err == nil {
			err = backErr
		}
		done <- err
	}()
	return <-done
}

func setNamespace(file *os.File) error {
	return os.NewSyscallError("setns", unix.Setns(int(file.Fd()), unix.CLONE_NEWNET))
}
