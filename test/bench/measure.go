package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ftpfs/test/wan"
)

// A sample is one work done once.
type sample struct {
	Seconds  float64   `json:"seconds"`
	CPU      float64   `json:"cpu_seconds"` // of the mount's process, or of the commands
	Unseen   bool      `json:"unseen"`      // there was no link to see the traffic on
	FTP      ftpCount  `json:"ftp"`
	Sent     wan.Count `json:"sent"`         // towards the server
	Received wan.Count `json:"received"`     // towards the client
	AtMount  ftpCount  `json:"ftp_at_mount"` // from before the mounting until it had settled; not in FTP
	PeakKiB  int64     `json:"peak_kib,omitempty"`
	Late     float64   `json:"late_seconds,omitempty"` // after the end until the server had it
	Said     string    `json:"said,omitempty"`         // what the check found worth telling
	After    string    `json:"after,omitempty"`        // what went wrong when it was unmounted after all was done
	Problem  string    `json:"problem,omitempty"`      // what went wrong; then the rest may be missing
}

// lateTime is how long after its end what a work wrote is waited for.
const lateTime = 15 * time.Second

// measure does a work with a tool once. An error is one of the bench itself or
// the context's; what the tool does wrong is the sample's Problem.
func measure(ctx context.Context, s *site, t *tool, w *work, rtt, limit time.Duration) (result sample, err error) {
	if err := t.installed(); err != nil {
		return sample{Problem: err.Error()}, nil
	}
	if err := s.provide(w.fixture); err != nil {
		return result, err
	}
	if w.changes {
		s.changed()
	}
	base, err := os.MkdirTemp(s.dir, "run-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(base)) }()
	m, err := s.prepare(t, w, base)
	if err != nil {
		return result, err
	}
	m.ctx, m.rtt, m.limit = ctx, rtt, limit
	if problem := m.run(&result); problem != nil {
		result.Problem = problem.Error()
	}
	return result, ctx.Err()
}

// A measurement is a sample in the making.
type measurement struct {
	ctx        context.Context
	rtt, limit time.Duration
	site       *site
	tool       *tool
	work       *work
	places     places
	env        []string
	script     string
	checking   checking
	check      func(*checking) error
	mounted    *mounted // nil for a tool of commands
}

// prepare makes the directories.
func (s *site) prepare(t *tool, w *work, base string) (*measurement, error) {
	p := places{base: base, mount: filepath.Join(base, "mnt"), local: filepath.Join(base, "local"), read: filepath.Join(base, "read")}
	for _, dir := range []string{p.mount, p.local, p.read} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if w.local != nil {
		var err error
		if p.local, err = s.localCopy(w.local); err != nil {
			return nil, err
		}
	}
	self, err := os.Executable()
	m := &measurement{site: s, tool: t, work: w, places: p, script: w.script, check: w.check,
		checking: checking{served: s.served, local: p.local, read: p.read, mount: p.mount, output: filepath.Join(base, "output"), rate: s.rate},
		env:      []string{"M=" + p.mount, "L=" + p.local, "T=" + p.read, "B=" + self, "HOME=" + base, "LC_ALL=C"}}
	if t.mount == nil {
		m.script = t.scripts[w.name]
		m.env = append(m.env, t.env(s)...)
		if check := t.checks[w.name]; check != nil {
			m.check = check
		}
	}
	m.checking.script = m.script
	return m, err
}

// run fills in the sample and returns what went wrong.
func (m *measurement) run(result *sample) (problem error) {
	if m.tool.mount != nil {
		if err := m.earlier(); err != nil {
			return fmt.Errorf("earlier: %w", err)
		}
		m.site.traffic.restart()
		cmd := m.tool.mount(m.site, m.places, m.work.flags)
		var err error
		if m.mounted, err = startMount(m.ctx, cmd, m.places.mount); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
		defer func() {
			if err := m.mounted.unmount(); err != nil && problem == nil {
				result.After = err.Error()
			}
			if result.Late < 0 {
				problem = errors.Join(problem, m.afterUnmount(result))
			}
		}()
		m.site.quiet(m.rtt)
		result.AtMount = m.site.traffic.counted()
		result.AtMount.Hidden = result.AtMount.Hidden || m.site.link == nil
		if m.work.before != "" {
			if _, _, err := m.sh(m.work.before); err != nil {
				return fmt.Errorf("before: %w", err)
			}
			m.site.quiet(m.rtt)
		}
	}
	if err := m.timed(result); err != nil {
		return err
	}
	return m.verify(result)
}

// earlier does what is to be done on a mount before the one that is measured.
func (m *measurement) earlier() (err error) {
	if m.work.earlier == "" {
		return nil
	}
	cmd := m.tool.mount(m.site, m.places, m.work.flags)
	if m.mounted, err = startMount(m.ctx, cmd, m.places.mount); err != nil {
		return err
	}
	_, _, err = m.sh(m.work.earlier)
	return errors.Join(err, m.mounted.unmount())
}

// timed runs the script and counts.
func (m *measurement) timed(result *sample) error {
	m.site.traffic.restart()
	heard, err := m.heard()
	if err != nil {
		return err
	}
	before := m.site.stats()
	cpu := m.mounted.processor()
	took, used, err := m.sh(m.script)
	after := m.site.stats()
	result.FTP = m.site.traffic.counted()
	result.Unseen = m.site.link == nil
	result.FTP.Hidden = result.FTP.Hidden || result.Unseen
	result.Seconds = took.Seconds()
	if m.mounted != nil {
		used = m.mounted.processor() - cpu
	}
	result.CPU = used.Seconds()
	result.Sent = difference(after[wan.ToServer], before[wan.ToServer])
	result.Received = difference(after[wan.ToClient], before[wan.ToClient])
	if m.mounted != nil {
		result.PeakKiB = m.mounted.peak()
	}
	if err == nil && heard != nil {
		var all map[string]int
		all, err = m.heard()
		result.FTP.Hidden = false
		for verb, n := range all {
			result.FTP.Commands[verb] = n - heard[verb]
		}
	}
	c := &m.checking
	c.took, c.ftp, c.received = took, result.FTP, result.Received.Bytes
	return err
}

// heard returns the commands that the tool tells of, where they cannot be seen.
func (m *measurement) heard() (map[string]int, error) {
	if m.site.caFile == "" || m.tool.heard == nil {
		return nil, nil
	}
	return m.tool.heard(m.places)
}

func (m *measurement) sh(script string) (took, used time.Duration, err error) {
	hung := func() {
		if m.mounted != nil {
			m.mounted.kill()
		}
	}
	return runScript(m.ctx, script, m.env, m.checking.output, m.limit, hung)
}

func difference(a, b wan.Count) wan.Count {
	return wan.Count{Packets: a.Packets - b.Packets, Bytes: a.Bytes - b.Bytes, Dropped: a.Dropped - b.Dropped, Lost: a.Lost - b.Lost}
}

// verify checks what was done. What was written may come late; if it is not there
// in time, it is looked for again after the unmounting, and Late is negative
// until then.
func (m *measurement) verify(result *sample) error {
	begin := time.Now()
	err := m.check(&m.checking)
	result.Said = m.checking.said
	if err == nil || !m.work.changes {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for err != nil && time.Since(begin) < lateTime && m.ctx.Err() == nil {
		<-tick.C
		err = m.check(&m.checking)
	}
	result.Late = time.Since(begin).Seconds()
	if err != nil && m.mounted != nil {
		result.Late = -1
		return nil
	}
	return err
}

// afterUnmount looks once more for what was written.
func (m *measurement) afterUnmount(result *sample) error {
	result.Late = 0
	if err := m.check(&m.checking); err != nil {
		return fmt.Errorf("lost: %w", err)
	}
	return errors.New("on the server only after the unmounting")
}
