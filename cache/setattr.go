package cache

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"ftpfs/ftpclient"
)

// SetAttr changes attributes. Times and modes that the server has no means
// to set are ignored, once with a line in the log, unless Options.ReportAttrs.
func (v *Volume) SetAttr(ctx context.Context, p string, c Change) (Attr, error) {
	if err := v.writable("setattr", p); err != nil {
		return Attr{}, err
	}
	p, err := v.settle(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	if c.Size != nil {
		if err := v.truncate(ctx, p, *c.Size); err != nil {
			return Attr{}, err
		}
		c.Size = nil
	}
	if c == (Change{}) || p == "" {
		return v.Stat(ctx, p)
	}
	if f := v.grab(p); f != nil {
		defer f.drop()
		if err := f.setAttr(ctx, c); err != nil {
			return Attr{}, err
		}
		return v.Stat(ctx, p)
	}
	a, err := v.Stat(ctx, p)
	if err != nil {
		return Attr{}, err
	}
	_, err = detached(v, ctx, "setattr", p, func(ctx context.Context) (applied, error) {
		set, err := v.setRemote(ctx, p, c, a.Type == ftpclient.TypeDir)
		v.record(p, set)
		return set, v.reported(set, err)
	})
	if err != nil {
		return Attr{}, err
	}
	return v.Stat(ctx, p)
}

// truncate sets the size of a file that need not be open.
func (v *Volume) truncate(ctx context.Context, p string, size int64) error {
	h, err := v.Open(ctx, p, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer h.Release()
	if _, err := h.SetAttr(ctx, Change{Size: &size}); err != nil {
		return err
	}
	return h.Flush(ctx)
}

// applied are the attributes that a server has taken; missing is its word on those
// that it cannot set.
type applied struct {
	mode    *uint32
	time    *time.Time
	missing error
}

// reported is the error of a change of attributes of which err is what failed.
func (v *Volume) reported(a applied, err error) error {
	if err == nil && v.opts.ReportAttrs {
		return a.missing
	}
	return err
}

// setRemote sets mode and time of path on the server. What the server has no
// command for is left as it is, and so is what it denies without ever having
// allowed it, as vsftpd does with modes for anonymous users: cp -p, tar and
// rsync -a must end well there.
func (v *Volume) setRemote(ctx context.Context, p string, c Change, isDir bool) (applied, error) {
	var a applied
	var errs []error
	if c.Mode != nil {
		mode := *c.Mode & 0o7777
		switch err := v.remote.Chmod(ctx, v.abs(p), mode); {
		case err == nil:
			a.mode = &mode
			v.setsModes.Store(true)
		case cannot(err, &v.setsModes):
			a.missing = err
			v.once("the server cannot set modes; they stay as they are", "error", err)
		default:
			errs = append(errs, err)
		}
	}
	if c.ModTime != nil {
		t := c.ModTime.UTC().Truncate(time.Second)
		switch err := v.remote.SetModTime(ctx, v.abs(p), t, isDir); {
		case err == nil:
			a.time = &t
			v.setsTimes.Store(true)
		case cannot(err, &v.setsTimes):
			what := "files"
			if isDir {
				what = "directories"
			}
			a.missing = err
			v.once("the server cannot set the times of "+what+"; they stay as they are", "error", err)
		default:
			errs = append(errs, err)
		}
	}
	return a, errors.Join(errs...)
}

// cannot reports whether err tells that the server never sets an attribute,
// rather than not this one.
func cannot(err error, done *atomic.Bool) bool {
	k := ftpclient.KindOf(err)
	return k == ftpclient.KindUnsupported || k == ftpclient.KindPermission && !done.Load()
}

// record puts what a server has taken into the listing.
func (v *Volume) record(p string, a applied) {
	if a.mode == nil && a.time == nil {
		return
	}
	dir, name := split(p)
	v.meta.update(dir, name, func(e *ftpclient.Entry) {
		if a.mode != nil {
			e.Mode, e.HasMode = *a.mode, true
		}
		if a.time != nil {
			e.ModTime, e.Precision = *a.time, time.Second
		}
	})
}
