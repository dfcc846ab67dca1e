package ftpclient

import (
	"context"
	"fmt"
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
	if _, there := p.names[other]; there {
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
		if _, there := p.names[pattern]; there {
			continue
		}
		l, _, err := cn.readListing(ctx, command{"LIST", pattern})
		if err != nil && !isRefusal(err) {
			return err
		}
		asked = append(asked, pattern)
		if l != nil && lists(l, name) {
			cn.srv.learn(factGlobs, Yes, fmt.Sprintf("LIST %s lists %s", quote(clip(pattern)), quote(clip(name))))
			return nil
		}
		r, err := cn.cmd("STAT", pattern)
		if err != nil {
			return err
		}
		if r.completed() && lists(statRows(r), name) {
			cn.srv.learn(factGlobs, Yes, fmt.Sprintf("STAT %s lists %s", quote(clip(pattern)), quote(clip(name))))
			return nil
		}
	}
	cn.srv.learn(factGlobs, No, "neither LIST nor STAT has anything for "+quoteText(clipAt(strings.Join(asked, ", "), maxEvidence)))
	return nil
}

// lists tells whether a listing has a name, with a directory before it or not.
func lists(l *Listing, name string) bool {
	for _, e := range l.Entries {
		if e.Name == name {
			return true
		}
	}
	for _, s := range l.Skipped {
		if strings.HasSuffix(s.Line, "/"+name) {
			return true
		}
	}
	return false
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
