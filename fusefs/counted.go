package fusefs

import "github.com/hanwen/go-fuse/v2/fuse"

// counted counts and times the requests of a file system, but those that the
// kernel wants no answer to, and those that are never implemented.
type counted struct {
	fuse.RawFileSystem
	ops *[opKinds]opTally
}

// timed is one request; run answers it.
func (c counted) timed(op opName, run func() fuse.Status) fuse.Status {
	since := c.ops[op].begin()
	st := run()
	c.ops[op].end(since, st)
	return st
}

func (c counted) Lookup(cancel <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	return c.timed(opLookup, func() fuse.Status { return c.RawFileSystem.Lookup(cancel, h, name, out) })
}

func (c counted) GetAttr(cancel <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return c.timed(opGetattr, func() fuse.Status { return c.RawFileSystem.GetAttr(cancel, in, out) })
}

func (c counted) SetAttr(cancel <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	return c.timed(opSetattr, func() fuse.Status { return c.RawFileSystem.SetAttr(cancel, in, out) })
}

func (c counted) Mknod(cancel <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	return c.timed(opMknod, func() fuse.Status { return c.RawFileSystem.Mknod(cancel, in, name, out) })
}

func (c counted) Mkdir(cancel <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return c.timed(opMkdir, func() fuse.Status { return c.RawFileSystem.Mkdir(cancel, in, name, out) })
}

func (c counted) Unlink(cancel <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return c.timed(opUnlink, func() fuse.Status { return c.RawFileSystem.Unlink(cancel, h, name) })
}

func (c counted) Rmdir(cancel <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return c.timed(opRmdir, func() fuse.Status { return c.RawFileSystem.Rmdir(cancel, h, name) })
}

func (c counted) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	return c.timed(opRename, func() fuse.Status { return c.RawFileSystem.Rename(cancel, in, from, to) })
}

func (c counted) Symlink(cancel <-chan struct{}, h *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return c.timed(opSymlink, func() fuse.Status { return c.RawFileSystem.Symlink(cancel, h, target, name, out) })
}

func (c counted) Readlink(cancel <-chan struct{}, h *fuse.InHeader) (target []byte, st fuse.Status) {
	st = c.timed(opReadlink, func() fuse.Status {
		target, st = c.RawFileSystem.Readlink(cancel, h)
		return st
	})
	return target, st
}

func (c counted) Access(cancel <-chan struct{}, in *fuse.AccessIn) fuse.Status {
	return c.timed(opOther, func() fuse.Status { return c.RawFileSystem.Access(cancel, in) })
}

func (c counted) StatFs(cancel <-chan struct{}, h *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	return c.timed(opOther, func() fuse.Status { return c.RawFileSystem.StatFs(cancel, h, out) })
}

func (c counted) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	return c.timed(opCreate, func() fuse.Status { return c.RawFileSystem.Create(cancel, in, name, out) })
}

func (c counted) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return c.timed(opOpen, func() fuse.Status { return c.RawFileSystem.Open(cancel, in, out) })
}

func (c counted) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (r fuse.ReadResult, st fuse.Status) {
	st = c.timed(opRead, func() fuse.Status {
		r, st = c.RawFileSystem.Read(cancel, in, buf)
		return st
	})
	return r, st
}

// Writev is how every write comes.
func (c counted) Writev(cancel <-chan struct{}, in *fuse.WriteIn, data [][]byte) (n uint32, st fuse.Status) {
	st = c.timed(opWrite, func() fuse.Status {
		n, st = c.RawFileSystem.Writev(cancel, in, data)
		return st
	})
	return n, st
}

func (c counted) Flush(cancel <-chan struct{}, in *fuse.FlushIn) fuse.Status {
	return c.timed(opFlush, func() fuse.Status { return c.RawFileSystem.Flush(cancel, in) })
}

func (c counted) Fsync(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return c.timed(opFsync, func() fuse.Status { return c.RawFileSystem.Fsync(cancel, in) })
}

func (c counted) Fallocate(cancel <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	return c.timed(opOther, func() fuse.Status { return c.RawFileSystem.Fallocate(cancel, in) })
}

func (c counted) Lseek(cancel <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	return c.timed(opOther, func() fuse.Status { return c.RawFileSystem.Lseek(cancel, in, out) })
}

func (c counted) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return c.timed(opOpendir, func() fuse.Status { return c.RawFileSystem.OpenDir(cancel, in, out) })
}

func (c counted) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return c.timed(opReaddir, func() fuse.Status { return c.RawFileSystem.ReadDir(cancel, in, out) })
}

func (c counted) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return c.timed(opReaddir, func() fuse.Status { return c.RawFileSystem.ReadDirPlus(cancel, in, out) })
}

func (c counted) FsyncDir(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return c.timed(opFsync, func() fuse.Status { return c.RawFileSystem.FsyncDir(cancel, in) })
}

// Release is timed, too: what was written through a mapping is uploaded in it.
func (c counted) Release(cancel <-chan struct{}, in *fuse.ReleaseIn) {
	c.timed(opRelease, func() fuse.Status {
		c.RawFileSystem.Release(cancel, in)
		return fuse.OK
	})
}
