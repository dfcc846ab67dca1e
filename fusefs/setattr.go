package fusefs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// Setattr implements chmod(2), truncate(2), utimensat(2) and, as far as there
// is anything to do, chown(2).
func (n *node) Setattr(ctx context.Context, fh fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	if n.fsys.otherOwner(in) {
		n.fsys.chown.Do(func() {
			n.fsys.log.Info("owners cannot be set over FTP; changes of them are ignored")
		})
	}
	path, named := n.path()
	a, err := n.setAttr(ctx, fh, change(in))
	if err != nil {
		return n.fsys.fail(ctx, "setattr", path, err)
	}
	n.fsys.fillAttr(out, a)
	if !named {
		out.Nlink = 0
	}
	return 0
}

// setAttr changes what there is to change and returns the attributes. A
// link's own time cannot be set: the commands would set that of its target.
func (n *node) setAttr(ctx context.Context, fh fs.FileHandle, c cache.Change) (cache.Attr, error) {
	if isEmpty(c) || n.Mode() == syscall.S_IFLNK {
		return n.attrOf(ctx, fh)
	}
	if h, ok := fh.(*handle); ok {
		return h.file.SetAttr(ctx, c)
	}
	if path, ok := n.path(); ok {
		return n.fsys.volume.SetAttr(ctx, path, c)
	}
	if h := n.anyHandle(); h != nil {
		return h.file.SetAttr(ctx, c)
	}
	return cache.Attr{}, errNameless
}
