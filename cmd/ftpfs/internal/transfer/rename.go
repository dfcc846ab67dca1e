package transfer

import (
	"context"
	"errors"
	"path"

	"ftpfs/ftpclient"
)

// rename gives what is at from the name to. replaces tells that a file is at to. A
// server that renames onto no file has that one moved aside first, and back if the
// new one does not get there.
func rename(ctx context.Context, c *ftpclient.Client, from, to string, replaces bool) error {
	err := error(&ftpclient.Error{Op: "RNTO", Path: to, Kind: ftpclient.KindExist})
	if !replaces || c.Features().RenameOver != ftpclient.No {
		err = c.Rename(ctx, from, to)
	}
	if err == nil || !replaces || !refused(err) || ctx.Err() != nil {
		return err
	}
	aside := partName(to, ftpclient.Entry{Size: -1})
	if c.Rename(ctx, to, aside) != nil {
		return err // as the server has said first
	}
	if again := c.Rename(ctx, from, to); again != nil {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		if lost := c.Rename(back, aside, to); lost != nil {
			return errors.Join(again, errors.New("the old file is now "+aside), lost)
		}
		return again
	}
	return c.Delete(ctx, aside)
}

// Move gives files and directories other names on their server. Into a directory that
// is there, or that is meant to be one, they go by their own names. A file that is
// there is replaced, a directory is not. The error is one of the place.
func Move(ctx context.Context, c *ftpclient.Client, from []Match, to Place) (r Result, err error) {
	dir, name, err := serverPlace(ctx, c, from, to)
	if err != nil {
		return r, err
	}
	for _, m := range from {
		if ctx.Err() != nil {
			break
		}
		as := name
		if as == "" {
			as = path.Base(m.Path)
		}
		target := path.Join(dir, as)
		old, there, err := lookAt(ctx, c, target)
		if err == nil && there && old.Type == ftpclient.TypeDir {
			err = &ftpclient.Error{Op: "RNTO", Path: target, Kind: ftpclient.KindIsDir, Err: errors.New("a directory of that name is there")}
		}
		if err == nil {
			err = rename(ctx, c, m.Path, target, there)
		}
		if err != nil {
			r.Failures = append(r.Failures, Failure{m.Path, err})
			continue
		}
		r.Files++
	}
	r.Interrupted = ctx.Err() != nil
	return r, nil
}

// MakeDir makes a directory and, with parents, those above it that are missing; then
// it is no failure that it is there.
func MakeDir(ctx context.Context, c *ftpclient.Client, p string, parents bool) error {
	err := c.Mkdir(ctx, p)
	if err == nil || !parents || p == "/" {
		return err
	}
	if e, there, lookErr := lookAt(ctx, c, p); lookErr == nil && there {
		if e.Type == ftpclient.TypeDir {
			return nil
		}
		return err
	}
	above := path.Dir(p)
	if _, there, lookErr := lookAt(ctx, c, above); lookErr != nil || there {
		return err // it is not for want of a parent
	}
	if aboveErr := MakeDir(ctx, c, above, true); aboveErr != nil {
		return aboveErr
	}
	return c.Mkdir(ctx, p)
}

// refused reports whether a server has refused to rename onto a file, which can
// have more reasons than that there is one.
func refused(err error) bool {
	var e *ftpclient.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case ftpclient.KindExist, ftpclient.KindPermission, ftpclient.KindInvalidName:
		return true
	}
	return e.Kind == ftpclient.KindUnknown && e.Code != 0
}
