package fusefs

import (
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
	"ftpfs/ftpclient"
)

// blockSize is st_blksize, the size of reads and writes that is efficient. A file that
// has no content yet has a larger one: who copies to it then writes as much at a time as
// the kernel takes, and who reads a part of a file reads no more than before.
const blockSize = 64 << 10

// fileType returns the S_IFMT bits of a type. A name that is neither file,
// directory nor link can only be transferred, so it is shown as a file.
func fileType(t ftpclient.Type) uint32 {
	switch t {
	case ftpclient.TypeDir:
		return syscall.S_IFDIR
	case ftpclient.TypeSymlink:
		return syscall.S_IFLNK
	}
	return syscall.S_IFREG
}

// permissions returns the mode bits of a, without those of the umask.
func (f *filesystem) permissions(a cache.Attr) uint32 {
	if a.Type == ftpclient.TypeSymlink {
		return 0o777
	}
	mode := a.Mode & 0o7777
	switch {
	case a.Type == ftpclient.TypeDir && f.options.DirMode != 0:
		mode = f.options.DirMode
	case a.Type != ftpclient.TypeDir && f.options.FileMode != 0:
		mode = f.options.FileMode
	}
	return mode &^ f.options.Umask
}

// fill writes a as the kernel wants it. A directory has one link, which tells
// programs such as find(1) that the number does not count subdirectories.
func (f *filesystem) fill(out *fuse.Attr, a cache.Attr) {
	size := uint64(max(a.Size, 0))
	if a.Type == ftpclient.TypeDir {
		size = 0
	}
	out.Mode = fileType(a.Type) | f.permissions(a)
	out.Size = size
	out.Blocks = (size + 511) / 512
	out.Blksize = blockSize
	if a.Blank {
		out.Blksize = maxTransfer
	}
	out.Nlink = 1
	out.Uid, out.Gid = f.options.UID, f.options.GID
	sec, nsec := int64(0), 0
	if !a.ModTime.IsZero() {
		sec, nsec = a.ModTime.Unix(), a.ModTime.Nanosecond()
	}
	out.Mtime, out.Mtimensec = uint64(sec), uint32(nsec)
	out.Atime, out.Atimensec = out.Mtime, out.Mtimensec
	out.Ctime, out.Ctimensec = out.Mtime, out.Mtimensec
}

// fillEntry also says for how long the kernel may believe it: no longer than
// the volume does.
func (f *filesystem) fillEntry(out *fuse.EntryOut, a cache.Attr) {
	f.fill(&out.Attr, a)
	out.SetEntryTimeout(fresh(a))
	out.SetAttrTimeout(attrFresh(a))
}

func (f *filesystem) fillAttr(out *fuse.AttrOut, a cache.Attr) {
	f.fill(&out.Attr, a)
	out.SetTimeout(attrFresh(a))
}

func fresh(a cache.Attr) time.Duration { return max(a.Fresh, 0) }

// attrFresh is fresh for the attributes, of which the time may not be known yet.
func attrFresh(a cache.Attr) time.Duration {
	if a.Approximate {
		return 0
	}
	return fresh(a)
}

// change translates what the kernel wants to set. A change of the access time
// or of the owner has no place in it.
func change(in *fuse.SetAttrIn) (c cache.Change) {
	if size, ok := in.GetSize(); ok {
		n := int64(size)
		c.Size = &n
	}
	if mode, ok := in.GetMode(); ok {
		c.Mode = &mode
	}
	if mtime, ok := in.GetMTime(); ok {
		c.ModTime = &mtime
	}
	return c
}

func isEmpty(c cache.Change) bool { return c.Size == nil && c.Mode == nil && c.ModTime == nil }

// otherOwner reports whether a change of the owner was asked for that is not
// the owner everything has.
func (f *filesystem) otherOwner(in *fuse.SetAttrIn) bool {
	uid, okUID := in.GetUID()
	gid, okGID := in.GetGID()
	return okUID && uid != f.options.UID || okGID && gid != f.options.GID
}
