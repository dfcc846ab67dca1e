package ftpclient

import (
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"sync"
	"testing"
)

// probed is a fake that can all that Probe tries, but for what is off, by the
// names of facts.
type probed struct {
	*fake
	off map[string]bool

	set   sync.Mutex        // guards what follows
	times map[string]string // by path
	links map[string]string // targets
	modes map[string]string
}

func newProbed(t testing.TB, off ...string) *probed {
	p := &probed{fake: newFake(t, map[string]string{"/dir/": "", "/dir/readme.txt": "some text", "/dir/.hidden": "x",
		"/dir/other": "0123456789ABC"}), off: map[string]bool{}, times: map[string]string{}, links: map[string]string{}, modes: map[string]string{}}
	for _, name := range off {
		p.off[name] = true
	}
	p.hook = p.answer
	return p
}

// note and noted are for what commands have set.
func (p *probed) note(in map[string]string, path, value string) {
	p.set.Lock()
	defer p.set.Unlock()
	in[path] = value
}

func (p *probed) noted(in map[string]string, path string) string {
	p.set.Lock()
	defer p.set.Unlock()
	return in[path]
}

// everything is what there is, as one value.
func (p *probed) everything() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.tree)
}

// answer answers what the fake does not, or not as real servers do.
func (p *probed) answer(s *fakeSession, verb, arg string) bool {
	if verb == "SITE" {
		verb, arg, _ = strings.Cut(arg, " ")
		verb = "SITE " + verb
	}
	for name, verbs := range map[string]string{
		factEPSV.name: "EPSV", factSize.name: "SIZE", factRest.name: "REST", factAppend.name: "APPE", factMFMT.name: "MFMT",
		factSiteChmod.name: "SITE CHMOD", factSiteUtime.name: "SITE UTIME", factSiteSymlink.name: "SITE SYMLINK",
	} {
		if p.off[name] && verb == verbs {
			s.say("500 what?")
			return true
		}
	}
	if p.off[factPipelining.name] && s.in.Buffered() > 0 {
		s.in.Discard(s.in.Buffered())
	}
	switch verb {
	case "STAT":
		p.stat(s, arg)
	case "LIST":
		p.list(s, arg)
	case "MDTM":
		return p.mdtm(s, arg)
	case "SIZE":
		for name := range p.everything() {
			if p.off["case"] && strings.EqualFold(name, arg) {
				arg = name
			}
		}
		s.look(verb, arg)
	case "CWD":
		if p.off[factDataAhead.name] {
			s.data = nil
		}
		return false
	case "STOR", "APPE":
		p.store(s, verb, arg)
	case "RNTO":
		p.rename(s, arg)
	case "MFMT", "SITE UTIME", "SITE CHMOD":
		value, file, _ := strings.Cut(arg, " ")
		if verb == "SITE CHMOD" {
			p.note(p.modes, file, value)
		} else {
			p.note(p.times, file, value)
		}
		s.say("213 " + value)
	case "SITE SYMLINK":
		target, name, _ := strings.Cut(arg, " ")
		p.put(joinPath(s.cwd, name), "")
		p.note(p.links, joinPath(s.cwd, name), target)
		s.say("200 ok")
	default:
		return false
	}
	return true
}

func (p *probed) mdtm(s *fakeSession, arg string) bool {
	stamp, file, two := strings.Cut(arg, " ")
	switch _, there := p.get(arg); {
	case p.off[factMDTM.name]:
		s.say("500 what?")
	case two && !p.off[factMDTMSet.name]:
		p.note(p.times, file, stamp)
		s.say("213 set")
	case there && p.noted(p.times, arg) != "":
		s.say("213 " + p.noted(p.times, arg))
	default:
		return false
	}
	return true
}

// rows are those of the working directory that a pattern fits.
func (p *probed) rows(s *fakeSession, pattern string, hidden bool) string {
	var b strings.Builder
	if hidden {
		b.WriteString(s.row("./", ""))
	}
	for _, n := range p.names(s.cwd) {
		fits, err := path.Match(pattern, strings.TrimSuffix(n, "/"))
		if err != nil || pattern != "" && !fits || !hidden && pattern == "" && n[0] == '.' {
			continue
		}
		full := joinPath(s.cwd, n)
		content, _ := p.get(full)
		row := s.row(n, content)
		if target := p.noted(p.links, full); target != "" {
			row = "l" + strings.TrimSuffix(row[1:], "\r\n") + " -> " + target + "\r\n"
		}
		if p.off["zone"] {
			row = strings.Replace(row, fakeTime, "Nov 21 04:35", 1)
		}
		b.WriteString(row)
	}
	return b.String()
}

func (p *probed) list(s *fakeSession, arg string) {
	if s.data == nil {
		s.say("425 Use PORT or PASV first.")
		return
	}
	switch {
	case arg == "":
		s.send(p.rows(s, "", p.off["dots shown"]))
	case arg == "-a" && !p.off[factListAll.name]:
		s.send(p.rows(s, "", true))
	case arg == "-a":
		s.send(p.rows(s, "nothing", false))
	case p.off["arguments"]:
		s.send(p.rows(s, "", false))
	case p.off[factGlobs.name]:
		s.send("")
	default:
		s.send(p.rows(s, arg, false))
	}
	s.data = nil
}

func (p *probed) stat(s *fakeSession, arg string) {
	rows := ""
	switch {
	case p.off[factStatList.name]:
		s.say("502 no")
		return
	case arg == "":
		s.say("211-Status", " of\x1b[2J the fake", "211 End")
		return
	case arg == "-a .":
		rows = p.rows(s, "", !p.off["STAT with dots"])
	case !p.off[factGlobs.name] && !p.off["arguments"]:
		rows = p.rows(s, arg, false)
	}
	s.say("213-Status:")
	io.WriteString(s.nc, rows)
	s.say("213 End")
}

func (p *probed) store(s *fakeSession, verb, arg string) {
	old, _ := p.get(arg)
	nc := s.accept()
	s.say("150 go")
	b, _ := io.ReadAll(nc) // a client that goes away ends a file, too
	nc.Close()
	rest, content := min(s.rest, len(old)), string(b)
	s.rest = 0
	switch {
	case verb == "APPE":
		content = old + content
	case rest > 0 && p.off[factRestStore.name]:
	case rest > 0:
		tail := old[min(len(old), rest+len(b)):]
		if p.off[factRestTail.name] {
			tail = ""
		}
		content = old[:rest] + content + tail
	}
	dir, name := path.Split(arg)
	if p.off["spaces"] {
		name = strings.ReplaceAll(name, " ", "_")
	}
	if p.off["backslashes"] && strings.Contains(name, `\`) {
		s.say("553 Prohibited file name")
		return
	}
	if !(p.off["parts"] && len(b) > 1000) {
		p.put(dir+name, content)
	}
	s.say("226 stored")
}

func (p *probed) rename(s *fakeSession, to string) {
	_, taken := p.get(to)
	switch {
	case p.off["renaming"]:
		s.say("550 no")
	case taken && !p.off[factRenameOver.name]:
		s.move(to)
		s.say("250 ok")
	case taken:
		s.say("550 File exists")
	case s.isDir(to):
		p.drop(s.rename + "/")
		s.say("250 ok")
	default:
		s.change("RNTO", to)
	}
}

// probe runs Probe of /dir, with leave to write there.
func (p *probed) probe(t testing.TB, c *Client, write bool) *Report {
	t.Helper()
	o := ProbeOptions{Dir: "/dir"}
	if write {
		o.Write = "/dir"
	}
	before := p.everything()
	r, err := c.Probe(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if after := p.everything(); !maps.Equal(before, after) {
		t.Errorf("before %q, after %q", before, after)
	}
	return r
}

// values are the facts of a report.
func values(r *Report) map[string]string {
	v := make(map[string]string)
	for _, f := range r.Facts {
		v[f.Name] = f.Value
	}
	return v
}

// limit lets n sessions in at a time.
func (p *probed) limit(n int) {
	p.admit = func(int) string {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open > n {
			return fmt.Sprintf("421 There are too many connections (%d).", n)
		}
		return ""
	}
}
