package fusefs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Create implements open(2) with O_CREAT of a name that is not known.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	op, end := interruptible(ctx)
	defer end()
	path, errno := n.newChildPath("create", name)
	if errno != 0 {
		return nil, nil, 0, errno
	}
	file, a, err := n.fsys.volume.Create(op, path, int(flags), mode&0o7777)
	if err != nil {
		return nil, nil, 0, n.fsys.fail(op, "create", path, err)
	}
	n.fsys.fillEntry(out, a)
	inode := n.newChild(ctx, name, a)
	h, answer := newHandle(inode.Operations().(*node), file, flags)
	return inode, h, answer, 0
}

// Mknod implements mknod(2) of a regular file; FTP can make nothing else of
// its kind.
func (n *node) Mknod(ctx context.Context, name string, mode, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	op, end := interruptible(ctx)
	defer end()
	path, errno := n.newChildPath("mknod", name)
	if errno != 0 {
		return nil, errno
	}
	if t := mode & syscall.S_IFMT; t != syscall.S_IFREG && t != 0 {
		return nil, n.fsys.refuse("mknod", path, syscall.EPERM)
	}
	file, a, err := n.fsys.volume.Create(op, path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, mode&0o7777)
	if err != nil {
		return nil, n.fsys.fail(op, "mknod", path, err)
	}
	defer file.Release()
	if err := file.Flush(context.WithoutCancel(op)); err != nil {
		return nil, n.fsys.fail(op, "mknod", path, err)
	}
	n.fsys.fillEntry(out, a)
	return n.newChild(ctx, name, a), 0
}

// Link is refused: FTP has no hard links (link(2) has EPERM for that).
func (n *node) Link(_ context.Context, _ fs.InodeEmbedder, name string, _ *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, n.fsys.refuse("link", name, syscall.EPERM)
}

// Tmpfile is not offered: a file on a server has a name. The kernel answers
// EOPNOTSUPP and asks no more.
func (n *node) Tmpfile(context.Context, uint32, uint32, *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, syscall.ENOSYS
}
