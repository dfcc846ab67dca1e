package fusefs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"ftpfs/cache"
)

// childPath returns the path of a name in this directory; ESTALE if the
// directory is gone.
func (n *node) childPath(name string) (string, syscall.Errno) {
	dir, ok := n.path()
	if !ok {
		return name, errnoOf(errNameless)
	}
	return join(dir, name), 0
}

// newChildPath is childPath for a name that is to be made.
func (n *node) newChildPath(op, name string) (string, syscall.Errno) {
	path, errno := n.childPath(name)
	if errno == 0 {
		errno = checkName(name)
	}
	if errno == 0 && len(path) > pathMost {
		errno = syscall.ENAMETOOLONG
	}
	if errno != 0 {
		return "", n.fsys.refuse(op, path, errno)
	}
	return path, 0
}

// child returns the inode of a name. The one that the kernel has is kept as
// long as its type is right, so that the file keeps its identity; several
// lookups of a name at once get the same.
func (n *node) child(ctx context.Context, name string, a cache.Attr) *fs.Inode {
	n.children.Lock()
	defer n.children.Unlock()
	if old := n.GetChild(name); old != nil && old.Mode() == fileType(a.Type) {
		if child, ok := old.Operations().(*node); ok {
			n.fsys.known.add(child)
			child.told(a)
		}
		return old
	}
	inode := n.newChild(ctx, name, a)
	n.AddChild(name, inode, true)
	return inode
}

// newChild returns an inode for something that was just made.
func (n *node) newChild(ctx context.Context, name string, a cache.Attr) *fs.Inode {
	dir, _ := n.path() // a directory that was removed meanwhile has other troubles
	child := &node{fsys: n.fsys}
	child.told(a)
	inode := n.NewInode(ctx, child, n.fsys.inos.take(join(dir, name), fileType(a.Type)))
	n.fsys.known.add(child)
	return inode
}

// Lookup finds a name in the directory.
func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	op, end := interruptible(ctx)
	defer end()
	n.lookups.Add(1)
	path, errno := n.childPath(name)
	if errno == 0 {
		errno = checkLookup(name)
	}
	if errno != 0 {
		return nil, errno
	}
	begun := n.absent.begin()
	a, err := n.fsys.volume.Lookup(op, path)
	if errnoOf(err) == syscall.ENOENT {
		out.SetEntryTimeout(n.absent.add(begun, name, fresh(a)))
		return nil, syscall.ENOENT
	}
	if err != nil {
		return nil, n.fsys.fail(op, "lookup", path, err)
	}
	n.fsys.fillEntry(out, a)
	return n.child(ctx, name, a), 0
}

// Mkdir implements mkdir(2).
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	op, end := interruptible(ctx)
	defer end()
	path, errno := n.newChildPath("mkdir", name)
	if errno != 0 {
		return nil, errno
	}
	a, err := n.fsys.volume.Mkdir(op, path, mode&0o7777)
	if err != nil {
		return nil, n.fsys.fail(op, "mkdir", path, err)
	}
	n.fsys.fillEntry(out, a)
	return n.newChild(ctx, name, a), 0
}

// Symlink implements symlink(2).
func (n *node) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	op, end := interruptible(ctx)
	defer end()
	path, errno := n.newChildPath("symlink", name)
	if errno != 0 {
		return nil, errno
	}
	a, err := n.fsys.volume.Symlink(op, target, path)
	if err != nil {
		return nil, n.fsys.failAs(op, "symlink", path, err, orEPERM(err))
	}
	n.fsys.fillEntry(out, a)
	return n.newChild(ctx, name, a), 0
}

// Unlink implements unlink(2).
func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	return n.remove(ctx, "unlink", name, n.fsys.volume.Unlink)
}

// Rmdir implements rmdir(2).
func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno {
	return n.remove(ctx, "rmdir", name, n.fsys.volume.Rmdir)
}

func (n *node) remove(ctx context.Context, op, name string, do func(context.Context, string) error) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	path, errno := n.childPath(name)
	if errno != 0 {
		return n.fsys.refuse(op, name, errno)
	}
	child := n.GetChild(name)
	if err := do(ctx, path); err != nil {
		return n.fsys.fail(ctx, op, path, err)
	}
	markRemoved(child)
	return 0
}

// markRemoved notes that a child, if there is one, has lost its name for good.
func markRemoved(child *fs.Inode) {
	if child == nil {
		return
	}
	if n, ok := child.Operations().(*node); ok {
		n.removed.Store(true)
	}
}

// Rename implements rename(2) and, of renameat2(2), RENAME_NOREPLACE.
func (n *node) Rename(ctx context.Context, name string, newParent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	from, errno := n.childPath(name)
	if errno != 0 {
		return n.fsys.refuse("rename", name, errno)
	}
	if flags&^unix.RENAME_NOREPLACE != 0 {
		return n.fsys.refuse("rename", from, syscall.EINVAL)
	}
	dir, ok := newParent.(*node)
	if !ok {
		return n.fsys.refuse("rename", from, syscall.EXDEV)
	}
	to, errno := dir.newChildPath("rename", newName)
	if errno != 0 {
		return errno
	}
	replaced := dir.GetChild(newName)
	if err := n.fsys.volume.Rename(ctx, from, to, flags&unix.RENAME_NOREPLACE != 0); err != nil {
		return n.fsys.fail(ctx, "rename", from, err)
	}
	markRemoved(replaced)
	return 0
}
