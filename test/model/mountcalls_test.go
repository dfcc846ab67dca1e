package model

import (
	"errors"

	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// calls makes a program's calls in a directory.
type calls struct {
	dir string
	fds map[int]int // by slot
}

func newCalls(dir string) *calls { return &calls{dir: dir, fds: map[int]int{}} }

// errnoOf is the number of an error; that of anything else is EPROTO, which
// nothing should bring.
func errnoOf(err error) syscall.Errno {
	var e syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e
	}
	return syscall.EPROTO
}

func ended(err error) outcome { return outcome{Errno: errnoOf(err)} }

// do makes a call.
func (c *calls) do(s step) outcome {
	path := filepath.Join(c.dir, s.Path)
	switch s.Do {
	case "open":
		return c.open(s, path)
	case "mkdir":
		return ended(syscall.Mkdir(path, s.Mode))
	case "symlink":
		return ended(syscall.Symlink(s.To, path))
	case "readlink":
		buf := make([]byte, 300)
		n, err := syscall.Readlink(path, buf)
		return outcome{Errno: errnoOf(err), Data: buf[:max(n, 0)]}
	case "rename":
		return ended(unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, filepath.Join(c.dir, s.To), uint(s.Flags)))
	case "unlink":
		return ended(syscall.Unlink(path))
	case "rmdir":
		return ended(syscall.Rmdir(path))
	case "truncate":
		return ended(syscall.Truncate(path, s.Off))
	case "list":
		return list(path)
	case "stat":
		var st syscall.Stat_t
		return statOutcome(&st, syscall.Lstat(path, &st))
	case "chmod", "times":
		return setAttr(s, path)
	}
	fd, ok := c.fds[s.Slot]
	if !ok {
		return outcome{Errno: syscall.EBADF}
	}
	return c.onFile(s, fd)
}

func (c *calls) open(s step, path string) outcome {
	if fd, ok := c.fds[s.Slot]; ok {
		delete(c.fds, s.Slot)
		if err := syscall.Close(fd); err != nil {
			return ended(err)
		}
	}
	fd, err := syscall.Open(path, s.Flags|syscall.O_CLOEXEC, s.Mode)
	if err == nil {
		c.fds[s.Slot] = fd
	}
	return ended(err)
}

// setAttr changes a file; other things are left as they are.
func setAttr(s step, path string) outcome {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return ended(err)
	}
	if s.Do == "chmod" {
		return ended(syscall.Chmod(path, s.Mode))
	}
	return ended(syscall.UtimesNano(path, []syscall.Timespec{{Sec: s.N}, {Sec: s.N}}))
}

func statOutcome(st *syscall.Stat_t, err error) outcome {
	if err != nil {
		return ended(err)
	}
	o := outcome{Mode: st.Mode & 0o7777, Time: st.Mtim.Sec, Links: uint64(st.Nlink)}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		o.Kind, o.N = 'f', st.Size
	case syscall.S_IFDIR:
		o.Kind = 'd'
	case syscall.S_IFLNK:
		o.Kind = 'l'
	}
	return o
}

func list(path string) outcome {
	entries, err := os.ReadDir(path)
	o := ended(err)
	for _, e := range entries {
		kind := kindOf(e.Type())
		if e.Type()&os.ModeSymlink != 0 {
			kind = 'l'
		}
		o.Names = append(o.Names, e.Name()+" "+string(kind))
	}
	slices.Sort(o.Names)
	return o
}

func (c *calls) onFile(s step, fd int) outcome {
	switch s.Do {
	case "close":
		delete(c.fds, s.Slot)
		return ended(syscall.Close(fd))
	case "fstat":
		var st syscall.Stat_t
		return statOutcome(&st, syscall.Fstat(fd, &st))
	case "fsync":
		return ended(syscall.Fsync(fd))
	case "read":
		buf := make([]byte, s.N)
		n, err := syscall.Pread(fd, buf, s.Off)
		return outcome{Errno: errnoOf(err), N: int64(max(n, 0)), Data: buf[:max(n, 0)]}
	case "write":
		n, err := syscall.Pwrite(fd, s.octets(), s.Off)
		return outcome{Errno: errnoOf(err), N: int64(max(n, 0))}
	case "ftruncate":
		return ended(syscall.Ftruncate(fd, s.Off))
	case "allocate":
		return ended(syscall.Fallocate(fd, 0, s.Off, s.N))
	case "data":
		return holes(fd, s.Off)
	case "copy":
		return c.copy(s, fd)
	}
	return mapped(s, fd)
}

// holes looks for data and then for the hole behind it; what that means for a
// directory is left open.
func holes(fd int, off int64) outcome {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err == nil && st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		return outcome{Errno: syscall.EINVAL}
	}
	at, err := syscall.Seek(fd, off, unix.SEEK_DATA)
	if err != nil {
		return ended(err)
	}
	if at != off {
		return outcome{Errno: syscall.EPROTO, N: at}
	}
	n, err := syscall.Seek(fd, off, unix.SEEK_HOLE)
	return outcome{Errno: errnoOf(err), N: n}
}

// copy copies to the next descriptor, at a place within what it has.
func (c *calls) copy(s step, fd int) outcome {
	to, ok := c.fds[s.Slot+1]
	if !ok {
		return outcome{Errno: syscall.EBADF}
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(to, &st); err != nil {
		return ended(err)
	}
	off, at := s.Off, int64(s.Seed%uint64(1+st.Size))
	n, err := unix.CopyFileRange(fd, &off, to, &at, int(s.N), 0)
	return outcome{Errno: errnoOf(err), N: int64(max(n, 0))}
}

// mapped reads or writes through a mapping of the file; what cannot be fetched is
// EIO there.
func mapped(s step, fd int) (o outcome) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if err := recover(); err != nil {
			if _, ok := err.(interface{ Addr() uintptr }); !ok {
				panic(err)
			}
			o = outcome{Errno: syscall.EIO}
		}
	}()
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return ended(err)
	}
	prot := syscall.PROT_READ
	if s.Do == "mapwrite" {
		prot |= syscall.PROT_WRITE
	}
	off := s.Off % max(1, st.Size)
	from := off &^ 4095
	n := max(1, min(s.N, st.Size-off))
	m, err := syscall.Mmap(fd, from, int(off-from+n), prot, syscall.MAP_SHARED)
	if err != nil {
		return ended(err)
	}
	defer syscall.Munmap(m)
	if st.Size == 0 {
		return outcome{}
	}
	if s.Do == "mapread" {
		return outcome{Data: slices.Clone(m[off-from:])}
	}
	copy(m[off-from:], s.octets())
	return ended(unix.Msync(m, unix.MS_SYNC))
}

// end closes everything.
func (c *calls) end() error {
	var errs []error
	for slot, fd := range c.fds {
		delete(c.fds, slot)
		errs = append(errs, syscall.Close(fd))
	}
	return errors.Join(errs...)
}
