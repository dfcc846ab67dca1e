package cache

import (
	"cmp"
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"
	"time"

	"ftpfs/ftpclient"
)

// The modes shown where the server does not tell.
const (
	defaultFileMode = 0o644
	defaultDirMode  = 0o755
)

// attrOf turns a server's entry into attributes.
func attrOf(e *ftpclient.Entry, fresh time.Duration) Attr {
	a := Attr{Type: e.Type, Size: max(0, e.Size), ModTime: e.ModTime, Mode: e.Mode & 0o7777, Fresh: fresh}
	switch {
	case e.HasMode:
	case e.Type == ftpclient.TypeDir:
		a.Mode = defaultDirMode
	case e.Type == ftpclient.TypeSymlink:
		a.Mode = 0o777
	default:
		a.Mode = defaultFileMode
	}
	return a
}

// Stat returns the attributes of path. A path that a fresh and complete
// listing of its directory does not have is KindNotExist without asking.
func (v *Volume) Stat(ctx context.Context, p string) (Attr, error) {
	at, err := v.follow(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	defer at.end()
	a, err := v.attr(ctx, at.path)
	if lost := at.lost(); lost != nil {
		err = lost
	}
	return a, err
}

// Lookup is Stat for who needs to know what path is, as to go through a
// directory: of one, the attributes may be Approximate, where the server has yet
// to tell the rest. With KindNotExist the Fresh of the answer is for how long
// that is believed.
func (v *Volume) Lookup(ctx context.Context, p string) (Attr, error) {
	p, err := v.settle(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	if p == "" {
		return v.attr(ctx, p)
	}
	if a, ok := v.openAttr(p); ok {
		return a, nil
	}
	dir, _ := split(p)
	v.walker.looked(dir)
	r, err := v.find(ctx, p, true)
	if err != nil {
		return Attr{Fresh: r.fresh}, err
	}
	a := attrOf(&r.Entry, r.fresh)
	a.Approximate = r.sketchy || r.aged && v.remote.Features().MLST
	return a, nil
}

// attr is Stat for who has waited for moves.
func (v *Volume) attr(ctx context.Context, p string) (Attr, error) {
	if p == "" {
		return Attr{Type: ftpclient.TypeDir, Mode: defaultDirMode, ModTime: v.born, Fresh: v.opts.TTL}, nil
	}
	if a, ok := v.openAttr(p); ok {
		return a, nil
	}
	r, err := v.stat(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	if r.aged && v.remote.Features().MLST {
		if err := v.renew(ctx, p, &r); err != nil {
			return Attr{}, err
		}
	}
	return attrOf(&r.Entry, r.fresh), nil
}

// Known returns the attributes of path if they can be told without waiting for
// the server or for a listing that is on its way.
func (v *Volume) Known(p string) (Attr, bool) {
	v.mu.Lock()
	m := v.moveOf(p, 0)
	v.mu.Unlock()
	if m != nil {
		return Attr{}, false
	}
	if a, ok := v.openAttr(p); ok {
		return a, true
	}
	dir, name := split(p)
	r, ok := v.meta.known(dir, name)
	if !ok || isTemp(name) || r.aged && v.remote.Features().MLST {
		return Attr{}, false
	}
	return attrOf(&r.Entry, r.fresh), true
}

// renew asks for the time of a directory of which the content was changed here.
func (v *Volume) renew(ctx context.Context, p string, r *row) error {
	e, err := detached(v, ctx, "stat", p, func(ctx context.Context) (ftpclient.Entry, error) {
		return v.remote.Stat(ctx, v.abs(p))
	})
	if err != nil {
		return err
	}
	r.ModTime, r.Precision = e.ModTime, e.Precision
	dir, name := split(p)
	v.meta.renewed(dir, name, &e)
	return nil
}

// stat returns what the server says of path, from a listing if there is one.
func (v *Volume) stat(ctx context.Context, p string) (row, error) { return v.find(ctx, p, false) }

// find is stat; with sketchy, the row may be. With KindNotExist it has for how
// long that is believed.
func (v *Volume) find(ctx context.Context, p string, sketchy bool) (row, error) {
	dir, name := split(p)
	if isTemp(name) {
		return row{}, refuse("stat", v.abs(p), ftpclient.KindNotExist)
	}
	if v.opts.TTL <= 0 {
		return v.ask(ctx, p) // of the others in its directory nothing will be believed
	}
	r, found, known, err := v.meta.lookup(ctx, dir, name, sketchy)
	switch {
	case ftpclient.KindOf(err) == ftpclient.KindPermission:
		// What may not be listed may have names that can be used.
	case err != nil || found:
		return r, err
	case known:
		return r, refuse("stat", v.abs(p), ftpclient.KindNotExist)
	}
	return v.ask(ctx, p)
}

// ask asks the server for one path.
func (v *Volume) ask(ctx context.Context, p string) (row, error) {
	v.meta.tally.misses.Add(1)
	return detached(v, ctx, "stat", p, func(ctx context.Context) (row, error) {
		e, err := v.remote.Stat(ctx, v.abs(p))
		return row{Entry: e, fetched: time.Now()}, err
	})
}

// Expect has a directory listed that will soon be asked for. It does not wait,
// and its failure is nobody's.
func (v *Volume) Expect(p string) {
	if v.opts.TTL > 0 {
		v.work.Go(func() { _ = v.meta.await(v.ctx, p) })
	}
}

// Readlink returns the target of a symbolic link. Absolute targets inside the
// volume are returned relative to the link.
func (v *Volume) Readlink(ctx context.Context, p string) (string, error) {
	p, err := v.settle(ctx, p)
	if err != nil {
		return "", err
	}
	r, err := v.stat(ctx, p)
	if err != nil {
		return "", err
	}
	if r.Target == "" {
		dir, name := split(p)
		r.Target, err = detached(v, ctx, "readlink", p, func(ctx context.Context) (string, error) {
			return v.remote.Readlink(ctx, v.abs(p))
		})
		if err != nil {
			return "", err
		}
		v.meta.update(dir, name, func(e *ftpclient.Entry) { e.Target = r.Target })
	}
	return v.localTarget(p, r.Target), nil
}

// localTarget makes an absolute target that lies in the volume relative to the
// link, since the kernel would look for it in the local root directory.
func (v *Volume) localTarget(p, target string) string {
	rest, inside := strings.CutPrefix(path.Clean(target), v.opts.Root)
	if !path.IsAbs(target) || !inside || v.opts.Root != "/" && rest != "" && rest[0] != '/' {
		return target
	}
	rel, err := filepath.Rel(path.Dir("/"+p), path.Join("/", rest))
	if err != nil {
		return target
	}
	return rel
}

// Mkdir makes a directory. A server without SITE CHMOD ignores mode.
func (v *Volume) Mkdir(ctx context.Context, p string, mode uint32) (Attr, error) {
	p, err := v.settle(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	a, err := v.make(ctx, "mkdir", p, func(ctx context.Context) (ftpclient.Entry, error) {
		e := ftpclient.Entry{Type: ftpclient.TypeDir, ModTime: time.Now().UTC().Truncate(time.Second)}
		if err := v.remote.Mkdir(ctx, v.abs(p)); err != nil {
			return e, err
		}
		if mode &= 0o7777; mode != defaultDirMode && v.chmodNew(ctx, p, mode) {
			e.Mode, e.HasMode = mode, true
		}
		return e, nil
	})
	if err == nil {
		v.meta.empty(p)
		v.made.add(p)
	}
	return a, err
}

// Symlink makes path a symbolic link to target, where the server can.
func (v *Volume) Symlink(ctx context.Context, target, p string) (Attr, error) {
	p, err := v.settle(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	return v.make(ctx, "symlink", p, func(ctx context.Context) (ftpclient.Entry, error) {
		e := ftpclient.Entry{Type: ftpclient.TypeSymlink, Size: int64(len(target)), ModTime: time.Now().UTC().Truncate(time.Second)}
		return e, v.remote.Symlink(ctx, target, v.abs(p))
	})
}

// make runs the making of path and records its entry.
func (v *Volume) make(ctx context.Context, op, p string, work func(context.Context) (ftpclient.Entry, error)) (Attr, error) {
	if err := cmp.Or(v.writable(op, p), v.nameable(op, p)); err != nil {
		return Attr{}, err
	}
	dir, name := split(p)
	return detached(v, ctx, op, p, func(ctx context.Context) (Attr, error) {
		e, err := work(ctx)
		if err != nil {
			err = v.orTaken(op, p, err)
			v.meta.drop(dir)
			return Attr{}, err
		}
		e.Name = name
		v.meta.put(dir, name, &e)
		a := attrOf(&e, v.opts.TTL)
		a.Approximate = true
		return a, nil
	})
}

// chmodNew gives something just made the mode that was asked for and reports
// whether it has it. The thing stays if it cannot be had.
func (v *Volume) chmodNew(ctx context.Context, p string, mode uint32) bool {
	err := v.remote.Chmod(ctx, v.abs(p), mode)
	if err != nil {
		v.once("the server does not set the modes of new files and directories", "error", err)
	}
	return err == nil
}

// Rmdir removes an empty directory, which one is not that has a file of which the
// server knows nothing yet.
func (v *Volume) Rmdir(ctx context.Context, p string) error {
	p, err := v.settle(ctx, p)
	if err != nil {
		return err
	}
	return v.remove(ctx, "rmdir", p, func(ctx context.Context) error {
		if len(v.unsent(p)) > 0 {
			return refuse("rmdir", v.abs(p), ftpclient.KindNotEmpty)
		}
		err := v.remote.Rmdir(ctx, v.abs(p))
		if ftpclient.KindOf(err) == ftpclient.KindNotEmpty && v.sweep(ctx, p) {
			err = v.remote.Rmdir(ctx, v.abs(p))
		}
		if err == nil {
			v.meta.dropTree(p)
			v.blocks.forgetTree(p)
		}
		return err
	})
}

// Unlink removes a file. Open handles stay usable.
func (v *Volume) Unlink(ctx context.Context, p string) error {
	p, err := v.settle(ctx, p)
	if err != nil {
		return err
	}
	return v.remove(ctx, "unlink", p, func(ctx context.Context) error {
		f := v.grab(p)
		if f == nil {
			return v.remote.Delete(ctx, v.abs(p))
		}
		defer f.drop()
		defer v.later.forgetGone()
		return f.unlink(ctx)
	})
}

// remove runs the removal of path and records it.
func (v *Volume) remove(ctx context.Context, op, p string, work func(context.Context) error) error {
	if err := v.writable(op, p); err != nil {
		return err
	}
	dir, name := split(p)
	_, err := detached(v, ctx, op, p, func(ctx context.Context) (struct{}, error) {
		err := work(ctx)
		if err != nil {
			v.meta.drop(dir)
		} else {
			v.meta.put(dir, name, nil)
			v.made.drop(p)
			v.changesOf(p).Add(1)
			v.blocks.forget(p)
		}
		return struct{}{}, err
	})
	return err
}

// Rename moves from to to, replacing a file or an empty directory there,
// unless noReplace is set. Open handles go along.
func (v *Volume) Rename(ctx context.Context, from, to string, noReplace bool) error {
	if err := cmp.Or(v.writable("rename", from), v.nameable("rename", to)); err != nil {
		return err
	}
	if from == to {
		return nil
	}
	_, err := detached(v, ctx, "rename", from, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, v.rename(ctx, from, to, noReplace)
	})
	return err
}

func (v *Volume) rename(ctx context.Context, from, to string, noReplace bool) (err error) {
	m, files, err := v.beginMove(ctx, from, to)
	if err != nil {
		return err
	}
	defer func() { v.endMove(m, err == nil) }()
	defer dropAll(files)
	from, to = m.from, m.to
	if noReplace {
		switch _, err := v.attr(ctx, to); {
		case err == nil:
			return refuse("rename", v.abs(to), ftpclient.KindExist)
		case ftpclient.KindOf(err) != ftpclient.KindNotExist:
			return err
		}
	}
	if err := v.unlikeOthers(ctx, "rename", from, to); err != nil {
		return err
	}
	if err := takeTurns(ctx, files); err != nil {
		return err
	}
	defer giveTurns(files)
	if err := v.renameRemote(ctx, from, to, files); err != nil {
		v.forget(from, to)
		return err
	}
	v.renamed(from, to)
	for _, f := range files {
		f.noteMove()
	}
	return nil
}

// renameRemote moves the path on the server, after a file was sent that the server
// does not have yet, or has under a temporary name. A directory that only the server
// takes for empty is not replaced.
func (v *Volume) renameRemote(ctx context.Context, from, to string, files []*File) error {
	if len(v.unsent(to)) > 0 {
		return refuse("rename", v.abs(to), ftpclient.KindNotEmpty)
	}
	for _, f := range files {
		switch {
		case f.path == from && f.isUnsent(), within(f.path, from) && f.aside():
			if err := f.commitNow(ctx); err != nil {
				return err
			}
		case f.path == to:
			if err := f.detach(ctx); err != nil {
				return err
			}
		}
	}
	err := v.remote.Rename(ctx, v.abs(from), v.abs(to))
	if replaceRefused(err) {
		return v.replaceByAside(ctx, from, to, err)
	}
	return err
}

// replaceRefused reports whether a server may have refused a rename because
// the target exists, or to make the file that is to be renamed.
func replaceRefused(err error) bool {
	var said *ftpclient.Error
	var begun *broken
	if errors.As(err, &begun) || !errors.As(err, &said) {
		return false // nobody has refused anything
	}
	switch said.Kind {
	case ftpclient.KindExist, ftpclient.KindPermission, ftpclient.KindInvalidName:
		return true
	}
	return said.Kind == ftpclient.KindUnknown && said.Code != 0
}

// replaceByAside renames onto a file for a server that does not: the old file
// is moved aside, and back if the new one cannot take its place. cause is
// returned where the target is not a file.
func (v *Volume) replaceByAside(ctx context.Context, from, to string, cause error) error {
	e, err := v.remote.Stat(ctx, v.abs(to))
	if err != nil || e.Type == ftpclient.TypeDir {
		return cause
	}
	aside := tempName(to)
	noted := v.note(nameRecord{Root: rawName(v.opts.Root), Aside: rawName(aside), To: rawName(to)})
	if err := v.remote.Rename(ctx, v.abs(to), v.abs(aside)); err != nil {
		if !ftpclient.Lost(err) {
			noted()
		}
		return cause
	}
	step("aside")
	if err := v.remote.Rename(ctx, v.abs(from), v.abs(to)); err != nil {
		if back := v.remote.Rename(ctx, v.abs(aside), v.abs(to)); back != nil {
			v.log.Error("a file could not be put back", "file", v.abs(to), "is at", v.abs(aside), "error", back)
			return errors.Join(err, back)
		}
		noted()
		return cause
	}
	err = v.remote.Delete(ctx, v.abs(aside))
	if err != nil {
		v.log.Warn("the old version of a replaced file could not be deleted", "file", v.abs(aside), "error", err)
	}
	if !ftpclient.Lost(err) {
		noted()
	}
	return nil
}

// renamed records that from is to now.
func (v *Volume) renamed(from, to string) {
	fromDir, fromName := split(from)
	toDir, toName := split(to)
	v.meta.move(from, to)
	v.made.drop(from)
	e, ok := v.meta.peek(fromDir, fromName)
	if ok {
		v.meta.put(toDir, toName, &e)
	} else {
		v.meta.drop(toDir)
	}
	v.meta.put(fromDir, fromName, nil)
	v.changesOf(from).Add(1)
	v.changesOf(to).Add(1)
	v.remnants.made(to)
	if ok && e.Type == ftpclient.TypeFile {
		v.blocks.move(from, to)
	} else {
		v.blocks.forgetTree(from)
		v.blocks.forgetTree(to)
	}
	v.moveFiles(from, to)
	v.moveHidden(from, to)
	v.later.forgetGone()
}

// forget drops the listings that hold the paths, after a failure that may have
// had an effect.
func (v *Volume) forget(paths ...string) {
	for _, p := range paths {
		dir, _ := split(p)
		v.meta.drop(dir)
	}
}
