package ftpclient

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// look makes the experiments that change nothing.
func (p *prober) look(ctx context.Context) {
	for _, e := range []experiment{
		{[]string{factListAll.name, valueHidden, valueLinks}, idempotent, p.listings},
		{[]string{"a file to look at"}, idempotent, p.findSample},
		{[]string{factSize.name, factMDTM.name, valueZone, valueMDTMZone}, idempotent, p.sizeAndTime},
		{[]string{factPipelining.name}, idempotent, p.pipelining},
		{[]string{factStatList.name}, idempotent, p.provesStat},
		{[]string{factDataAhead.name}, idempotent, p.dataAhead},
		{[]string{factCaseFold.name}, idempotent, p.caseFold},
		{[]string{factGlobs.name}, idempotent, p.globs},
		{[]string{factRest.name}, idempotent, p.rest},
	} {
		p.try(ctx, e)
	}
	p.restReads(ctx)
}

// listings lists the directory in each of the server's ways and compares.
func (p *prober) listings(ctx context.Context, cn *conn) error {
	p.names = make(map[string]Entry)
	mlst := cn.srv.snapshot().MLST
	if mlst {
		l, err := cn.mlsd(ctx, p.dir)
		if err != nil {
			return err
		}
		for _, e := range l.Entries {
			p.names[e.Name] = e
		}
	}
	rows, err := cn.listRows(ctx, p.dir, nil)
	if err != nil {
		return err
	}
	p.links(rows.Entries, mlst)
	p.listed = rows
	for _, e := range rows.Entries {
		if _, seen := p.names[e.Name]; !seen {
			p.names[e.Name] = e
		}
	}
	return nil
}

// links notes what LIST shows of symbolic links, and MLSD does not.
func (p *prober) links(rows []Entry, mlst bool) {
	var links, targets int
	var hidden string
	for _, e := range rows {
		if e.Type != TypeSymlink {
			continue
		}
		links++
		if e.Target != "" {
			targets++
		}
		if _, seen := p.names[e.Name]; mlst && !seen {
			hidden = e.Name
		}
	}
	p.why[valueLinks] = "there is none to see"
	if links > 0 {
		p.found(valueLinks, "shown", fmt.Sprintf("LIST has %d, %d with a target", links, targets))
	}
	p.hides(hidden)
}

// hides notes whether MLSD leaves links out that LIST has.
func (p *prober) hides(link string) {
	switch {
	case link != "":
		p.found(valueHidden, Yes.String(), "LIST has the link "+quote(clip(link))+", MLSD has not")
	case p.c.srv.has(quirkHidesBrokenLinks):
		p.found(valueHidden, Yes.String(), "known of this server by its greeting or features")
	case !p.c.srv.snapshot().MLST:
		p.why[valueHidden] = "there is no MLSD"
	default:
		p.why[valueHidden] = "there is no such link to see"
	}
}

// findSample finds a file that experiments can read: in the directory, else in
// the first few below it.
func (p *prober) findSample(ctx context.Context, cn *conn) error {
	if p.pickSample(p.dir, p.names) {
		return nil
	}
	const most = 3
	tried := 0
	for name, e := range p.names {
		if e.Type != TypeDir || tried == most {
			continue
		}
		tried++
		dir := joinPath(p.dir, name)
		l, err := cn.list(ctx, dir, nil)
		if err != nil {
			if isRefusal(err) {
				continue
			}
			return err
		}
		below := make(map[string]Entry)
		for _, e := range l.Entries {
			below[e.Name] = e
		}
		if p.pickSample(dir, below) {
			return nil
		}
	}
	return nil
}

// pickSample prefers small files with letters in their names.
func (p *prober) pickSample(dir string, names map[string]Entry) bool {
	found := false
	for name, e := range names {
		if e.Type != TypeFile || e.Size < 2 || swapCase(name) == name || strings.ContainsAny(name, `*?[]{}\"`) {
			continue
		}
		if !found || betterSample(e, p.best) {
			found, p.best = true, e
			p.sample, p.beside = joinPath(dir, name), names
		}
	}
	return found
}

// betterSample prefers names that patterns tell from most others, and then
// small files.
func betterSample(a, b Entry) bool {
	plain := func(e Entry) bool { return len(e.Name) > 2 && e.Name[0] != '.' }
	switch {
	case plain(a) != plain(b):
		return plain(a)
	case a.Size != b.Size:
		return a.Size < b.Size
	}
	return a.Name < b.Name
}

// provesStat has the client compare STAT with what the data connections brought.
func (p *prober) provesStat(_ context.Context, cn *conn) error {
	s := cn.srv
	for range 2 { // to differ once proves nothing
		cn.proveStat(p.dir, p.listed)
	}
	switch {
	case s.support(factStatList) != Untried:
		return nil
	case s.support(factPipelining) != Yes:
		p.why[factStatList.name] = "needs a server that answers several commands of one write"
	case len(p.listed.Entries) == 0 || len(p.listed.Entries) > proofMost || !p.listed.Complete():
		p.why[factStatList.name] = fmt.Sprintf("needs a directory of 1 to %d entries, all with names that FTP can send", proofMost)
	case cn.broken != nil:
		err := cn.ioError("STAT", cn.broken)
		if isKind(err, KindTimeout) && cn.interrupted() == nil {
			s.learn(factStatList, No, "CWD and STAT in one write: "+err.Error())
			return nil // the time that a probe has is for other things
		}
		return err
	}
	return nil
}

// statRows reads the rows of a reply to STAT. Some servers begin each with the
// code, as in the first line.
func statRows(r reply) *Listing {
	lr := listReader{rows: &rowReader{now: time.Now()}}
	if len(r.lines) > 2 {
		code := fmt.Sprintf("%d-", r.code)
		for _, line := range r.lines[1 : len(r.lines)-1] {
			lr.line([]byte(strings.TrimPrefix(strings.TrimPrefix(line, code), " ")), "")
		}
	}
	return lr.result()
}

// cmpError is the error of a command that was to succeed.
func cmpError(err error, r reply) error {
	if err != nil {
		return err
	}
	return replyError(firstWord(r.to), "", r)
}
