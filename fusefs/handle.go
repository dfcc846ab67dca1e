package fusefs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// handle is an open file.
type handle struct {
	node     *node
	file     *cache.Handle
	writable bool
}

// newHandle returns the handle of a file opened on n, which keeps it until
// Release, and the flags that answer the open.
func newHandle(n *node, file *cache.Handle, flags uint32) (h *handle, answer uint32) {
	h = &handle{node: n, file: file, writable: flags&syscall.O_ACCMODE != syscall.O_RDONLY}
	n.opened(h)
	version, _ := file.Version()
	if n.pages.open(h, version) {
		answer = fuse.FOPEN_KEEP_CACHE
	}
	return h, answer
}

func (h *handle) fail(ctx context.Context, op string, err error) syscall.Errno {
	path, _ := h.node.path()
	return h.node.fsys.fail(ctx, op, path, err)
}

// Read implements read(2): from the volume's blocks, or for a file with local
// changes its spool, to the kernel.
func (h *handle) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	ctx, end := interruptible(ctx)
	defer end()
	h.node.pages.used(h)
	views, ok, err := h.file.Views(ctx, off, int64(len(dest)))
	if ok && err == nil {
		h.node.pages.got(views.Version)
		return &viewed{views}, 0
	}
	n := 0
	if !ok {
		h.node.pages.got(cache.Version{})
		n, err = h.file.ReadAt(ctx, dest, off)
	}
	if err != nil {
		return nil, h.fail(ctx, "read", err)
	}
	return fuse.ReadResultData(dest[:n]), 0
}

// Write implements write(2), and what a mapping leaves to be written.
func (h *handle) Write(ctx context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	ctx, end := interruptible(ctx)
	defer end()
	write := h.file.WriteAt
	if byPageCache(ctx) {
		write = h.file.WritePage
	}
	n, err := write(ctx, data, off)
	h.node.pages.got(cache.Version{})
	if n == 0 && err != nil {
		return 0, h.fail(ctx, "write", err)
	}
	return uint32(n), 0
}

// Flush implements close(2). It is not given up half way, whatever signals
// the caller gets: the volume's deadlines end it. An empty file that its caller is
// about to write to, through another descriptor, waits for that one's close.
func (h *handle) Flush(ctx context.Context) syscall.Errno {
	if h.writable && h.file.Blank() && closesAgain(ctx, h.node.StableAttr().Ino) {
		return 0
	}
	ctx = context.WithoutCancel(ctx)
	if err := h.file.Flush(ctx); err != nil {
		return h.fail(ctx, "flush", err)
	}
	return 0
}

// Fsync implements fsync(2) and fdatasync(2), as Flush does close(2).
func (h *handle) Fsync(ctx context.Context, _ uint32) syscall.Errno {
	ctx = context.WithoutCancel(ctx)
	if err := h.file.Sync(ctx); err != nil {
		return h.fail(ctx, "fsync", err)
	}
	return 0
}

// Release is told when the last descriptor and mapping are gone. The kernel
// hears no error any more.
func (h *handle) Release(context.Context) syscall.Errno {
	h.node.released(h)
	h.node.pages.used(h)
	h.file.Release()
	return 0
}

// Lseek leaves SEEK_DATA and SEEK_HOLE to the kernel, which takes a file for
// data up to its end, and asks no more.
func (h *handle) Lseek(context.Context, uint64, uint32) (uint64, syscall.Errno) {
	return 0, syscall.ENOSYS
}

// Allocate is not offered: no space can be reserved on a server. The kernel
// answers EOPNOTSUPP and asks no more.
func (h *handle) Allocate(context.Context, uint64, uint64, uint32) syscall.Errno {
	return syscall.ENOSYS
}
