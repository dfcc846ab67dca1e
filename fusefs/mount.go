package fusefs

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"ftpfs/cache"
)

// Options configure a mount.
type Options struct {
	Source     string // shown in the mount table, e.g. ftp://user@host/dir; never a password
	UID, GID   uint32 // owner of everything
	Umask      uint32 // bits cleared in every mode
	AllowOther bool
	ReadOnly   bool
	Log        *slog.Logger // nil: none

	known int // how many files the kernel may know; 0: knownMost
}

// Server is a mounted volume. Its methods may be called from several
// goroutines. It is the volume's cache.Notifier.
type Server struct {
	dir   string
	fuse  *fuse.Server
	queue *notifier
	done  chan struct{} // closed when the kernel has let go of the mount

	unmounting sync.Mutex // one Unmount at a time
}

var _ cache.Notifier = (*Server)(nil)

// maxTransfer is the most octets of one READ or WRITE; the kernel takes no
// more than 1 MiB.
const maxTransfer = 1 << 20

// Mount mounts v on dir and returns when the kernel's first request has been
// answered. As root it needs no fusermount.
func Mount(dir string, v *cache.Volume, o Options) (*Server, error) {
	dir, err := mountPoint(dir)
	if err != nil {
		return nil, err
	}
	f := newFilesystem(v, o)
	root := f.newRoot()
	raw, err := attach(dir, root, f.mountOptions())
	if err != nil {
		return nil, fmt.Errorf("mount on %s: %w", dir, err)
	}
	s := &Server{dir: dir, fuse: raw, queue: newNotifier(root.EmbeddedInode()), done: make(chan struct{})}
	go func() {
		raw.Serve()
		close(s.done)
	}()
	if err := raw.WaitMount(); err != nil {
		return nil, errors.Join(fmt.Errorf("mount on %s: %w", dir, err), s.Unmount())
	}
	go s.queue.run(s.done)
	go f.known.run(s.done)
	v.SetNotifier(s)
	return s, nil
}

// mountPoint makes dir absolute and refuses what is no directory: the kernel
// would mount on a file, too.
func mountPoint(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(dir)
	if err == nil && !st.IsDir() {
		err = &os.PathError{Op: "mount on", Path: dir, Err: syscall.ENOTDIR}
	}
	return dir, err
}

// attach mounts by the system call or, where that is not allowed, by
// fusermount, which is set-user-ID.
func attach(dir string, root *node, o *fs.Options) (*fuse.Server, error) {
	if err := deviceUsable(); err != nil {
		return nil, err
	}
	raw := fs.NewNodeFS(root, o)
	direct := o.MountOptions
	direct.DirectMountStrict = true
	server, err := fuse.NewServer(raw, dir, &direct)
	if errors.Is(err, os.ErrPermission) {
		return fuse.NewServer(raw, dir, &o.MountOptions)
	}
	return server, err
}

// deviceUsable says what is wrong with /dev/fuse, which the errors of mount
// and fusermount would not name.
func deviceUsable() error {
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return device.Close()
}

// mountOptions returns what go-fuse and the kernel are told. Who may do what
// is for the server to decide, so default_permissions is not among it.
func (f *filesystem) mountOptions() *fs.Options {
	options := []string{"nosuid", "nodev"}
	if f.options.ReadOnly {
		options = append(options, "ro")
	}
	return &fs.Options{
		NullPermissions: true,
		Logger:          slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
		MountOptions: fuse.MountOptions{
			Name: "ftpfs", FsName: f.options.Source,
			Options:       options,
			AllowOther:    f.options.AllowOther,
			MaxWrite:      maxTransfer,
			MaxReadAhead:  maxTransfer,
			DisableXAttrs: true,
			// O_TRUNC comes with the open, not as a SETATTR before it.
			ExtraCapabilities: fuse.CAP_ATOMIC_O_TRUNC,
			Logger:            slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
			PanicHandler:      f.panicked,
		},
	}
}

// panicked turns a bug into an error of the operation that met it.
func (f *filesystem) panicked(value any) fuse.Status {
	f.log.Error("panic in an operation", "panic", value, "stack", string(debug.Stack()))
	return fuse.EIO
}

// Wait blocks until the volume is unmounted, by Unmount or by umount(8).
func (s *Server) Wait() { <-s.done }

// busyWait is how long Unmount lets the kernel finish with files that were
// just closed.
const busyWait = 500 * time.Millisecond

// Unmount unmounts the volume and waits for the operations in flight. It
// fails if the volume is in use: with EBUSY, or with fusermount's words where
// that is needed. It is no error if it is not mounted any more.
func (s *Server) Unmount() error {
	s.unmounting.Lock()
	defer s.unmounting.Unlock()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(busyWait); ; {
		select {
		case <-s.done:
			return nil
		default:
		}
		err := s.unmount()
		if err == nil {
			<-s.done
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("unmount %s: %w", s.dir, err)
		}
		<-tick.C
	}
}

// unmount tries once, by the system call or, where that is not allowed, by
// fusermount.
func (s *Server) unmount() error {
	err := unix.Unmount(s.dir, unix.UMOUNT_NOFOLLOW)
	if !errors.Is(err, os.ErrPermission) {
		return err
	}
	return s.fuse.Unmount()
}

// EntryChanged implements cache.Notifier. It does not wait.
func (s *Server) EntryChanged(dir, name string) { s.queue.add(notice{path: dir, name: name}) }

// ContentChanged implements cache.Notifier. It does not wait.
func (s *Server) ContentChanged(path string) { s.queue.add(notice{path: path}) }
