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
	rows, err := cn.listRows(ctx, parentDir(p.sample), nil)
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
	d, err := p.c.Retrieve(ctx, path, RetrieveOptions{Offset: offset})
	if err != nil {
		return "", err
	}
	defer d.Close()
	b, err := io.ReadAll(io.LimitReader(d, sampleMost+1))
	return string(b), err
}
