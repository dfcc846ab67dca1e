package ftpclient

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// sampleMost is the size of the largest file that is read as a whole.
const sampleMost = 1 << 20

// look makes the experiments that change nothing.
func (p *prober) look(ctx context.Context) {
	for _, e := range []experiment{
		{[]string{factListAll.name, valueHidden, valueLinks}, idempotent, p.listings},
		{[]string{"a file to look at"}, idempotent, p.findSample},
		{[]string{factStatList.name}, idempotent, p.statList},
		{[]string{factSize.name, factMDTM.name, valueZone, valueMDTMZone}, idempotent, p.sizeAndTime},
		{[]string{factPipelining.name}, idempotent, p.pipelining},
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
	rows, err := cn.listRows(ctx, p.dir)
	if err != nil {
		return err
	}
	var links, targets int
	var hidden string
	for _, e := range rows.Entries {
		_, seen := p.names[e.Name]
		if e.Type == TypeSymlink {
			links++
			if e.Target != "" {
				targets++
			}
			if mlst && !seen {
				hidden = e.Name
			}
		}
		if !seen {
			p.names[e.Name] = e
		}
	}
	if links > 0 {
		p.found(valueLinks, "shown", fmt.Sprintf("LIST has %d, %d with a target", links, targets))
	}
	p.why[valueLinks] = "there is none to see"
	p.hides(hidden)
	return nil
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
		l, err := cn.list(ctx, dir)
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

// statList compares what STAT lists with what the data connection brought.
func (p *prober) statList(_ context.Context, cn *conn) error {
	if r, err := cn.cmd("CWD", p.dir); err != nil || !r.completed() {
		return cmpError(err, r)
	}
	r, err := cn.cmd("STAT", "-a")
	if err != nil {
		return err
	}
	if !r.completed() {
		if r.permanent() {
			cn.srv.learn(factStatList, No, r.evidence())
		}
		return nil
	}
	l := statRows(r)
	got := make(map[string]bool)
	dots := l.dots
	for _, e := range l.Entries {
		got[e.Name] = true
		dots = dots || strings.HasPrefix(e.Name, ".")
		if want := p.names[e.Name]; want.Type == TypeFile && want.Size >= 0 && e.Size != want.Size {
			cn.srv.learn(factStatList, No, fmt.Sprintf("STAT -a: %s has %d octets, not %d", quote(clip(e.Name)), e.Size, want.Size))
			return nil
		}
	}
	for name := range p.names {
		if !got[name] {
			cn.srv.learn(factStatList, No, fmt.Sprintf("STAT -a → %d, without %s", r.code, quote(clip(name))))
			return nil
		}
	}
	if !dots {
		p.why[factStatList.name] = "STAT -a lists the same, but there is no name with a dot to see"
		return nil
	}
	cn.srv.learn(factStatList, Yes, fmt.Sprintf("STAT -a → %d, the same %d names", r.code, len(got)))
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

// sizeAndTime asks SIZE and MDTM of the sample, and in which zone LIST is.
func (p *prober) sizeAndTime(ctx context.Context, cn *conn) error {
	if p.sample == "" {
		p.without(factSize.name, factMDTM.name, valueZone, valueMDTMZone)
		return nil
	}
	r, err := cn.cmd("SIZE", p.sample)
	if err != nil {
		return err
	}
	if n, ok := sizeReply(r); ok || r.notImplemented() {
		cn.srv.learnFrom(factSize, r)
		if ok && n != p.best.Size && p.best.Size >= 0 {
			p.report.Problems = append(p.report.Problems, fmt.Sprintf("SIZE: %d, the listing has %d", n, p.best.Size))
		}
	}
	if r, err = cn.cmd("MDTM", p.sample); err != nil {
		return err
	}
	exact, ok := timeReply(r)
	if ok || r.notImplemented() {
		cn.srv.learnFrom(factMDTM, r)
	}
	if !ok {
		p.why[valueZone] = "needs MDTM to compare with"
		p.why[valueMDTMZone] = p.why[valueZone]
		return nil
	}
	p.mdtmZone(exact, r)
	return p.listZone(ctx, cn, exact, r)
}

// listZone compares the time that LIST shows of the sample with that of MDTM.
func (p *prober) listZone(ctx context.Context, cn *conn, exact time.Time, r reply) error {
	rows, err := cn.listRows(ctx, parentDir(p.sample))
	if err != nil {
		return err
	}
	for _, e := range rows.Entries {
		if e.Name != baseName(p.sample) || e.Precision != time.Minute {
			continue
		}
		off := e.ModTime.Sub(exact.Truncate(time.Minute)).Round(zoneStep)
		if off.Abs() <= zoneFarthest {
			p.found(valueZone, zoneName(off), fmt.Sprintf("LIST: %s; %s", e.ModTime.Format("2006-01-02 15:04"), r.evidence()))
			return nil
		}
	}
	p.why[valueZone] = "LIST shows no hour of " + quote(clip(p.sample))
	return nil
}

// mdtmZone compares the time of a file that was just made with our own clock.
func (p *prober) mdtmZone(exact time.Time, r reply) {
	if p.made[p.sample] != TypeFile {
		p.why[valueMDTMZone] = NeedsWrite
		return
	}
	if off := time.Until(exact).Round(zoneStep); off.Abs() <= zoneFarthest {
		p.found(valueMDTMZone, zoneName(off), r.evidence())
		return
	}
	p.why[valueMDTMZone] = "the server's clock is wrong: " + r.evidence()
}

func zoneName(off time.Duration) string {
	if off == 0 {
		return "UTC"
	}
	return time.Time{}.In(time.FixedZone("", int(off/time.Second))).Format("UTC-07:00")
}

// without says that facts need a file, and there is none.
func (p *prober) without(names ...string) {
	for _, name := range names {
		p.why[name] = "no file was found to try it on"
	}
}

// rest asks for REST alone.
func (p *prober) rest(_ context.Context, cn *conn) error {
	if _, err := cn.rest(&restart{offset: 1, optional: true}); err != nil {
		return err
	}
	_, err := cn.cmd("REST", "0") // or the next transfer would begin at 1
	return err
}

// restReads reads the end of the sample, and compares where it is small.
func (p *prober) restReads(ctx context.Context) {
	if p.sample == "" || p.c.srv.support(factRest) != Yes {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.o.Step)
	defer cancel()
	tail, err := p.read(ctx, p.sample, p.best.Size-1)
	if err == nil && len(tail) != 1 {
		p.c.srv.learn(factRest, No, fmt.Sprintf("REST %d is accepted, but RETR sends %d of %d octets", p.best.Size-1, len(tail), p.best.Size))
		return
	}
	whole := tail
	if err == nil && p.best.Size <= sampleMost {
		whole, err = p.read(ctx, p.sample, 0)
	}
	if err != nil {
		p.report.Problems = append(p.report.Problems, "reading "+quote(clip(p.sample))+": "+said(err))
		return
	}
	if !strings.HasSuffix(whole, tail) {
		p.c.srv.learn(factRest, No, "REST is accepted, but RETR sends other octets")
	}
}

// read reads a file from an offset, a little more than a sample at most.
func (p *prober) read(ctx context.Context, path string, offset int64) (string, error) {
	d, err := p.c.Retrieve(ctx, path, offset)
	if err != nil {
		return "", err
	}
	defer d.Close()
	b, err := io.ReadAll(io.LimitReader(d, sampleMost+1))
	return string(b), err
}
