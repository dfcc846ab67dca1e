package ftpclient

import (
	"context"
	"fmt"
	"path"
	"strings"
)

// swapCase exchanges capitals and small letters of ASCII.
func swapCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if isLetter(c) {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

// caseFold asks for the sample under its name with the case exchanged.
func (p *prober) caseFold(_ context.Context, cn *conn) error {
	if p.sample == "" {
		p.without(factCaseFold.name)
		return nil
	}
	base := baseName(p.sample)
	other := swapCase(base)
	if _, there := p.beside[other]; there {
		cn.srv.learn(factCaseFold, No, fmt.Sprintf("there are both %s and %s", quote(clip(base)), quote(clip(other))))
		return nil
	}
	other = joinPath(parentDir(p.sample), other)
	// RNFR changes nothing while no RNTO follows it.
	for _, verb := range []string{"SIZE", "MDTM", "RNFR"} {
		same, err := cn.cmd(verb, p.sample)
		if err == nil && (same.completed() || same.intermediate()) {
			var r reply
			if r, err = cn.cmd(verb, other); err == nil {
				p.judgeCase(same, r)
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
	p.why[factCaseFold.name] = "none of SIZE, MDTM and RNFR knows " + quote(clip(p.sample))
	return nil
}

// judgeCase compares the replies for a name and for the one with the case
// exchanged.
func (p *prober) judgeCase(same, r reply) {
	switch {
	case r.code == same.code && (r.intermediate() || r.text() == same.text()):
		p.c.srv.learn(factCaseFold, Yes, r.evidence())
	case r.permanent() || r.code == 450:
		p.c.srv.learn(factCaseFold, No, r.evidence())
	default:
		p.why[factCaseFold.name] = r.evidence()
	}
}

// globs asks LIST and STAT for patterns that fit the sample.
func (p *prober) globs(ctx context.Context, cn *conn) error {
	if p.sample == "" {
		p.without(factGlobs.name)
		return nil
	}
	if r, err := cn.cmd("CWD", parentDir(p.sample)); err != nil || !r.completed() {
		return cmpError(err, r)
	}
	name := baseName(p.sample)
	var asked []string
	for _, pattern := range []string{name[:len(name)-1] + "*", "?" + name[1:], "[" + name[:1] + "]" + name[1:]} {
		if _, there := p.beside[pattern]; there || len(p.unfit(pattern)) == 0 {
			continue
		}
		asked = append(asked, pattern)
		if done, err := p.glob(ctx, cn, pattern); done || err != nil {
			return err
		}
	}
	if len(asked) == 0 {
		p.why[factGlobs.name] = "there is no other file to tell " + quote(clip(name)) + " from"
		return nil
	}
	cn.srv.learn(factGlobs, No, "neither LIST nor STAT has anything for "+quoteText(clipAt(strings.Join(asked, ", "), maxEvidence)))
	return nil
}

// glob asks for one pattern, and reports whether it was taken for one.
func (p *prober) glob(ctx context.Context, cn *conn, pattern string) (bool, error) {
	l, _, err := cn.readListing(ctx, command{"LIST", pattern}, nil, nil)
	if err != nil && !isRefusal(err) {
		return false, err
	}
	if l != nil && p.matched(l, pattern) {
		cn.srv.learn(factGlobs, Yes, fmt.Sprintf("LIST %s lists what fits that", quoteText(clip(pattern))))
		return true, nil
	}
	r, err := cn.cmd("STAT", pattern)
	if err != nil {
		return false, err
	}
	if r.completed() && p.matched(statRows(r), pattern) {
		cn.srv.learn(factGlobs, Yes, fmt.Sprintf("STAT %s lists what fits that", quoteText(clip(pattern))))
		return true, nil
	}
	return false, nil
}

// unfit are names beside the sample that a pattern leaves out.
func (p *prober) unfit(pattern string) (names []string) {
	for name := range p.beside {
		if !fits(pattern, name) && name[0] != '.' { // which LIST leaves out anyway
			names = append(names, name)
		}
	}
	return names
}

// matched tells whether a listing has what fits a pattern, and not all that does
// not, as of a server that takes no notice of the pattern. It may have more:
// vsftpd looks for patterns in the targets of links, too.
func (p *prober) matched(l *Listing, pattern string) bool {
	got := make(map[string]bool)
	fit := false
	for _, e := range l.Entries {
		got[baseName(e.Name)] = true
		fit = fit || fits(pattern, e.Name)
	}
	for _, name := range p.unfit(pattern) {
		if !got[name] {
			return fit
		}
	}
	return false
}

// fits is a match of one name, that of a path its last element.
func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, baseName(name))
	return ok && err == nil
}

// oddName is a name that some servers change or refuse.
type oddName struct{ label, name, core string }

// oddNames are tried with ProbeOptions.Write. core is what is left of a name
// however a server changes it.
var oddNames = []oddName{
	{"a leading space", " leading", "leading"},
	{"a trailing space", "trailing ", "trailing"},
	{"a backslash", `back\slash`, "slash"},
	{"a star", "st*ar", "ar"},
	{"brackets", "[b]racket", "racket"},
	{"a leading dot", ".dotted", "dotted"},
	{"octet 255", "octet\xff255", "octet"},
	{"UTF-8", "utf8-\u00e9\u4e2d", "utf8"},
}

func oddLabels() (labels []string) {
	for _, n := range oddNames {
		labels = append(labels, n.label)
	}
	return labels
}

// tryNames stores files under odd names and looks what they are called then.
func (p *prober) tryNames(ctx context.Context) error {
	dir := joinPath(p.scratch, "names")
	if err := p.mkdir(ctx, dir); err != nil {
		return err
	}
	for _, n := range oddNames {
		if err := p.store(ctx, joinPath(dir, n.name), sampleText, StoreOptions{}); err != nil {
			if !isRefusal(err) {
				return err
			}
			p.found(n.label, "refused", said(err))
		}
	}
	l, err := p.c.List(ctx, dir)
	if err != nil {
		return err
	}
	for _, n := range oddNames {
		if _, refused := p.values[n.label]; refused {
			continue
		}
		p.found(n.label, "lost", "STOR "+quote(n.name)+" → 2yz, but no such name is listed")
		for _, e := range l.Entries {
			switch {
			case e.Name == n.name:
				p.found(n.label, "kept", "STOR "+quote(n.name)+", and it is listed")
			case strings.Contains(e.Name, n.core):
				p.found(n.label, "changed", "STOR "+quote(n.name)+", and "+quote(clip(e.Name))+" is listed")
			}
		}
	}
	return nil
}
