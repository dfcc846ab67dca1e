package model

import (
	"errors"
	"os"
	"syscall"
)

// own changes something in the mount.
func (a *actor) own(names []string) {
	dir := pick(a, dirs)
	if a.rng.IntN(4) == 0 {
		a.ownShared(dir + "/" + pick(a, shared))
		return
	}
	p := dir + "/" + pick(a, names)
	switch v := a.has[p]; {
	case v.kind == 0 && a.rng.IntN(4) == 0:
		a.do(p, value{kind: 'd'}, func() error { return os.Mkdir(a.w.on(p), 0o755) })
	case v.kind == 0 || v.kind == 'f' && a.rng.IntN(3) == 0:
		new := value{'f', a.w.nextID()}
		a.do(p, new, func() error { return os.WriteFile(a.w.on(p), content(new.id), 0o644) })
	case a.rng.IntN(2) == 0:
		a.do(p, value{}, func() error { return os.Remove(a.w.on(p)) })
	default:
		a.ownRename(p, pick(a, dirs)+"/"+pick(a, names))
	}
}

// do makes a change that must succeed, as nobody else touches the name.
func (a *actor) do(p string, v value, do func() error) {
	s, err := a.w.timed(do)
	a.w.log.took(s)
	if err != nil {
		a.w.wrongf("%s own change of %s to %v: %v", s, p, v, err)
		return
	}
	a.has[p] = v
	a.w.h.add(p, change{s, v, true, true})
}

// ownRename moves what is at p, also over a file or an empty directory (which
// os.Rename refuses by itself).
func (a *actor) ownRename(p, to string) {
	v, old := a.has[p], a.has[to]
	if p == to || old.kind != 0 && old.kind != v.kind {
		return
	}
	s, err := a.w.timed(func() error { return syscall.Rename(a.w.on(p), a.w.on(to)) })
	a.w.log.took(s)
	if err != nil {
		a.w.wrongf("%s own rename of %s to %s (%v onto %v): %v", s, p, to, v, old, err)
		return
	}
	a.has[p], a.has[to] = value{}, v
	a.w.h.add(p, change{s, value{}, true, true})
	a.w.h.add(to, change{s, v, true, true})
}

// ownShared changes a name that the other side changes, too. It may fail, as
// what was there is not there any more; EINVAL is for what was removed before its
// upload had been checked, as if the server had refused the name, and EACCES for
// what was not there, and is when the client looks why.
func (a *actor) ownShared(p string) {
	a.w.sharedMu.Lock()
	defer a.w.sharedMu.Unlock()
	v, do := value{}, func() error { return os.Remove(a.w.on(p)) }
	if a.rng.IntN(3) > 0 {
		v = value{'f', a.w.nextID()}
		do = func() error { return os.WriteFile(a.w.on(p), content(v.id), 0o644) }
	}
	s, err := a.w.timed(do)
	a.w.log.took(s)
	var errno syscall.Errno
	switch {
	case err == nil:
		a.w.h.add(p, change{s, v, true, true})
	case v.kind == 0 && errors.Is(err, os.ErrNotExist):
	case errors.As(err, &errno) && (errno == syscall.ESTALE || errno == syscall.ENOENT || errno == syscall.EIO ||
		errno == syscall.EINVAL || errno == syscall.EACCES):
		a.w.h.add(p, change{s, v, true, false})
		if v.kind == 'f' {
			a.w.h.add(p, change{s, value{}, true, false})
		}
	default:
		a.w.wrongf("%s own change of %s to %v: %v", s, p, v, err)
	}
}
