package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ftpfs/ftpclient"
)

// their changes something behind the mount's back, by FTP or on the disk. What
// appears under a name, appears at once: it is moved there.
func (a *actor) their(names []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dir := pick(a, dirs)
	p := dir + "/" + pick(a, names)
	if a.rng.IntN(4) == 0 {
		p = dir + "/" + pick(a, shared)
		a.must(a.theirShared(ctx, p), "a change of "+p)
		return
	}
	switch v := a.has[p]; {
	case v.kind == 0 && a.rng.IntN(3) == 0:
		a.must(a.theirDir(ctx, p), "a directory at "+p)
	case v.kind == 0 || v.kind == 'f' && a.rng.IntN(3) == 0:
		a.must(a.theirFile(ctx, p), "a file at "+p)
	case a.rng.IntN(2) == 0:
		a.must(a.theirRemove(ctx, p), "the removal of "+p)
	default:
		to := pick(a, dirs) + "/" + pick(a, names)
		if a.has[to].kind == 0 {
			a.must(a.theirMove(ctx, p, to), "a rename of "+p+" to "+to)
		}
	}
}

func (a *actor) must(err error, what string) {
	if err != nil {
		a.w.wrongf("the other side: %s: %v", what, err)
	}
}

func (a *actor) theirs(p string, v value, s span) {
	a.has[p] = v
	a.w.h.add(p, change{s, v, false, true})
}

// move renames on the server.
func (a *actor) move(ctx context.Context, from, to string) (span, error) {
	s := a.w.server
	return a.w.timed(func() error {
		if a.rng.IntN(2) == 0 {
			return a.w.other.Rename(ctx, s.Path(from), s.Path(to))
		}
		return os.Rename(filepath.Join(s.Dir, from), filepath.Join(s.Dir, to))
	})
}

// staged puts a file where the mount is not looked at.
func (a *actor) staged(ctx context.Context, id int) (string, error) {
	s, p := a.w.server, fmt.Sprintf("staging/%d", id)
	if a.rng.IntN(2) == 0 {
		_, err := a.w.other.Store(ctx, s.Path(p), bytes.NewReader(content(id)), ftpclient.StoreOptions{})
		return p, err
	}
	name := filepath.Join(s.Dir, p)
	return p, errors.Join(os.WriteFile(name, content(id), 0o644), os.Chown(name, s.UID, s.GID))
}

func (a *actor) theirFile(ctx context.Context, p string) error {
	v := value{'f', a.w.nextID()}
	from, err := a.staged(ctx, v.id)
	if err != nil {
		return err
	}
	s, err := a.move(ctx, from, p)
	if err == nil {
		a.theirs(p, v, s)
	}
	return err
}

// theirDir makes a directory with content.
func (a *actor) theirDir(ctx context.Context, p string) error {
	s, from := a.w.server, fmt.Sprintf("staging/dir%d", a.w.nextID())
	name := filepath.Join(s.Dir, from)
	err := errors.Join(os.Mkdir(name, 0o755), os.Chown(name, s.UID, s.GID))
	for _, in := range inside {
		err = errors.Join(err, os.WriteFile(filepath.Join(name, in), nil, 0o644))
	}
	if err != nil {
		return err
	}
	when, err := a.move(ctx, from, p)
	if err == nil {
		a.theirs(p, value{kind: 'd'}, when)
	}
	return err
}

func (a *actor) theirMove(ctx context.Context, p, to string) error {
	v := a.has[p]
	when, err := a.move(ctx, p, to)
	if err == nil {
		a.theirs(p, value{}, when)
		a.theirs(to, v, when)
	}
	return err
}

// theirRemove removes a file, and puts a directory where nobody looks.
func (a *actor) theirRemove(ctx context.Context, p string) error {
	s := a.w.server
	var when span
	var err error
	switch {
	case a.has[p].kind == 'd':
		when, err = a.move(ctx, p, fmt.Sprintf("staging/gone%d", a.w.nextID()))
	case a.rng.IntN(2) == 0:
		when, err = a.w.timed(func() error { return a.w.other.Delete(ctx, s.Path(p)) })
	default:
		when, err = a.w.timed(func() error { return os.Remove(filepath.Join(s.Dir, p)) })
	}
	if err == nil {
		a.theirs(p, value{}, when)
	}
	return err
}

// theirShared changes a name that the mount changes, too.
func (a *actor) theirShared(ctx context.Context, p string) error {
	if a.rng.IntN(3) > 0 {
		return a.theirFile(ctx, p)
	}
	when, err := a.w.timed(func() error { return os.Remove(filepath.Join(a.w.server.Dir, p)) })
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	a.theirs(p, value{}, when)
	return nil
}

// connect logs the other client in.
func (w *world) connect(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	home, err := w.other.Connect(ctx)
	if err == nil && home != w.server.Root {
		err = fmt.Errorf("the other side is in %q", home)
	}
	return err
}
