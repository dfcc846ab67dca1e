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
	FileMode   uint32 // permission bits of files in place of the volume's; 0: those
	DirMode    uint32 // permission bits of directories in place of the volume's; 0: those
	AllowOther bool
	ReadOnly   bool
	// CheckPermissions: the kernel checks owner, group and mode as they are shown, as on
	// a disk (default_permissions). Else the server alone decides, and with AllowOther
	// all users may do what it lets us do.
	CheckPermissions bool
	NoExec           bool // no program can be started from the mount
	// ContainSymlinks: a link that could lead out of the mount cannot be read or
	// followed (EPERM). Else a server can have programs here use files of this machine.
	ContainSymlinks bool
	// ReportAttrs: changes of owners and of a link's time fail, in place of a line in
	// the log. See cache.Options.ReportAttrs for the others.
	ReportAttrs bool
	Log         *slog.Logger // nil: none

	known int  // how many files the kernel may know; 0: knownMost
	trace bool // log each request of the kernel, for tests
}

// Server is a mounted volume. Its methods may be called from several
// goroutines. It is the volume's cache.Notifier.
type Server struct {
	dir   string
	fuse  *fuse.Server
	fsys  *filesystem
	queue *notifier
	done  chan struct{} // closed when the kernel has let go of the mount

	unmounting sync.Mutex // one Unmount at a time
}

var _ cache.Notifier = (*Server)(nil)

// maxTransfer is the most octets of one READ or WRITE; the kernel takes no
// more than 1 MiB.
const maxTransfer = 1 << 20

// maxBackground is how many READs wait at a time: all of those that go through the
// kernel's cache, not only those ahead of a reader, are in the background for it.
// With the kernel's own 12 a few readers of a slow server would hold up the others.
const maxBackground = 128

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
	s := &Server{dir: dir, fuse: raw, fsys: f, queue: newNotifier(root.EmbeddedInode()), done: make(chan struct{})}
	go func() {
		raw.Serve()
		close(s.done)
	}()
	if err := raw.WaitMount(); err != nil {
		return nil, errors.Join(fmt.Errorf("mount on %s: %w", dir, err), s.Unmount())
	}
	if err := raiseReadAhead(dir, min(maxTransfer, v.ReadAhead())); err != nil {
		f.log.Debug("the kernel reads ahead as little as it does by itself", "error", err)
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
	raw := counted{bridge{fs.NewNodeFS(root, o)}, &root.fsys.ops}
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
// is for the server to decide, unless the user has it otherwise.
func (f *filesystem) mountOptions() *fs.Options {
	options := []string{"nosuid", "nodev"}
	if f.options.ReadOnly {
		options = append(options, "ro")
	}
	if f.options.CheckPermissions {
		options = append(options, "default_permissions")
	}
	if f.options.NoExec {
		options = append(options, "noexec")
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
			DisableSplice: true, // what is read is in memory
			MaxBackground: maxBackground,
			// O_TRUNC comes with the open, not as a SETATTR before it. For the other see
			// bridge.dropPrivileges.
			ExtraCapabilities: fuse.CAP_ATOMIC_O_TRUNC | fuse.CAP_HANDLE_KILLPRIV_V2,
			Logger:            slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
			PanicHandler:      f.panicked,
			Debug:             f.options.trace,
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
