package fusefs

import (
	"context"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// dirHandle is an open directory: a listing as of opendir or the last
// rewinddir, which may still be arriving. The offset of an entry is its place in
// the listing, counted from one with "." and ".." first, so it stays valid as
// long as the listing does.
//
// go-fuse calls its methods one at a time.
type dirHandle struct {
	node *node
	dir  *cache.Dir // nil: the directory was removed, and has no entries (POSIX)
	next uint64

	rows  []cache.Dirent // read ahead,
	first uint64         // from this offset on

	plus attributes

	fills  bool        // what the kernel keeps of the directory
	anew   bool        // it has dropped what was before, as soon as it does something with the handle
	until  time.Time   // is when the kernel drops that
	forget func() bool // stops that
}

// dots is how many entries every directory has beside those of its listing.
const dots = 2

// rowsAhead is how many entries are read at a time.
const rowsAhead = 256

// OpendirHandle implements opendir(3). It is here, and not at the first
// readdir, that a directory that cannot be listed is refused.
func (n *node) OpendirHandle(ctx context.Context, _ uint32) (fs.FileHandle, uint32, syscall.Errno) {
	d := &dirHandle{node: n}
	if _, named := n.path(); !named && !n.removed.Load() {
		// Not empty, but another one: the kernel looks the path up again.
		return nil, 0, n.fsys.fail(ctx, "opendir", "", errNameless)
	}
	if errno := d.open(ctx); errno != 0 {
		return nil, 0, errno
	}
	return d, d.keep(), 0
}

// keep returns the flags that say what the kernel may keep of the directory.
func (d *dirHandle) keep() (flags uint32) {
	v, left := d.state()
	if flags, d.fills = d.node.dirPages.open(v); d.fills {
		d.expire(left)
	}
	d.anew = flags&anew != 0
	return flags
}

// state is the version of what is read, zero if it is not to be kept, and for how
// long it is believed.
func (d *dirHandle) state() (v cache.DirVersion, left time.Duration) {
	if d.dir != nil && d.dir.Len() <= keepDirMost {
		v, left = d.dir.Version()
	}
	return v, left
}

// expire has the kernel drop what it keeps after a while.
func (d *dirHandle) expire(after time.Duration) {
	d.until = time.Now().Add(after)
	d.forget = d.node.dirPages.forget(d.node.EmbeddedInode(), after)
}

// again lists anew for who begins once more with a handle of which the kernel keeps
// the entries.
func (d *dirHandle) again(ctx context.Context) syscall.Errno {
	d.forget()
	errno := d.open(ctx)
	_, left := d.state()
	d.expire(left)
	return errno
}

// open takes the directory's listing and begins at its start.
func (d *dirHandle) open(ctx context.Context) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	d.dir, d.rows, d.next, d.plus = nil, nil, 0, attributes{}
	path, ok := d.node.path()
	if !ok {
		return 0
	}
	dir, err := d.node.fsys.volume.OpenDir(ctx, path)
	if err != nil {
		return d.node.fsys.fail(ctx, "opendir", path, err)
	}
	d.dir = dir
	return 0
}

// Readdirent implements readdir(3). It waits while the listing is arriving; an
// error that ends that comes after the entries that arrived.
func (d *dirHandle) Readdirent(ctx context.Context) (*fuse.DirEntry, syscall.Errno) {
	if d.anew {
		d.anew = false
		d.node.dirPages.used()
	}
	if d.next == 0 && d.fills && !time.Now().Before(d.until) {
		// The handle was not read before: the kernel had the entries.
		if errno := d.again(ctx); errno != 0 {
			return nil, errno
		}
	}
	for d.next >= dots {
		row, errno := d.row(ctx, d.next)
		if row == nil {
			return nil, errno
		}
		d.next++
		if row.Name != "" { // else it was removed since
			return d.entry(row), 0
		}
	}
	d.next++
	return d.dot(d.next), 0
}

// row returns the entry at an offset; nil at the end.
func (d *dirHandle) row(ctx context.Context, off uint64) (*cache.Dirent, syscall.Errno) {
	if d.dir == nil {
		return nil, 0
	}
	if off < d.first || off-d.first >= uint64(len(d.rows)) {
		if errno := d.fill(ctx, off); errno != 0 {
			return nil, errno
		}
	}
	if len(d.rows) == 0 {
		return nil, 0
	}
	return &d.rows[off-d.first], 0
}

// fill reads entries from an offset on.
func (d *dirHandle) fill(ctx context.Context, off uint64) syscall.Errno {
	ctx, end := interruptible(ctx)
	defer end()
	if cap(d.rows) == 0 {
		d.rows = make([]cache.Dirent, rowsAhead)
	}
	d.rows = d.rows[:cap(d.rows)]
	n, err := d.dir.Rows(ctx, int(off-dots), d.rows)
	d.rows, d.first = d.rows[:n], off
	if err != nil {
		path, _ := d.node.path()
		return d.node.fsys.fail(ctx, "readdir", path, err)
	}
	return 0
}

// entry makes what the kernel gets of a row. The number of an inode that the
// kernel does not have is left out: it would be another when it is looked up.
func (d *dirHandle) entry(row *cache.Dirent) *fuse.DirEntry {
	e := &fuse.DirEntry{Name: row.Name, Mode: fileType(row.Type), Off: d.next}
	if child := d.node.GetChild(row.Name); child != nil && child.Mode() == e.Mode {
		e.Ino = child.StableAttr().Ino
	}
	return e
}

// dot returns "." (offset 1) or "..".
func (d *dirHandle) dot(off uint64) *fuse.DirEntry {
	e := &fuse.DirEntry{Name: ".", Mode: syscall.S_IFDIR, Off: off}
	inode := d.node.EmbeddedInode()
	if off == dots {
		e.Name = ".."
		if _, up := inode.Parent(); up != nil {
			inode = up
		}
	}
	e.Ino = inode.StableAttr().Ino
	return e
}

// Lookup gives an entry of READDIRPLUS its attributes. An error leaves them
// out, and the kernel asks when it needs them.
func (d *dirHandle) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if d.node.fsys.known.behind() || !d.plus.wanted(d.node.lookups.Load()) {
		return nil, syscall.ENOENT
	}
	path, errno := d.node.childPath(name)
	if errno != 0 {
		return nil, errno
	}
	a, known := d.node.fsys.volume.Known(path)
	if !known {
		return nil, syscall.ENOENT
	}
	d.node.fsys.fillEntry(out, a)
	return d.node.child(ctx, name, a), 0
}

// attributes decides which entries of a directory get their attributes with
// READDIRPLUS. Each that does costs an inode, here and in the kernel, which a
// reader of names does not need. So, unless the kernel knows too many already, all of the first get them, of the others
// all but one in a thousand, and no others as long as nobody looks up such a
// one.
type attributes struct {
	seen   int
	looked uint32 // lookups of names in the directory, at the last that had none
	unused bool
}

const (
	plusAll   = 10_000
	plusProbe = 1000 // more than there are in one READDIRPLUS
)

// wanted tells whether the next entry gets attributes; looked is how many names
// have been looked up in the directory.
func (a *attributes) wanted(looked uint32) bool {
	if a.seen++; a.seen <= plusAll {
		return true
	}
	if a.seen%plusProbe == 0 {
		a.unused = a.seen > plusAll+plusProbe && looked == a.looked
		a.looked = looked
		return false
	}
	return !a.unused
}

// Seekdir implements seekdir(3) and, with 0, rewinddir(3), which lists anew
// (POSIX).
func (d *dirHandle) Seekdir(ctx context.Context, off uint64) syscall.Errno {
	if off == 0 && d.fills {
		return d.again(ctx)
	}
	if off == 0 {
		return d.open(ctx)
	}
	d.next = off
	return 0
}

// Fsyncdir has nothing to do: a directory's changes are on the server when
// the operation that made them returns.
func (d *dirHandle) Fsyncdir(context.Context, uint32) syscall.Errno { return 0 }

// Releasedir lets go of the listing.
func (d *dirHandle) Releasedir(context.Context, uint32) {
	d.dir, d.rows = nil, nil
	if d.anew {
		d.node.dirPages.used()
	}
	if d.fills {
		d.forget()
		d.node.dirPages.release()
	}
}
