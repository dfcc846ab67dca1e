package fusefs

import (
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ftpfs/test/fakeremote"
)

// changes of a file that somebody makes who may not keep its set-user-ID bit.
var changes = map[string]func(path string) error{
	"write": func(path string) error { return appendTo(path, os.O_WRONLY) },
	"append": func(path string) error {
		return appendTo(path, os.O_WRONLY|os.O_APPEND)
	},
	"O_TRUNC":  func(path string) error { return appendTo(path, os.O_WRONLY|os.O_TRUNC) },
	"truncate": func(path string) error { return os.Truncate(path, 1) },
	"chown":    func(path string) error { return os.Chown(path, os.Getuid(), os.Getgid()) },
}

func appendTo(path string, flags int) error {
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString("x"); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// withoutFSETID runs f on a thread without CAP_FSETID, which ends with it.
func withoutFSETID(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		err := unix.Capget(&h, &data[0])
		if err == nil {
			data[0].Effective &^= 1 << unix.CAP_FSETID
			err = unix.Capset(&h, &data[0])
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// SETATTR-4: who writes to a file takes set-user-ID and set-group-ID from it.
func TestSETATTR4_Privileges(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			tree := fakeremote.New()
			for path, mode := range map[string]uint32{"/f": 0o6755, "/locked": 0o2644} {
				tree.Put(path, []byte("data"))
				tree.PutMode(path, mode)
			}
			m := mount(t, tree)
			for path, want := range map[string]uint32{"f": 0o755, "locked": 0o2644} {
				if err := withoutFSETID(func() error { return change(m.path(path)) }); err != nil {
					t.Error(err)
				}
				var st syscall.Stat_t
				if err := syscall.Stat(m.path(path), &st); err != nil || st.Mode&0o7777 != want {
					t.Errorf("%s has mode %o, want %o, %v", path, st.Mode&0o7777, want, err)
				}
				if e, _ := tree.Look("/" + path); e.Mode != want {
					t.Errorf("%s has mode %o on the server, want %o", path, e.Mode, want)
				}
			}
		})
	}
}
