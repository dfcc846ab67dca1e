package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A row is one work done with one tool at one distance.
type row struct {
	Work   string   `json:"work"`
	Title  string   `json:"title"`
	Tool   string   `json:"tool"`
	RTT    float64  `json:"rtt_seconds"`
	Median sample   `json:"median"`
	All    []sample `json:"runs"`
}

// results are all rows and what they are about.
type results struct {
	Server string      `json:"server"`
	TLS    bool        `json:"tls"`
	Rate   int64       `json:"rate,omitempty"`
	Queue  int64       `json:"queue,omitempty"`
	Loss   float64     `json:"loss,omitempty"`
	Runs   int         `json:"runs"`
	Link   []selfCheck `json:"link"` // what the link was measured to be
	Rows   []row       `json:"rows"`
}

// run does all works with all tools, at all distances those that are over a link.
// What it could do before an error it returns too.
func run(ctx context.Context, o options, progress io.Writer) (*results, error) {
	r := &results{TLS: o.tls, Rate: o.rate, Queue: o.queue, Loss: o.loss, Runs: o.runs}
	var here, far []*work
	for _, w := range o.works {
		if w.loopback {
			here = append(here, w)
		} else {
			far = append(far, w)
		}
	}
	if len(far) > 0 {
		if err := r.add(ctx, o, far, false, progress); err != nil {
			return r, err
		}
	}
	if len(here) > 0 {
		return r, r.add(ctx, o, here, true, progress)
	}
	return r, nil
}

// add does works at one site.
func (r *results) add(ctx context.Context, o options, works []*work, loopback bool, progress io.Writer) (err error) {
	s, err := openSite(o, loopback)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r.Server = s.version
	if loopback {
		return r.doAll(ctx, s, o, works, 0, progress)
	}
	for _, rtt := range o.rtts {
		s.link.SetRTT(rtt)
		measured, err := s.checkLink(rtt)
		if err != nil {
			return err
		}
		fmt.Fprintln(progress, measured)
		r.Link = append(r.Link, measured)
		if err := r.doAll(ctx, s, o, works, rtt, progress); err != nil {
			return err
		}
	}
	return nil
}

// doAll does works at one distance.
func (r *results) doAll(ctx context.Context, s *site, o options, works []*work, rtt time.Duration, progress io.Writer) error {
	tools := append([]*tool{ftpfsTool(o.mountFlags)}, o.tools...)
	for _, w := range works {
		for _, t := range tools {
			if !t.does(w) {
				continue
			}
			row, err := repeat(ctx, s, t, w, rtt, o)
			if err != nil {
				return err
			}
			r.Rows = append(r.Rows, row)
			fmt.Fprintf(progress, "%-10v %-12s %-10s %8.3f s  %s\n", rtt, w.name, t.name, row.Median.Seconds, row.Median.remark())
		}
	}
	return nil
}

// repeat does a work several times and finds the median. One that failed ends
// the repetition and counts.
func repeat(ctx context.Context, s *site, t *tool, w *work, rtt time.Duration, o options) (r row, err error) {
	r = row{Work: w.name, Title: w.title, Tool: t.name, RTT: rtt.Seconds()}
	for range o.runs {
		one, err := measure(ctx, s, t, w, rtt, o.limit)
		if err != nil {
			return r, err
		}
		r.All = append(r.All, one)
		if one.Problem != "" {
			r.Median = one
			return r, nil
		}
	}
	sorted := slices.SortedFunc(slices.Values(r.All), func(a, b sample) int { return cmp.Compare(a.Seconds, b.Seconds) })
	r.Median = sorted[len(sorted)/2]
	return r, nil
}

// remark is what a reader must know of a sample beyond its figures.
func (s sample) remark() string {
	if s.Problem != "" {
		return s.Problem
	}
	var all []string
	if s.Late > 0 {
		all = append(all, fmt.Sprintf("on the server %.1f s later", s.Late))
	}
	for _, said := range []string{s.Said, s.After} {
		if said != "" {
			all = append(all, said)
		}
	}
	return strings.Join(all, "; ")
}

// joinFirst joins errors, of which the first counts most.
func joinFirst(err error, more ...error) error { return errors.Join(append([]error{err}, more...)...) }
