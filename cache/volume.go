package cache

import (
	"context"
	"log/slog"
	"time"

	"ftpfs/ftpclient"
)

// Options configure a Volume.
type Options struct {
	Root       string        // absolute server path that is the volume's root
	TTL        time.Duration // how long what the server said is believed
	CacheBytes int64         // budget for file blocks in memory
	SpoolDir   string        // where written data waits for its upload; it must exist
	ReadOnly   bool
	Log        *slog.Logger // nil: none
}

// Attr is what a volume says about a path.
type Attr struct {
	Type    ftpclient.Type
	Size    int64
	ModTime time.Time
	Mode    uint32 // permission bits, 07777
	// Fresh is for how long from now the answer will be believed; 0 for a
	// file with unsent changes, whose attributes change without notice.
	Fresh time.Duration
}

// Dirent is one entry of a directory.
type Dirent struct {
	Name string
	Type ftpclient.Type
}

// Change is a set of attributes to set; nil fields stay as they are.
type Change struct {
	Size    *int64
	Mode    *uint32
	ModTime *time.Time
}

// Volume is a remote tree. Its methods may be called from several goroutines.
// A context bounds the waiting of the caller, not the work that others share.
type Volume struct{}

// NewVolume returns a volume on r. It does not touch the network.
func NewVolume(r Remote, o Options) (*Volume, error) { panic("unbuilt") }

// SetNotifier sets who is told of changes; before it is called nobody is.
func (v *Volume) SetNotifier(n Notifier) { panic("unbuilt") }

// Stat returns the attributes of path. A path that a fresh and complete
// listing of its directory does not have is KindNotExist without asking.
func (v *Volume) Stat(ctx context.Context, path string) (Attr, error) { panic("unbuilt") }

// List returns the entries of a directory, "." and ".." not among them. The
// slice must not be changed.
func (v *Volume) List(ctx context.Context, path string) ([]Dirent, error) { panic("unbuilt") }

// Readlink returns the target of a symbolic link. Absolute targets inside the
// volume are returned relative to the link.
func (v *Volume) Readlink(ctx context.Context, path string) (string, error) { panic("unbuilt") }

// Mkdir makes a directory. A server without SITE CHMOD ignores mode.
func (v *Volume) Mkdir(ctx context.Context, path string, mode uint32) (Attr, error) { panic("unbuilt") }

// Rmdir removes an empty directory.
func (v *Volume) Rmdir(ctx context.Context, path string) error { panic("unbuilt") }

// Unlink removes a file. Open handles stay usable.
func (v *Volume) Unlink(ctx context.Context, path string) error { panic("unbuilt") }

// Rename moves from to to, replacing a file or an empty directory there,
// unless noReplace is set. Open handles go along.
func (v *Volume) Rename(ctx context.Context, from, to string, noReplace bool) error { panic("unbuilt") }

// Symlink makes path a symbolic link to target, where the server can.
func (v *Volume) Symlink(ctx context.Context, target, path string) (Attr, error) { panic("unbuilt") }

// SetAttr changes attributes. Times and modes that the server has no means
// to set are ignored, once with a line in the log.
func (v *Volume) SetAttr(ctx context.Context, path string, c Change) (Attr, error) { panic("unbuilt") }

// Open opens an existing file. flags are those of open(2): the access mode,
// O_TRUNC and O_APPEND count.
func (v *Volume) Open(ctx context.Context, path string, flags int) (*Handle, error) { panic("unbuilt") }

// Create makes a file and opens it; with O_EXCL in flags it must not exist.
// The server has it when Flush has returned.
func (v *Volume) Create(ctx context.Context, path string, flags int, mode uint32) (*Handle, Attr, error) {
	panic("unbuilt")
}

// Refresh drops what is known of path and everything below it.
func (v *Volume) Refresh(path string) { panic("unbuilt") }

// Close uploads what is still unsent, within ctx, and gives the names of the
// files for which that failed in its error. Their data stays in the spool
// directory.
func (v *Volume) Close(ctx context.Context) error { panic("unbuilt") }
