package fusefs

import (
	"context"
	"fmt"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"ftpfs/cache"
)

// xattrPrefix is that of the names of extended attributes that there are.
const xattrPrefix = "user.ftpfs."

// xattrs are the attributes; of one whose value is empty there is none.
var xattrs = map[string]func(f *filesystem, path string, t cache.Told) string{
	xattrPrefix + "state":   func(_ *filesystem, _ string, t cache.Told) string { return t.State.String() },
	xattrPrefix + "version": func(_ *filesystem, _ string, t cache.Told) string { return t.Version() },
	xattrPrefix + "facts":   func(_ *filesystem, _ string, t cache.Told) string { return t.Facts() },
	xattrPrefix + "error":   lastError,
}

// lastError is why an upload of path failed, or else the last operation of those
// that are remembered.
func lastError(f *filesystem, path string, t cache.Told) string {
	if t.Err != nil {
		return t.Err.Error()
	}
	if failed, ok := f.failed.last(path); ok {
		return fmt.Sprintf("%s: %v (%s)", failed.Op, failed.Err, unix.ErrnoName(failed.Errno))
	}
	return ""
}

// GetXAttr refuses all other names at once. Programs that find one unsupported ask
// no more, as ls(1); the kernel asks for security.capability before every write(2).
func (b bridge) GetXAttr(cancel <-chan struct{}, h *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	if !strings.HasPrefix(name, xattrPrefix) {
		return 0, fuse.Status(syscall.EOPNOTSUPP)
	}
	return b.RawFileSystem.GetXAttr(cancel, h, name, dest)
}

// ListXAttr lists none: what copies attributes would copy these, and they tell
// nothing of a copy. After ENOSYS the kernel answers EOPNOTSUPP and asks no more,
// as it does after those of the next two.
func (b bridge) ListXAttr(<-chan struct{}, *fuse.InHeader, []byte) (uint32, fuse.Status) {
	return 0, fuse.ENOSYS
}

// SetXAttr sets none.
func (b bridge) SetXAttr(<-chan struct{}, *fuse.SetXAttrIn, string, []byte) fuse.Status {
	return fuse.ENOSYS
}

// RemoveXAttr removes none.
func (b bridge) RemoveXAttr(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.ENOSYS }

// Getxattr implements getxattr(2) of what begins with xattrPrefix.
func (n *node) Getxattr(ctx context.Context, name string, dest []byte) (uint32, syscall.Errno) {
	ctx, end := interruptible(ctx)
	defer end()
	value, known := xattrs[name]
	path, named := n.path()
	if !known || !named {
		return 0, fs.ENOATTR
	}
	told, err := n.fsys.volume.Tell(ctx, path)
	if err != nil {
		return 0, n.fsys.fail(ctx, "getxattr", path, err)
	}
	v := value(n.fsys, path, told)
	switch {
	case v == "":
		return 0, fs.ENOATTR
	case len(v) > len(dest):
		return uint32(len(v)), syscall.ERANGE
	}
	return uint32(copy(dest, v)), 0
}
