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
	// RNFR changes nothing while no RNTO follows it.
	for _, verb := range []string{"SIZE", "MDTM", "RNFR"} {
		same, err := cn.cmd(verb, p.sample)
		if err != nil {
			return err
		}
		if !same.completed() && !same.intermediate() {
			continue
		}
		r, err := cn.cmd(verb, joinPath(parentDir(p.sample), other))
		if err != nil {
			return err
		}
		switch {
		case r.code == same.code && (verb == "RNFR" || r.text() == same.text()):
			cn.srv.learn(factCaseFold, Yes, r.evidence())
		case r.permanent() || r.code == 450:
			cn.srv.learn(factCaseFold, No, r.evidence())
		default:
			p.why[factCaseFold.name] = r.evidence()
		}
		return nil
	}
	p.why[factCaseFold.name] = "none of SIZE, MDTM and RNFR knows " + quote(clip(p.sample))
	return nil
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
		if _, there := p.beside[pattern]; there || !p.tells(pattern) {
			continue
		}
		l, _, err := cn.readListing(ctx, command{"LIST", pattern})
		if err != nil && !isRefusal(err) {
			return err
		}
		asked = append(asked, pattern)
		if l != nil && matches(l, pattern) {
			cn.srv.learn(factGlobs, Yes, fmt.Sprintf("LIST %s lists %s", quote(clip(pattern)), quote(clip(name))))
			return nil
		}
		r, err := cn.cmd("STAT", pattern)
		if err != nil {
			return err
		}
		if r.completed() && matches(statRows(r), pattern) {
			cn.srv.learn(factGlobs, Yes, fmt.Sprintf("STAT %s lists %s", quote(clip(pattern)), quote(clip(name))))
			return nil
		}
	}
	if len(asked) == 0 {
		p.why[factGlobs.name] = "there is no other file to tell " + quote(clip(name)) + " from"
		return nil
	}
	cn.srv.learn(factGlobs, No, "neither LIST nor STAT has anything for "+quoteText(clipAt(strings.Join(asked, ", "), maxEvidence)))
	return nil
}

// tells reports whether a pattern leaves something out, so that a server that
// takes no notice of it is found out.
func (p *prober) tells(pattern string) bool {
	for name := range p.beside {
		if !fits(pattern, name) {
			return true
		}
	}
	return false
}

// matches tells whether a listing has names, and all of them fit a pattern.
func matches(l *Listing, pattern string) bool {
	for _, e := range l.Entries {
		if !fits(pattern, e.Name) {
			return false
		}
	}
	return len(l.Entries) > 0
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
