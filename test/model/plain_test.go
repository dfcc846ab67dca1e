package model

import (
	"maps"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// object is a file, directory or link of the plain tree.
type object struct {
	kind   byte // f, d, l
	data   []byte
	target string
	mode   uint32
	time   int64 // -1: of the server's clock
	links  uint64
	held   int // descriptors
	child  map[string]*object
	sent   sent
}

// plain is a tree in memory, with descriptors, as POSIX has it: what a mount is
// held against.
type plain struct {
	root  *object
	slots map[[2]int]*descriptor
}

type descriptor struct {
	o     *object
	flags int
}

func newPlain() *plain {
	return &plain{root: newDir(0o755), slots: map[[2]int]*descriptor{}}
}

func newDir(mode uint32) *object {
	return &object{kind: 'd', mode: mode, time: -1, links: 1, child: map[string]*object{}}
}

func fail(e syscall.Errno) outcome { return outcome{Errno: e} }

// walk finds the directories that a path leads through, and its last name.
func (p *plain) walk(path string) (dirs []*object, name string, errno syscall.Errno) {
	dir := p.root
	dirs = []*object{dir}
	parts := strings.Split(path, "/")
	for _, part := range parts[:len(parts)-1] {
		_, next, errno := follow(dir, dir.child[part])
		switch {
		case errno != 0:
			return nil, "", errno
		case next == nil:
			return nil, "", syscall.ENOENT
		case next.kind != 'd':
			return nil, "", syscall.ENOTDIR
		}
		dir = next
		dirs = append(dirs, dir)
	}
	return dirs, parts[len(parts)-1], 0
}

func last(dirs []*object) *object { return dirs[len(dirs)-1] }

// do makes a call.
func (p *plain) do(s step) outcome {
	if slotted[s.Do] && s.Do != "open" {
		d := p.slots[[2]int{s.Proc, s.Slot}]
		if d == nil {
			return fail(syscall.EBADF)
		}
		return p.onFile(s, d)
	}
	if s.Do == "list" {
		return p.list(s.Path)
	}
	if at := [2]int{s.Proc, s.Slot}; s.Do == "open" && p.slots[at] != nil {
		p.close(at)
	}
	dirs, name, errno := p.walk(s.Path)
	if errno != 0 {
		return fail(errno)
	}
	dir := last(dirs)
	o := dir.child[name]
	switch s.Do {
	case "open":
		return p.open(s, dir, name, o)
	case "mkdir", "symlink":
		return makeObject(s, dir, name, o)
	case "rename":
		return p.rename(s, dirs, name, o)
	}
	if o == nil {
		return fail(syscall.ENOENT)
	}
	return p.named(s, dir, name, o)
}

func makeObject(s step, dir *object, name string, o *object) outcome {
	if o != nil {
		return fail(syscall.EEXIST)
	}
	if o = newDir(s.Mode); s.Do == "symlink" {
		o = &object{kind: 'l', target: s.To, mode: 0o777, time: -1, links: 1}
	}
	dir.child[name] = o
	return outcome{}
}

func (p *plain) open(s step, dir *object, name string, o *object) outcome {
	writes := s.Flags&syscall.O_ACCMODE != syscall.O_RDONLY
	exclusive := s.Flags&(syscall.O_CREAT|syscall.O_EXCL) == syscall.O_CREAT|syscall.O_EXCL
	if o != nil && o.kind == 'l' && !exclusive {
		var errno syscall.Errno
		if name, o, errno = follow(dir, o); errno != 0 {
			return fail(errno)
		}
	}
	switch {
	case s.Flags&(syscall.O_CREAT|syscall.O_DIRECTORY) == syscall.O_CREAT|syscall.O_DIRECTORY:
		return fail(syscall.EINVAL)
	case o == nil && s.Flags&syscall.O_CREAT == 0:
		return fail(syscall.ENOENT)
	case o == nil:
		o = &object{kind: 'f', mode: s.Mode, time: -1, links: 1}
		dir.child[name] = o
	case exclusive:
		return fail(syscall.EEXIST)
	case o.kind == 'd' && (writes || s.Flags&(syscall.O_CREAT|syscall.O_TRUNC) != 0):
		return fail(syscall.EISDIR)
	case o.kind != 'd' && s.Flags&syscall.O_DIRECTORY != 0:
		return fail(syscall.ENOTDIR)
	}
	if s.Flags&syscall.O_TRUNC != 0 {
		o.resize(0)
	}
	o.held++
	p.slots[[2]int{s.Proc, s.Slot}] = &descriptor{o, s.Flags}
	return outcome{}
}

// follow follows a link to another name in its directory.
func follow(dir, o *object) (name string, to *object, errno syscall.Errno) {
	to = o
	for links := 0; to != nil && to.kind == 'l'; links++ {
		if links == 40 {
			return "", nil, syscall.ELOOP
		}
		name = to.target
		to = dir.child[name]
	}
	return name, to, 0
}

func (p *plain) close(at [2]int) {
	p.slots[at].o.held--
	delete(p.slots, at)
}

// resize sets the size.
func (o *object) resize(n int64) {
	o.time = -1
	if n <= int64(len(o.data)) {
		o.data = slices.Clone(o.data[:n])
		return
	}
	o.data = append(slices.Clone(o.data), make([]byte, n-int64(len(o.data)))...)
}

func (o *object) write(data []byte, off int64) {
	if end := off + int64(len(data)); end > int64(len(o.data)) {
		o.resize(end)
	}
	copy(o.data[off:], data)
	o.time = -1
}

func (o *object) read(off, n int64) []byte {
	size := int64(len(o.data))
	return slices.Clone(o.data[min(off, size):min(off+n, size)])
}

func (p *plain) onFile(s step, d *descriptor) outcome {
	o, size := d.o, int64(len(d.o.data))
	reads := d.flags&syscall.O_ACCMODE != syscall.O_WRONLY
	writes := d.flags&syscall.O_ACCMODE != syscall.O_RDONLY
	switch s.Do {
	case "close":
		p.close([2]int{s.Proc, s.Slot})
		return outcome{}
	case "fstat":
		return o.stat()
	case "fsync":
		return outcome{}
	}
	if o.kind == 'd' && s.Do != "copy" {
		return onDirectory(s)
	}
	switch s.Do {
	case "read", "write", "ftruncate", "allocate":
		return o.transfer(s, d.flags, reads, writes)
	case "mapread", "mapwrite":
		switch {
		case !reads || s.Do == "mapwrite" && !writes:
			return fail(syscall.EACCES)
		case size == 0:
			return outcome{}
		}
		off := s.Off % size
		if s.Do == "mapread" {
			return outcome{Data: o.read(off, s.N)}
		}
		o.write(s.octets()[:min(s.N, size-off)], off)
		return outcome{}
	case "data":
		if s.Off >= size {
			return fail(syscall.ENXIO)
		}
		return outcome{N: size} // SEEK_HOLE
	}
	return p.copy(s, d)
}

func (o *object) transfer(s step, flags int, reads, writes bool) outcome {
	switch {
	case s.Do == "read" && !reads, s.Do == "write" && !writes, s.Do == "allocate" && !writes:
		return fail(syscall.EBADF)
	case s.Do == "ftruncate" && !writes:
		return fail(syscall.EINVAL)
	}
	switch s.Do {
	case "allocate":
		return fail(syscall.EOPNOTSUPP)
	case "read":
		data := o.read(s.Off, s.N)
		return outcome{N: int64(len(data)), Data: data}
	case "ftruncate":
		o.resize(s.Off)
		return outcome{}
	}
	off := s.Off
	if flags&syscall.O_APPEND != 0 {
		off = int64(len(o.data))
	}
	o.write(s.octets(), off)
	return outcome{N: s.N}
}

func onDirectory(s step) outcome {
	switch s.Do {
	case "read":
		return fail(syscall.EISDIR)
	case "ftruncate":
		return fail(syscall.EINVAL)
	case "mapread":
		return fail(syscall.ENODEV)
	case "mapwrite":
		return fail(syscall.EACCES)
	case "data":
		return fail(syscall.EINVAL)
	}
	return fail(syscall.EBADF) // write, allocate
}

// copy is copy_file_range from the file to the process's next descriptor.
func (p *plain) copy(s step, d *descriptor) outcome {
	to := p.slots[[2]int{s.Proc, s.Slot + 1}]
	switch {
	case to == nil:
		return fail(syscall.EBADF)
	case d.o.kind == 'd' || to.o.kind == 'd':
		return fail(syscall.EISDIR)
	case d.flags&syscall.O_ACCMODE == syscall.O_WRONLY, to.flags&syscall.O_ACCMODE == syscall.O_RDONLY, to.flags&syscall.O_APPEND != 0:
		return fail(syscall.EBADF)
	}
	n := max(0, min(s.N, int64(len(d.o.data))-s.Off))
	at := int64(s.Seed % uint64(1+len(to.o.data)))
	if d.o == to.o && at < s.Off+n && s.Off < at+n {
		return fail(syscall.EINVAL) // they overlap, as far as there is anything to copy
	}
	if n > 0 {
		to.o.write(d.o.read(s.Off, n), at)
	}
	return outcome{N: n}
}

func (o *object) stat() outcome {
	a := outcome{Kind: o.kind, Mode: o.mode, Time: o.time, Links: o.links, N: int64(len(o.data))}
	if o.kind != 'f' {
		a.N = 0
	}
	return a
}

func (p *plain) list(path string) outcome {
	dirs, _, errno := p.walk(path)
	if errno != 0 {
		return fail(errno)
	}
	var names []string
	for name, o := range last(dirs).child {
		names = append(names, name+" "+string(o.kind))
	}
	slices.Sort(names)
	return outcome{Names: names}
}

// named is what is done to something by its name.
func (p *plain) named(s step, dir *object, name string, o *object) outcome {
	switch s.Do {
	case "stat":
		return o.stat()
	case "readlink":
		if o.kind != 'l' {
			return fail(syscall.EINVAL)
		}
		return outcome{Data: []byte(o.target)}
	case "unlink":
		if o.kind == 'd' {
			return fail(syscall.EISDIR)
		}
		p.remove(dir, name)
	case "rmdir":
		switch {
		case o.kind != 'd':
			return fail(syscall.ENOTDIR)
		case len(o.child) > 0:
			return fail(syscall.ENOTEMPTY)
		}
		p.remove(dir, name)
	case "truncate":
		_, o, errno := follow(dir, o)
		switch {
		case errno != 0:
			return fail(errno)
		case o == nil:
			return fail(syscall.ENOENT)
		case o.kind == 'd':
			return fail(syscall.EISDIR)
		}
		o.resize(s.Off)
	case "chmod":
		if o.kind == 'f' {
			o.mode = s.Mode
		}
	case "times":
		if o.kind == 'f' {
			o.time = s.N
		}
	}
	return outcome{}
}

func (p *plain) remove(dir *object, name string) {
	if o := dir.child[name]; o != nil {
		o.links = 0
		delete(dir.child, name)
	}
}

func (p *plain) rename(s step, from []*object, name string, o *object) outcome {
	to, toName, errno := p.walk(s.To)
	if errno != 0 {
		return fail(errno)
	}
	if o == nil {
		return fail(syscall.ENOENT)
	}
	old := last(to).child[toName]
	switch {
	case old != nil && s.Flags&unix.RENAME_NOREPLACE != 0:
		return fail(syscall.EEXIST)
	case slices.Contains(to, o):
		return fail(syscall.EINVAL)
	case slices.Contains(from, old):
		return fail(syscall.ENOTEMPTY)
	case old == o:
		return outcome{}
	case old != nil && o.kind == 'd' && old.kind != 'd':
		return fail(syscall.ENOTDIR)
	case old != nil && o.kind != 'd' && old.kind == 'd':
		return fail(syscall.EISDIR)
	case old != nil && len(old.child) > 0:
		return fail(syscall.ENOTEMPTY)
	}
	p.remove(last(to), toName)
	delete(last(from).child, name)
	last(to).child[toName] = o
	return outcome{}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
