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
	path, named := n.path()
	if n.fsys.otherOwner(in) {
		if n.fsys.options.ReportAttrs {
			return n.fsys.refuse("setattr", path, syscall.EPERM)
		}
		n.fsys.chown.Do(func() {
			n.fsys.log.Info("owners cannot be set over FTP; changes of them are ignored")
		})
	}
	a, err := n.setAttr(ctx, fh, change(in))
	if _, ok := in.GetSize(); ok {
		n.pages.got(cache.Version{})
	}
	if err != nil {
		return n.fsys.failAs(ctx, "setattr", path, err, setattrErrno(in, err))
	}
	n.fsys.fillAttr(out, a)
	n.told(a)
	if !named {
		out.Nlink = 0
	}
	return 0
}

// setattrErrno is errnoOf for chmod(2) and utimensat(2), which have EPERM where a
// file system cannot set a mode or a time.
func setattrErrno(in *fuse.SetAttrIn, err error) syscall.Errno {
	if _, size := in.GetSize(); size {
		return errnoOf(err)
	}
	return orEPERM(err)
}

// setAttr changes what there is to change and returns the attributes. A
// link's own time cannot be set: the commands would set that of its target.
func (n *node) setAttr(ctx context.Context, fh fs.FileHandle, c cache.Change) (cache.Attr, error) {
	link := n.Mode() == syscall.S_IFLNK
	if link && !isEmpty(c) && n.fsys.options.ReportAttrs {
		return cache.Attr{}, syscall.EPERM
	}
	if isEmpty(c) || link {
		return n.attrOf(ctx, fh)
	}
	if h, ok := fh.(*handle); ok {
		return h.file.SetAttr(ctx, c)
	}
	if path, ok := n.path(); ok {
		a, err := n.fsys.volume.SetAttr(ctx, path, c)
		if c.Size != nil || !n.isElsewhere(err) {
			return a, err
		}
	}
	if h := n.anyHandle(); h != nil {
		return h.file.SetAttr(ctx, c)
	}
	return cache.Attr{}, errNameless
}
