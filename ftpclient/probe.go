package ftpclient

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// ProbeOptions say what Probe may do. The zero value of each field means its
// default.
type ProbeOptions struct {
	// Dir is the directory that is looked at, an absolute server path; default
	// the one after login.
	Dir string
	// Write is a directory in which Probe may make a directory of its own, to
	// try what changes the server. Empty: nothing is changed.
	Write string

	Step    time.Duration // one experiment, default 6 s
	Timeout time.Duration // all of them, default 60 s
}

// Report is what Probe found out. Its texts are printable.
type Report struct {
	Server Identity     `json:"server"`
	Facts  []ReportFact `json:"facts"` // always the same ones in the same order
	// Plan is what the Client does because of them.
	Plan []Intention `json:"plan"`
	// Problems are experiments that came to no end, and why.
	Problems []string `json:"problems,omitempty"`
	// Left are paths that Probe made and could not remove.
	Left []string `json:"left,omitempty"`
	// Took is how long it took, in milliseconds.
	Took int64 `json:"took_ms"`
}

// Identity is how a server presents itself.
type Identity struct {
	Address  string   `json:"address"`
	Greeting []string `json:"greeting"`
	System   string   `json:"system"` // SYST
	Status   []string `json:"status,omitempty"`
	Features []string `json:"features,omitempty"` // FEAT
	Help     []string `json:"help,omitempty"`     // where there is no FEAT
	Home     string   `json:"home"`
	Dir      string   `json:"dir"`           // that was looked at
	TLS      string   `json:"tls,omitempty"` // version and cipher suite
}

// ReportFact is a Fact and the subject it belongs to.
type ReportFact struct {
	Group string `json:"group"`
	Fact
}

// NeedsWrite is the evidence of facts that are not tried without
// ProbeOptions.Write.
const NeedsWrite = "not tried: needs a directory to write in"

// sweepTimeout bounds the removal of what Probe made, which it does not give up
// when its context ends.
const sweepTimeout = 20 * time.Second

// Probe finds out what the server is and can, by experiments. Those that
// change nothing are always made; the others only in a directory of their own
// below ProbeOptions.Write, which is removed again, also when ctx ends. What is
// learned is learned for the Client too. Nothing else should use the Client
// meanwhile: for a moment Probe has all of Options.Connections.
//
// Each experiment has a deadline and fails alone: the fact stays untried, and
// Report.Problems says why. An error means that there was no connection at all,
// or that ctx ended, in which case the Report has what was found until then.
func (c *Client) Probe(ctx context.Context, o ProbeOptions) (*Report, error) {
	for _, dir := range []string{o.Dir, o.Write} {
		if dir != "" {
			if err := checkPath("probe", dir); err != nil {
				return nil, err
			}
		}
	}
	start := time.Now()
	o.Step, o.Timeout = cmp.Or(o.Step, 6*time.Second), cmp.Or(o.Timeout, 60*time.Second)
	whole, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	home, err := c.Connect(whole)
	if err != nil {
		return nil, err
	}
	p := &prober{c: c, o: o, values: map[string]Fact{}, why: map[string]string{}, listed: new(Listing), dir: cmp.Or(o.Dir, home)}
	p.report.Server.Dir = quoteText(p.dir)
	p.run(whole)
	p.finish()
	p.report.Took = time.Since(start).Milliseconds()
	if err := ctx.Err(); err != nil {
		return &p.report, &Error{Op: "probe", Kind: kindOfIO(err), Err: err}
	}
	return &p.report, nil
}

// prober is a Probe under way.
type prober struct {
	c      *Client
	o      ProbeOptions
	report Report

	values map[string]Fact   // facts that are no Support
	why    map[string]string // why a fact is untried

	dir    string           // where experiments look, the scratch directory if there is one
	names  map[string]Entry // what was seen there
	listed *Listing         // what LIST showed of it
	sample string           // path of a file there, or below; empty: none was found
	best   Entry            // what is listed of it
	beside map[string]Entry // what is in its directory

	scratch string          // the directory of our own, once it was asked for
	made    map[string]Type // paths in it that were asked for
}

// experiment is one step: what it is about, and how it is done.
type experiment struct {
	facts []string // names of the facts that it is to teach
	rep   repeat
	run   func(ctx context.Context, cn *conn) error
}

// run makes all experiments.
func (p *prober) run(ctx context.Context) {
	p.describe(ctx)
	if p.o.Write != "" {
		p.try(ctx, experiment{[]string{valueLinks, valueHidden}, idempotent, p.listings}) // what is there
		defer p.sweep(ctx)
		p.makeScratch(ctx)
	}
	p.look(ctx)
	if p.scratch != "" {
		p.change(ctx)
	}
	p.connections(ctx)
}

// try makes an experiment within its time.
func (p *prober) try(ctx context.Context, e experiment) {
	step, cancel := context.WithTimeout(ctx, p.o.Step)
	defer cancel()
	if err := p.c.do(step, "probe", "", e.rep, e.run); err != nil {
		p.failed(ctx, step, e.facts, err)
	}
}

// failed notes that an experiment came to no end. step is its context, whole
// that of all.
func (p *prober) failed(whole, step context.Context, facts []string, err error) {
	why := said(err)
	switch {
	case whole.Err() != nil:
		why = "not tried: no time was left"
	case step.Err() != nil:
		why = "no answer in time"
	}
	p.blame(facts, why)
	p.report.Problems = append(p.report.Problems, facts[0]+": "+why)
}

// blame says why facts are untried, unless that is known.
func (p *prober) blame(facts []string, why string) {
	for _, name := range facts {
		if p.why[name] == "" {
			p.why[name] = why
		}
	}
}

// found notes a fact that is more than yes or no.
func (p *prober) found(name, value, evidence string) {
	p.values[name] = Fact{Name: name, Value: value, Evidence: evidence}
}

// said is an error in the form of an evidence: the command and the server's
// words, if that is what it is.
func said(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Code != 0 {
		return reply{code: e.Code, lines: []string{e.Text}, to: e.Op}.evidence()
	}
	return quoteText(clipAt(err.Error(), maxEvidence))
}
