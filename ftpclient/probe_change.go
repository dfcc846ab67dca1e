package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// change makes the experiments that change the scratch directory.
func (p *prober) change(ctx context.Context) {
	p.write(ctx, []string{factAppend.name}, p.tryAppend)
	p.write(ctx, []string{factRestStore.name, factRestTail.name}, p.tryRestStore)
	p.write(ctx, []string{valuePastEnd}, p.tryPastEnd)
	p.write(ctx, []string{factRenameOver.name, valueOverDir}, p.tryRename)
	p.write(ctx, []string{factSiteChmod.name, valueMFF}, p.tryModes)
	p.write(ctx, []string{factMFMT.name, factMDTMSet.name, factSiteUtime.name}, p.tryTimes)
	p.write(ctx, []string{factSiteSymlink.name, valueHidden}, p.trySymlink)
	p.write(ctx, oddLabels(), p.tryNames)
	p.write(ctx, []string{valueAborted}, p.tryBrokenOff)
}

// file makes a file of the scratch directory with sampleText in it.
func (p *prober) file(ctx context.Context, name string) (path string, err error) {
	path = joinPath(p.scratch, name)
	return path, p.store(ctx, path, sampleText, StoreOptions{})
}

// missing learns from an error whether the server lacks a command; any other
// error is returned.
func (p *prober) missing(k fact, err error) error {
	var e *Error
	if errors.As(err, &e) && (reply{code: e.Code}).notImplemented() {
		p.c.srv.learn(k, No, said(err))
		return nil
	}
	return err
}

// rename sends RNFR and RNTO and returns the last reply.
func (p *prober) rename(ctx context.Context, from, to string) (r reply, err error) {
	p.made[to] = p.made[from]
	err = p.c.do(ctx, "RNTO", to, atMostOnce, func(_ context.Context, cn *conn) error {
		if r, err = cn.cmd("RNFR", from); err != nil || !r.intermediate() {
			return err
		}
		r, err = cn.cmd("RNTO", to)
		return err
	})
	return r, err
}

// tryRename renames to a free name first: where that is refused, nothing can
// be said of others.
func (p *prober) tryRename(ctx context.Context) error {
	from, err := p.file(ctx, "rename.from")
	if err != nil {
		return err
	}
	free, taken := joinPath(p.scratch, "rename.free"), joinPath(p.scratch, "rename.taken")
	r, err := p.rename(ctx, from, free)
	if err != nil || !r.completed() {
		return cmpError(err, r)
	}
	if err = p.store(ctx, taken, "old", StoreOptions{}); err != nil {
		return err
	}
	if r, err = p.rename(ctx, free, taken); err != nil {
		return err
	}
	content, err := p.read(ctx, taken, 0)
	switch {
	case err != nil:
		return err
	case r.completed() && content == sampleText:
		p.c.srv.learn(factRenameOver, Yes, r.evidence())
	case !r.completed() && content == "old":
		p.c.srv.learn(factRenameOver, No, r.evidence())
	default:
		p.why[factRenameOver.name] = r.evidence() + ", the file is then " + quote(clip(content))
	}
	return p.tryRenameDir(ctx)
}

func (p *prober) tryRenameDir(ctx context.Context) error {
	from, to := joinPath(p.scratch, "dir.from"), joinPath(p.scratch, "dir.to")
	for _, dir := range []string{from, to} {
		if err := p.mkdir(ctx, dir); err != nil {
			return err
		}
	}
	r, err := p.rename(ctx, from, to)
	if err != nil {
		return err
	}
	value := "refused"
	if r.completed() {
		value = "replaced"
	}
	p.found(valueOverDir, value, r.evidence())
	return nil
}

func (p *prober) tryModes(ctx context.Context) error {
	path, err := p.file(ctx, "mode")
	if err != nil {
		return err
	}
	return p.c.do(ctx, "SITE CHMOD", path, idempotent, func(_ context.Context, cn *conn) error {
		r, err := cn.cmd("SITE CHMOD", "0640 "+path)
		if err != nil {
			return err
		}
		if r.completed() || r.notImplemented() {
			cn.srv.learnFrom(factSiteChmod, r)
		} else {
			p.why[factSiteChmod.name] = r.evidence()
		}
		if !cn.srv.changesModes() {
			p.found(valueMFF, No.String(), "FEAT has no MFF of UNIX.mode")
			return nil
		}
		if r, err = cn.cmd("MFF", "UNIX.mode=0600; "+path); err != nil {
			return err
		}
		p.found(valueMFF, yesIf(r.completed()).String(), r.evidence())
		return nil
	})
}

// tryTimes sets a time in each way, and asks for it.
func (p *prober) tryTimes(ctx context.Context) error {
	for i, way := range []struct {
		verb string
		fact fact
	}{{"MFMT", factMFMT}, {"MDTM", factMDTMSet}, {"SITE UTIME", factSiteUtime}} {
		want := time.Date(2001, 2, 3, 4, 5, i, 0, time.UTC)
		path, err := p.file(ctx, "time")
		if err != nil {
			return err
		}
		err = p.c.do(ctx, way.verb, path, idempotent, func(ctx context.Context, cn *conn) error {
			return p.tryTime(ctx, cn, way.verb, way.fact, path, want)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *prober) tryTime(ctx context.Context, cn *conn, verb string, k fact, path string, want time.Time) error {
	stamp := want.Format("20060102150405")
	r, err := cn.cmd(verb, stamp+" "+path)
	if err == nil && verb == "SITE UTIME" && r.code == 501 { // quirkUtimeForm
		r, err = cn.cmd(verb, fmt.Sprintf("%s %s %s %s UTC", path, stamp, stamp, stamp))
	}
	if err != nil {
		return err
	}
	switch {
	case r.notImplemented() || verb == "MDTM" && r.permanent(): // quirkMDTMSet: the file is there
		cn.srv.learn(k, No, r.evidence())
		return nil
	case !r.completed():
		p.why[k.name] = r.evidence()
		return nil
	}
	e, err := cn.lstat(ctx, path)
	if err == nil && e.Precision > time.Second {
		err = cn.dateFile(path, &e)
	}
	if err != nil {
		return err
	}
	if e.Precision == time.Second && !e.ModTime.Equal(want) {
		cn.srv.learn(k, No, r.evidence()+", and the time is "+e.ModTime.Format(time.DateTime))
		return nil
	}
	cn.srv.learn(k, Yes, r.evidence())
	return nil
}

// trySymlink makes a link, and breaks it to see who shows it.
func (p *prober) trySymlink(ctx context.Context) error {
	target, err := p.file(ctx, "link.target")
	if err != nil {
		return err
	}
	link := joinPath(p.scratch, "link")
	p.made[link] = TypeSymlink
	if err = p.c.Symlink(ctx, baseName(target), link); err != nil {
		if p.c.srv.support(factSiteSymlink) == No {
			return nil
		}
		return p.missing(factSiteSymlink, err)
	}
	if shown, err := p.c.Readlink(ctx, link); err == nil {
		p.found(valueLinks, "shown", "LIST has the link made by SITE SYMLINK, to "+quote(clip(shown)))
	}
	if !p.c.Features().MLST {
		return nil
	}
	if err = p.c.Delete(ctx, target); err != nil {
		return err
	}
	return p.c.do(ctx, "MLSD", p.scratch, idempotent, func(ctx context.Context, cn *conn) error {
		l, err := cn.mlsd(ctx, p.scratch)
		if err != nil {
			return err
		}
		hidden := !slices.ContainsFunc(l.Entries, func(e Entry) bool { return e.Name == baseName(link) })
		p.found(valueHidden, yesIf(hidden).String(), "MLSD after the target of the link was deleted")
		return nil
	})
}
