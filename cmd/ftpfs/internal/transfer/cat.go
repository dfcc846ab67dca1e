package transfer

import (
	"context"
	"io"
	"time"

	"ftpfs/ftpclient"
)

// Cat writes files to w, one after the other. A lost connection does not end it:
// the file goes on where it was, if it is still the same. The error is w's.
func Cat(ctx context.Context, c *ftpclient.Client, from []Match, w io.Writer, o Options) (r Result, err error) {
	o = o.withDefaults()
	src := &serverSource{c: c, o: o}
	out, pace := &remembers{w: w}, limiter(o.Rate)
	for _, m := range from {
		if ctx.Err() != nil {
			break
		}
		fail := func(err error) { r.Failures = append(r.Failures, Failure{m.Path, err}) }
		if m.Entry.Type == ftpclient.TypeDir {
			fail(errNoCat)
			continue
		}
		a := &attempt{item: item{from: m.Path, entry: m.Entry}, meter: &lateMeter{report: o.Report, name: m.Path, size: m.Entry.Size}, pace: pace}
		o.Report.Found(1, max(0, m.Entry.Size))
		err := catOne(ctx, src, a, out)
		a.meter.End(err)
		r.Octets += a.moved
		switch {
		case out.err != nil:
			return r, out.err
		case err == nil:
			r.Files++
		case ctx.Err() == nil:
			fail(err)
		}
	}
	r.Interrupted = ctx.Err() != nil
	return r, nil
}

// catOne writes one file, in as many parts as its connection is lost.
func catOne(ctx context.Context, src *serverSource, a *attempt, w io.Writer) (err error) {
	for n := 0; n < tries; n++ {
		if n > 0 && (!ftpclient.Lost(err) || src.o.ASCII || !wait(ctx, time.Duration(n)*pause)) {
			return err
		}
		var c content
		if c, err = src.open(ctx, a.item, a.moved); err != nil {
			continue
		}
		switch {
		case a.moved == 0:
			a.begun = c.version()
		case !sameVersion(c.version(), a.begun):
			c.Close()
			return ErrChanged
		}
		var r io.Reader = counted{ctx, c, a}
		if src.o.ASCII {
			r = &fromNet{r: r}
		}
		_, err = copyAll(w, r)
		c.Close()
		if err == nil {
			return nil
		}
	}
	return err
}

// remembers keeps the error of a writer, to be told from the reader's.
type remembers struct {
	w   io.Writer
	err error
}

func (m *remembers) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	if err != nil {
		m.err = err
	}
	return n, err
}
