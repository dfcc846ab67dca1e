package fusefs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// dirHandle is an open directory: a listing as it was at opendir or the last
// rewinddir. The offset of an entry is its place in the listing, counted from
// one with "." and ".." first, so it stays valid as long as the listing does.
//
// go-fuse calls its methods one at a time.
type dirHandle struct {
	node    *node
	entries []cache.Dirent
	next    uint64
}

// dots is how many entries every directory has beside those of its listing.
const dots = 2

// OpendirHandle implements opendir(3). It is here, and not at the first
// readdir, that a directory that cannot be listed is refused.
func (n *node) OpendirHandle(ctx context.Context, _ uint32) (fs.FileHandle, uint32, syscall.Errno) {
	d := &dirHandle{node: n}
	if errno := d.list(ctx); errno != 0 {
		return nil, 0, errno
	}
	return d, 0, 0
}

// list takes the directory's listing and begins at its start.
func (d *dirHandle) list(ctx context.Context) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	path, ok := d.node.path()
	if !ok {
		// A removed directory that is still open has no entries (POSIX).
		d.entries, d.next = nil, 0
		return 0
	}
	entries, err := d.node.fsys.volume.List(ctx, path)
	if err != nil {
		return d.node.fsys.fail(ctx, "opendir", path, err)
	}
	d.entries, d.next = entries, 0
	return 0
}

// Readdirent implements readdir(3).
func (d *dirHandle) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if d.next >= dots+uint64(len(d.entries)) {
		return nil, 0
	}
	e := d.entry(d.next)
	d.next++
	e.Off = d.next
	return e, 0
}

// entry returns the i-th entry. The number of an inode that the kernel does
// not have is left out: it would be another when it is looked up.
func (d *dirHandle) entry(i uint64) *fuse.DirEntry {
	switch i {
	case 0:
		return &fuse.DirEntry{Name: ".", Mode: syscall.S_IFDIR, Ino: d.node.StableAttr().Ino}
	case 1:
		parent := d.node.EmbeddedInode()
		if _, up := parent.Parent(); up != nil {
			parent = up
		}
		return &fuse.DirEntry{Name: "..", Mode: syscall.S_IFDIR, Ino: parent.StableAttr().Ino}
	}
	dirent := d.entries[i-dots]
	e := &fuse.DirEntry{Name: dirent.Name, Mode: fileType(dirent.Type)}
	if child := d.node.GetChild(dirent.Name); child != nil && child.Mode() == e.Mode {
		e.Ino = child.StableAttr().Ino
	}
	return e
}

// Seekdir implements seekdir(3) and, with 0, rewinddir(3), which lists anew
// (POSIX).
func (d *dirHandle) Seekdir(ctx context.Context, off uint64) syscall.Errno {
	if off == 0 {
		return d.list(ctx)
	}
	d.next = off
	return 0
}

// Fsyncdir has nothing to do: a directory's changes are on the server when
// the operation that made them returns.
func (d *dirHandle) Fsyncdir(context.Context, uint32) syscall.Errno { return 0 }

// Releasedir lets go of the listing.
func (d *dirHandle) Releasedir(context.Context, uint32) { d.entries = nil }
