package cache

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"ftpfs/ftpclient"
)

// The open files of a volume, by path. A file is in the table from its first
// open to its last release, unless it was removed from the tree before.

// grab returns the open file at path with one more reference, or nil.
func (v *Volume) grab(p string) *File {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.files[p]
	if f != nil {
		f.refs++
	}
	return f
}

// adopt returns the file at path, new if it was not open, with one more
// reference; prepare readies a new one before anybody else sees it.
func (v *Volume) adopt(p string, prepare func(*File) error) (f *File, fresh bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, false, refuse("open", v.abs(p), ftpclient.KindClosed)
	}
	if f := v.files[p]; f != nil {
		f.refs++
		return f, false, nil
	}
	v.lastID++
	f = newFile(v, p, v.lastID)
	if err := prepare(f); err != nil {
		return nil, false, err
	}
	v.files[p] = f
	return f, true, nil
}

// grabTree returns the open files that a rename of from to to concerns, with
// one more reference each, in the order in which their turns are taken. The
// caller holds mu.
func (v *Volume) grabTree(from, to string) []*File {
	var files []*File
	for p, f := range v.files {
		if within(p, from) || within(p, to) {
			f.refs++
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.id, b.id) })
	return files
}

func dropAll(files []*File) {
	for _, f := range files {
		f.drop()
	}
}

// takeTurns takes the turns of all files or of none.
func takeTurns(ctx context.Context, files []*File) error {
	for i, f := range files {
		if err := f.take(ctx); err != nil {
			giveTurns(files[:i])
			return err
		}
	}
	return nil
}

func giveTurns(files []*File) {
	for _, f := range files {
		f.give()
	}
}

// moveFiles gives the open files their paths after a rename; what was open at
// to is no longer in the tree. The caller holds their turns.
func (v *Volume) moveFiles(from, to string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	moved := map[string]*File{}
	for p, f := range v.files {
		switch {
		case within(p, from):
			f.path = to + strings.TrimPrefix(p, from)
			moved[f.path] = f
			delete(v.files, p)
		case within(p, to):
			f.markGone()
			delete(v.files, p)
		}
	}
	for p, f := range moved {
		v.files[p] = f
	}
}

// openAttr returns the attributes of an open file that the server does not
// have as they are.
func (v *Volume) openAttr(p string) (Attr, bool) {
	v.mu.Lock()
	f := v.files[p]
	v.mu.Unlock()
	if f == nil {
		return Attr{}, false
	}
	return f.localAttr()
}

// unsent returns the names of the files of a directory that the server does not
// have yet.
func (v *Volume) unsent(dir string) (names []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for p, f := range v.files {
		if d, name := split(p); d == dir && f.isUnsent() {
			names = append(names, name)
		}
	}
	return names
}

// forgetFile takes a file out of the table.
func (v *Volume) forgetFile(f *File) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.files[f.path] == f {
		delete(v.files, f.path)
	}
}

// handles is how many references a file has.
func (f *File) handles() int {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.refs
}

// drop gives a reference back. The last one ends the file; but what a close has
// acknowledged stays until it is sent.
func (f *File) drop() {
	f.v.mu.Lock()
	f.refs--
	if f.refs == 0 && f.isAccepted() {
		f.v.later.addLocked(f, false)
	}
	last := f.refs == 0
	if last && f.v.files[f.path] == f {
		delete(f.v.files, f.path)
	}
	f.v.mu.Unlock()
	if last {
		f.end()
	}
}

// end lets go of what a file without references holds.
func (f *File) end() {
	p := f.where()
	f.fetch.close()
	f.mu.Lock()
	hidden := f.hidden
	f.hidden = tempFile{}
	if f.spool != nil && !f.dirty && !f.gone {
		f.handOver(p)
	}
	f.dropSpool()
	f.dropHeld()
	f.mu.Unlock()
	f.v.unhide(f) // from now on nobody gives it a name again
	f.v.dropHidden(hidden)
}

// handOverMax bounds what of a spool goes to the block cache.
const handOverMax = 1 << 20

// handOver puts the content of a small spool into the block cache, so that what
// was just written is read without asking. The caller holds mu.
func (f *File) handOver(p string) {
	size := f.attr.Size
	if size > handOverMax || len(f.spool.have.missing(0, size)) > 0 || f.base.size != size {
		return
	}
	for off := int64(0); off < size; off += blockSize {
		data := make([]byte, min(blockSize, size-off))
		if _, err := f.spool.file.ReadAt(data, off); err != nil {
			return
		}
		f.v.blocks.put(blockKey{p, f.base, off / blockSize}, data)
	}
}
