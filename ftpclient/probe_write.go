package ftpclient

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// sampleText is the content of the files that Probe makes.
const sampleText = "0123456789"

// makeScratch makes the directory for what changes the server, with a few files.
func (p *prober) makeScratch(ctx context.Context) {
	var b [4]byte
	rand.Read(b[:]) // never fails
	dir := joinPath(p.o.Write, "ftpfs-probe-"+hex.EncodeToString(b[:]))
	p.made = make(map[string]Type)
	p.write(ctx, []string{valueStore}, func(ctx context.Context) error {
		p.made[dir] = TypeDir
		if err := p.c.Mkdir(ctx, dir); err != nil {
			for _, g := range reportFacts {
				if g.write {
					p.blame(g.names, said(err))
				}
			}
			return err
		}
		p.scratch, p.dir = dir, dir
		for _, name := range []string{"Sample.txt", ".dotfile", "beside"} {
			if err := p.store(ctx, joinPath(dir, name), sampleText, StoreOptions{}); err != nil {
				return err
			}
		}
		content, err := p.read(ctx, joinPath(dir, "Sample.txt"), 0)
		switch {
		case err != nil:
			return err
		case content != sampleText:
			p.found(valueStore, No.String(), "what was stored comes back as "+quote(clip(content)))
		default:
			p.found(valueStore, Yes.String(), "STOR, then RETR: the same 10 octets")
		}
		return nil
	})
}

// write makes an experiment that changes the scratch directory. It has more
// time than others: most make several files.
func (p *prober) write(ctx context.Context, facts []string, run func(ctx context.Context) error) {
	step, cancel := context.WithTimeout(ctx, 3*p.o.Step)
	defer cancel()
	if err := run(step); err != nil {
		p.failed(ctx, step, facts, err)
	}
}

// store writes a file of the scratch directory.
func (p *prober) store(ctx context.Context, path, content string, o StoreOptions) error {
	p.made[path] = TypeFile
	_, err := p.c.Store(ctx, path, strings.NewReader(content), o)
	return err
}

func (p *prober) mkdir(ctx context.Context, path string) error {
	p.made[path] = TypeDir
	return p.c.Mkdir(ctx, path)
}

// sweep removes all that Probe made, what it asked for and what is there. It
// goes on where something cannot be removed, and when the context has ended. An
// upload that was given up may make its file later than that: what is left is
// looked at again after a while.
func (p *prober) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepTimeout)
	defer cancel()
	for range sweepRounds {
		if p.report.Left = p.sweepOnce(ctx); len(p.report.Left) == 0 {
			return
		}
		if p.c.pool.pause(ctx, sweepPause) != nil {
			return // Left tells
		}
	}
}

const (
	sweepRounds = 3
	sweepPause  = time.Second
)

// sweepOnce returns what it could not remove, and why.
func (p *prober) sweepOnce(ctx context.Context) (left []string) {
	paths := maps.Clone(p.made)
	for path, t := range p.made {
		if t == TypeDir {
			p.findLeft(ctx, path, paths)
		}
	}
	order := slices.Collect(maps.Keys(paths))
	slices.SortFunc(order, func(a, b string) int { return len(b) - len(a) }) // what is in a directory before it
	for _, path := range order {
		if err := p.remove(ctx, path, paths[path]); err != nil {
			left = append(left, quoteText(path)+": "+said(err))
		}
	}
	return left
}

// findLeft adds what is in a directory. Errors are left to its removal.
func (p *prober) findLeft(ctx context.Context, dir string, paths map[string]Type) {
	l, err := p.c.List(ctx, dir)
	if err != nil {
		return
	}
	for _, e := range l.Entries {
		path := joinPath(dir, e.Name)
		if _, known := paths[path]; known && e.Type != TypeDir {
			continue
		}
		paths[path] = e.Type
		if _, ours := p.made[path]; e.Type == TypeDir && !ours {
			p.findLeft(ctx, path, paths)
		}
	}
}

// remove removes one path; that it is not there is good.
func (p *prober) remove(ctx context.Context, path string, t Type) error {
	run := p.c.Delete
	if t == TypeDir {
		run = p.c.Rmdir
	}
	err := run(ctx, path)
	if err == nil || isKind(err, KindNotExist) {
		return nil
	}
	if _, gone := p.c.Stat(ctx, path); isKind(gone, KindNotExist) {
		return nil
	}
	return err
}
