package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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

// run does all works with all tools at all distances. What it could do before an
// error it returns too.
func run(ctx context.Context, o options, progress io.Writer) (r *results, err error) {
	s, err := openSite(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r = &results{Server: s.version, TLS: o.tls, Rate: o.rate, Queue: o.queue, Loss: o.loss, Runs: o.runs}
	tools := append([]*tool{ftpfsTool(o.mountFlags)}, o.tools...)
	for _, rtt := range o.rtts {
		s.link.SetRTT(rtt)
		measured, err := s.checkLink(rtt)
		if err != nil {
			return r, err
		}
		fmt.Fprintln(progress, measured)
		r.Link = append(r.Link, measured)
		for _, w := range o.works {
			for _, t := range tools {
				if !t.does(w) {
					continue
				}
				row, err := repeat(ctx, s, t, w, rtt, o)
				if err != nil {
					return r, err
				}
				r.Rows = append(r.Rows, row)
				fmt.Fprintf(progress, "%-10v %-12s %-10s %8.3f s  %s\n", rtt, w.name, t.name, row.Median.Seconds, row.Median.remark())
			}
		}
	}
	return r, nil
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
	switch {
	case s.Problem != "":
		return s.Problem
	case s.Late > 0:
		return fmt.Sprintf("on the server %.1f s later", s.Late)
	}
	return s.Said
}

// joinFirst joins errors, of which the first counts most.
func joinFirst(err error, more ...error) error { return errors.Join(append([]error{err}, more...)...) }
