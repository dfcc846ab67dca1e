package fusefs

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/ftpclient"
)

// What became of a node that the kernel still holds. On ESTALE the kernel
// looks the path up again and repeats the call, so that who opens a name while
// it is replaced gets the old file or the new one, as rename(2) promises.
var (
	errNameless = fmt.Errorf("it has no name any more: %w", syscall.ESTALE)
	errReplaced = fmt.Errorf("its name is that of something else now: %w", syscall.ESTALE)
)

// node is a file, directory or symbolic link that the kernel knows. Where it
// is in the volume follows from the tree of inodes, which renames move.
//
// Lock order: children before handles; neither is held while the volume is
// called. go-fuse's own locks are taken below children.
type node struct {
	fs.Inode
	fsys *filesystem

	children sync.Mutex // one at a time makes the inode of a new child

	handlesMu sync.Mutex
	handles   []*handle // open on this node

	pages    pages    // what the kernel keeps of the content
	dirPages dirPages // and of the entries

	lookups atomic.Uint32 // that the kernel made in this directory
	absent  absent        // names in this directory
	counted atomic.Bool   // is among filesystem.known
	removed atomic.Bool   // through the mount, by rmdir or rename

	// mode is the last that was told of a directory, for when it has no name any more
	// while it is open; a file's handle knows its own. 0: none was told.
	mode atomic.Uint32
}

// path returns the node's path in the volume. ok is false for a node that has
// no name any more: it was removed or replaced while somebody holds it.
func (n *node) path() (path string, ok bool) {
	var names []string
	for i := n.EmbeddedInode(); !i.IsRoot(); {
		name, parent := i.Parent()
		if parent == nil {
			return "", false
		}
		names = append(names, name)
		i = parent
	}
	for _, name := range slices.Backward(names) {
		path = join(path, name)
	}
	return path, true
}

// opened and released keep the list of handles, which serves what is asked
// about a node without a name.
func (n *node) opened(h *handle) {
	n.handlesMu.Lock()
	defer n.handlesMu.Unlock()
	n.handles = append(n.handles, h)
}

func (n *node) released(h *handle) {
	n.handlesMu.Lock()
	defer n.handlesMu.Unlock()
	if i := slices.Index(n.handles, h); i >= 0 {
		n.handles = slices.Delete(n.handles, i, i+1)
	}
}

// anyHandle returns an open handle, one that can write if there is one.
func (n *node) anyHandle() *handle {
	n.handlesMu.Lock()
	defer n.handlesMu.Unlock()
	for _, h := range n.handles {
		if h.writable {
			return h
		}
	}
	if len(n.handles) > 0 {
		return n.handles[0]
	}
	return nil
}

// attrOf asks the handle if there is one, else the volume; errReplaced if its name
// is that of something of another type since the kernel looked it up.
func (n *node) attrOf(ctx context.Context, fh fs.FileHandle) (cache.Attr, error) {
	if h, ok := fh.(*handle); ok {
		return h.file.Stat(ctx)
	}
	if path, ok := n.path(); ok {
		a, err := n.fsys.volume.Stat(ctx, path)
		if err == nil && fileType(a.Type) != n.Mode() {
			err = errReplaced // go-fuse would give this one's type to the other's size
		}
		if !n.isElsewhere(err) {
			return a, err
		}
	}
	if h := n.anyHandle(); h != nil {
		return h.file.Stat(ctx)
	}
	if n.IsDir() {
		a := cache.Attr{Type: ftpclient.TypeDir, Mode: 0o755} // of an open directory
		if mode := n.mode.Load(); mode != 0 {
			a.Mode = mode &^ syscall.S_IFDIR
		}
		return a, nil
	}
	return cache.Attr{}, errNameless
}

// isElsewhere reports whether what is open here was not found by its name, err, which it
// may have under another: the tree of inodes learns of a rename a little after the volume.
func (n *node) isElsewhere(err error) bool {
	return errnoOf(err) == syscall.ENOENT && n.anyHandle() != nil
}

// Getattr implements stat(2) and fstat(2).
func (n *node) Getattr(ctx context.Context, fh fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	path, named := n.path()
	a, err := n.attrOf(ctx, fh)
	if err != nil {
		return n.fsys.fail(ctx, "getattr", path, err)
	}
	n.fsys.fillAttr(out, a)
	n.told(a)
	if !named {
		out.Nlink = 0
	}
	return 0
}

// told keeps what will be asked for when the directory has no name any more.
func (n *node) told(a cache.Attr) {
	if a.Type == ftpclient.TypeDir {
		n.mode.Store(a.Mode | syscall.S_IFDIR)
	}
}

// Readlink implements readlink(2).
func (n *node) Readlink(ctx context.Context) ([]byte, syscall.Errno) {
	ctx, end := interruptible(ctx)
	defer end()
	path, ok := n.path()
	if !ok {
		return nil, n.fsys.fail(ctx, "readlink", path, errNameless)
	}
	target, err := n.fsys.volume.Readlink(ctx, path)
	if err != nil {
		return nil, n.fsys.fail(ctx, "readlink", path, err)
	}
	if n.fsys.options.ContainSymlinks && !contained(path, target) {
		return nil, syscall.EPERM
	}
	return []byte(target), 0
}

// Statfs implements statfs(2).
func (n *node) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	fillStatfs(out)
	if octets, known := n.fsys.volume.Available(ctx); known {
		free := uint64(octets) / statfsBlock
		out.Blocks, out.Bfree, out.Bavail = free, free, free
	}
	return 0
}

// Access implements access(2): what exists may be tried, and the server
// decides; but a file without the mode is not executed, by the kernel itself.
// So are writes to a read-only mount refused before they come here.
func (n *node) Access(ctx context.Context, mask uint32) syscall.Errno {
	if mask&unix.X_OK == 0 || n.Mode() != syscall.S_IFREG {
		return 0
	}
	var out fuse.AttrOut
	if errno := n.Getattr(ctx, nil, &out); errno != 0 {
		return errno
	}
	if out.Mode&0o111 == 0 {
		return syscall.EACCES
	}
	return 0
}

// attrsOnly as an offset has the kernel forget the attributes of a file and keep what it
// has of the content: it waits for nothing then.
const attrsOnly = -1

// Open implements open(2) of an existing file.
func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	ctx, end := interruptible(ctx)
	defer end()
	path, ok := n.path()
	if !ok {
		return nil, 0, n.fsys.fail(ctx, "open", path, errNameless)
	}
	file, err := n.openFile(ctx, path, int(flags))
	if err != nil {
		return nil, 0, n.fsys.fail(ctx, "open", path, err)
	}
	h, answer := newHandle(n, file, flags)
	if answer&fuse.FOPEN_KEEP_CACHE == 0 {
		n.NotifyContent(attrsOnly, 0) // else reads would end at the size of what was before
	}
	return h, answer, 0
}

// openFile opens path; errReplaced if it has become a directory or a link
// since the kernel looked it up. A link must be followed by the kernel, here,
// and not by the server, there.
func (n *node) openFile(ctx context.Context, path string, flags int) (*cache.Handle, error) {
	file, err := n.fsys.volume.Open(ctx, path, flags)
	switch errnoOf(err) {
	case syscall.EISDIR:
		return nil, errReplaced
	case syscall.ENOENT:
		return nil, errNameless // the kernel looks again, and makes it if that was asked for
	}
	if err != nil {
		return nil, err
	}
	a, err := file.Stat(ctx)
	if err == nil && fileType(a.Type) != n.Mode() {
		err = errReplaced
	}
	if err != nil {
		file.Release()
		return nil, err
	}
	return file, nil
}
