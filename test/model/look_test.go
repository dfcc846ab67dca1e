package model

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// look looks at something in the mount.
func (a *actor) look() {
	dir := pick(a, dirs)
	p := dir + "/" + pick(a, allNames())
	switch a.rng.IntN(8) {
	case 0, 1, 2:
		a.list(dir)
	case 3, 4:
		a.stat(p)
	default:
		a.read(p)
	}
}

// walk goes through all directories as ls -lR does.
func (a *actor) walk() {
	todo := []string{"d0", "d1", "d2"}
	for len(todo) > 0 && a.w.ctx.Err() == nil {
		dir := todo[0]
		todo = todo[1:]
		if !slices.Contains(dirs, dir) {
			a.moving(dir)
			continue
		}
		for _, e := range a.list(dir) {
			p := dir + "/" + e.Name()
			a.stat(p)
			if e.IsDir() {
				todo = append(todo, p)
			}
		}
	}
}

// list notes what a directory shows, which is always there.
func (a *actor) list(dir string) []fs.DirEntry {
	var entries []fs.DirEntry
	s, err := a.w.timed(func() (err error) {
		entries, err = os.ReadDir(a.w.on(dir))
		return err
	})
	if err != nil {
		a.w.wrongf("%s list %s: %v", s, dir, err)
		return nil
	}
	names := map[string]value{}
	for _, e := range entries {
		if _, twice := names[e.Name()]; twice {
			a.w.wrongf("%s list %s: %q is there twice", s, dir, e.Name())
		}
		names[e.Name()] = value{kind: kindOf(e.Type())}
	}
	a.w.log.add(seen{span: s, what: "list", path: dir, names: names})
	return entries
}

func kindOf(m fs.FileMode) byte {
	switch {
	case m.IsDir():
		return 'd'
	case m.IsRegular():
		return 'f'
	}
	return '?'
}

// moving lists a directory that others make, move and remove: it is there with
// all that is in it, or it is not.
func (a *actor) moving(dir string) {
	var entries []fs.DirEntry
	s, err := a.w.timed(func() (err error) {
		entries, err = os.ReadDir(a.w.on(dir))
		return err
	})
	a.w.log.took(s)
	if err != nil {
		// EACCES is what it looks like that was not there when it was to be
		// listed, and is when the client looks why.
		if !absent(err) && !errors.Is(err, syscall.ESTALE) && !errors.Is(err, syscall.EACCES) {
			a.w.wrongf("%s list %s: %v", s, dir, err)
		}
		return
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	base := dir[len(dir)-3:]
	if theirs := base[0] == 't'; theirs && !slices.Equal(names, inside) || !theirs && len(names) > 0 {
		a.w.wrongf("%s list %s, a directory that was made with what is in it: %q", s, dir, names)
	}
}

// stat notes what a name is.
func (a *actor) stat(p string) {
	var info fs.FileInfo
	s, err := a.w.timed(func() (err error) {
		info, err = os.Lstat(a.w.on(p))
		return err
	})
	o := seen{span: s, what: "stat", path: p}
	switch {
	case err == nil:
		o.val.kind, o.size = kindOf(info.Mode()), info.Size()
	case !absent(err):
		a.w.wrongf("%s stat %s: %v", s, p, err)
		return
	}
	a.w.log.add(o)
}

// read notes what is in a file. One read brings all of it, unless the kernel asks for
// it in parts and one of them fails: then it brings those before, and the next read
// fails. Behind the end of a whole version there may be more, of the next.
func (a *actor) read(p string) {
	buf := make([]byte, sizes+1000)
	n := 0
	s, err := a.w.timed(func() error {
		f, err := os.Open(a.w.on(p))
		if err != nil {
			return err
		}
		defer f.Close()
		n, err = syscall.Read(int(f.Fd()), buf)
		if id, _, _ := identify(buf[:max(n, 0)]); err == nil && id > 0 && n < (value{'f', id}).size() {
			var more int
			more, err = syscall.Read(int(f.Fd()), buf[n:])
			n += max(more, 0)
		}
		return err
	})
	o := seen{span: s, what: "read", path: p, val: value{kind: 'f'}, size: int64(max(n, 0))}
	switch {
	case errors.Is(err, syscall.EISDIR):
		o.val.kind = 'd'
	case absent(err):
		o.val.kind = 0
	case errors.Is(err, syscall.ESTALE) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EACCES):
		a.w.log.took(s) // it was replaced or removed meanwhile; EACCES is for a directory
		return
	case err != nil:
		a.w.wrongf("%s read %s: %v", s, p, err)
		return
	default:
		o.val.id, o.whole, o.bad = identify(buf[:n])
	}
	a.w.log.add(o)
}
