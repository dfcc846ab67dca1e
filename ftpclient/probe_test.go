package ftpclient

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// capable are the facts of a server that can all, with leave to write.
var capable = map[string]string{
	valueMLSD: "no", valueMLSDFacts: "none", valueHidden: "untried", valueLinks: "shown", factListAll.name: "yes",
	factStatList.name: "yes", factGlobs.name: "yes", factCaseFold.name: "no", valueUTF8: "no", valueZone: "UTC",
	valueMDTMZone: "untried", factEPSV.name: "yes", factPipelining.name: "yes", factDataAhead.name: "yes",
	factSize.name: "yes", factMDTM.name: "yes", factRest.name: "yes", valueHash: "no", valueSpace: "no",
	valueTLS: "none", factResume.name: "untried", valueLimit: "at least 4", valueStore: "yes", factAppend.name: "yes",
	factRestStore.name: "yes", factRestTail.name: "yes", valuePastEnd: "written at the end", valueAborted: "a part stays",
	factRenameOver.name: "yes", valueOverDir: "replaced", factSiteChmod.name: "yes", valueMFF: "no", factMFMT.name: "yes",
	factMDTMSet.name: "yes", factSiteUtime.name: "yes", factSiteSymlink.name: "yes",
	"a leading space": "kept", "a trailing space": "kept", "a backslash": "kept", "a star": "kept", "brackets": "kept",
	"a leading dot": "kept", "octet 255": "kept", "UTF-8": "kept",
}

// Each fact is found both ways, and no other changes with it.
func TestProbeFacts(t *testing.T) {
	for _, tt := range []struct {
		off     string
		changes map[string]string
	}{
		{"nothing", nil},
		{factStatList.name, map[string]string{factStatList.name: "no"}},
		{"STAT with dots", map[string]string{factStatList.name: "no"}},
		{factListAll.name, map[string]string{factListAll.name: "no", factStatList.name: "no", "a leading dot": "lost"}},
		{factGlobs.name, map[string]string{factGlobs.name: "no"}},
		{"arguments", map[string]string{factGlobs.name: "no"}},
		{"case", map[string]string{factCaseFold.name: "yes"}},
		{"zone", map[string]string{valueZone: "UTC+02:00"}},
		{factEPSV.name, map[string]string{factEPSV.name: "no"}},
		{factPipelining.name, map[string]string{factPipelining.name: "no", factStatList.name: "untried"}},
		{factDataAhead.name, map[string]string{factDataAhead.name: "no"}},
		{factSize.name, map[string]string{factSize.name: "no"}},
		{factMDTM.name, map[string]string{factMDTM.name: "no", factMDTMSet.name: "no", valueZone: "untried"}},
		{factRest.name, map[string]string{factRest.name: "no", factRestStore.name: "no", factRestTail.name: "no", valuePastEnd: "refused"}},
		{factAppend.name, map[string]string{factAppend.name: "no"}},
		{factRestStore.name, map[string]string{factRestStore.name: "no", factRestTail.name: "no", valuePastEnd: "refused"}},
		{factRestTail.name, map[string]string{factRestTail.name: "no"}},
		{"parts", map[string]string{valueAborted: "nothing stays"}},
		{factRenameOver.name, map[string]string{factRenameOver.name: "no"}},
		{"renaming", map[string]string{factRenameOver.name: "untried", valueOverDir: "untried"}},
		{factSiteChmod.name, map[string]string{factSiteChmod.name: "no"}},
		{factMFMT.name, map[string]string{factMFMT.name: "no"}},
		{factMDTMSet.name, map[string]string{factMDTMSet.name: "no"}},
		{factSiteUtime.name, map[string]string{factSiteUtime.name: "no"}},
		{factSiteSymlink.name, map[string]string{factSiteSymlink.name: "no", valueLinks: "untried"}},
		{"spaces", map[string]string{"a leading space": "changed", "a trailing space": "changed"}},
		{"backslashes", map[string]string{"a backslash": "refused"}},
	} {
		t.Run(tt.off, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbed(t, tt.off)
				c := p.client(func(o *Options) { o.Connections = 4 })
				r := p.probe(t, c, true)
				want := maps.Clone(capable)
				maps.Copy(want, tt.changes)
				got := values(r)
				for name := range want {
					if got[name] != want[name] {
						t.Errorf("%s: %q, want %q", name, got[name], want[name])
					}
				}
				checkReport(t, c, r, len(want))
				synctest.Wait()
				if p.open > 2 {
					t.Errorf("%d connections are left", p.open)
				}
			})
		})
	}
}

// checkReport checks what is so of all reports.
func checkReport(t *testing.T, c *Client, r *Report, facts int) {
	t.Helper()
	if len(r.Facts) != facts || len(r.Left) > 0 {
		t.Errorf("%d facts, want %d; left %q", len(r.Facts), facts, r.Left)
	}
	text, err := json.Marshal(r)
	noError(t, "JSON", err)
	if strings.ContainsFunc(string(text), unicode.IsControl) || strings.Contains(string(text), `\u001b`) {
		t.Errorf("not printable: %s", text)
	}
	for _, f := range r.Facts {
		if f.Evidence == "" {
			t.Errorf("%s: %s, without evidence", f.Name, f.Value)
		}
		for _, learned := range c.Features().Facts() {
			if learned.Name == f.Name && learned.Value != f.Value {
				t.Errorf("%s: the report has %s, the client %s", f.Name, f.Value, learned.Value)
			}
		}
	}
}

// Without leave to write nothing is sent that changes anything.
func TestProbeOnlyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		r := p.probe(t, p.client(nil), false)
		for _, line := range p.commands() {
			switch firstWord(line) {
			case "STAT", "EPSV", "CWD", "LIST", "SIZE", "MDTM", "NOOP", "REST", "RETR", "HELP":
			default:
				t.Errorf("sent %q", line)
			}
		}
		got := values(r)
		for name, want := range map[string]string{factStatList.name: "yes", factGlobs.name: "yes", factRest.name: "yes",
			factRenameOver.name: "untried", valueStore: "untried", "octet 255": "untried"} {
			if got[name] != want {
				t.Errorf("%s: %q, want %q", name, got[name], want)
			}
		}
		for _, f := range r.Facts {
			if f.Group == "changes" && f.Evidence != NeedsWrite {
				t.Errorf("%s: %q", f.Name, f.Evidence)
			}
		}
		if len(r.Server.Help) > 0 || r.Server.Status[1] != `of\x1b[2J the fake` {
			t.Errorf("%+v", r.Server)
		}
	})
}

// A step without an answer does not spoil the others, and costs its time only.
func TestProbeSilentStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		p.hook = func(s *fakeSession, verb, arg string) bool {
			return verb == "STAT" || verb == "APPE" || p.answer(s, verb, arg)
		}
		r := p.probe(t, p.client(func(o *Options) { o.Connections = 4 }), true)
		want := maps.Clone(capable)
		want[factStatList.name], want[factAppend.name] = "no", "untried"
		want[factDataAhead.name] = "no" // EPSV behind APPE is answered, and APPE is not
		got := values(r)
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s: %q, want %q", name, got[name], want[name])
			}
		}
		if f := factOf(t, factsOf(r), factAppend.name); !strings.Contains(f.Evidence, errStray.what) {
			t.Errorf("%+v", f)
		}
		if len(r.Problems) < 2 || r.Problems[0] != "identity: no answer in time" {
			t.Errorf("problems: %q", r.Problems)
		}
	})
}

func factsOf(r *Report) (facts []Fact) {
	for _, f := range r.Facts {
		facts = append(facts, f.Fact)
	}
	return facts
}

// A server that falls silent is given up after the time for the whole, and what
// was found until then is told.
func TestProbeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		silent := false
		p.hook = func(s *fakeSession, verb, arg string) bool {
			silent = silent || verb == "APPE"
			return silent || p.answer(s, verb, arg)
		}
		start := time.Now()
		r, err := p.client(nil).Probe(t.Context(), ProbeOptions{Dir: "/dir", Write: "/dir", Timeout: 30 * time.Second})
		noError(t, "Probe", err)
		if took := time.Since(start); took > 30*time.Second+sweepTimeout || r.Took != took.Milliseconds() {
			t.Errorf("took %s, %d ms", took, r.Took)
		}
		got := values(r)
		if got[valueStore] != "yes" || got[factAppend.name] != "untried" || got["UTF-8"] != "untried" || len(r.Left) == 0 {
			t.Errorf("%v, left %q", got, r.Left)
		}
		if f := factOf(t, factsOf(r), "UTF-8"); f.Evidence != "not tried: no time was left" {
			t.Errorf("%+v", f)
		}
	})
}

// A probe that is cancelled removes what it has made all the same.
func TestProbeCanceled(t *testing.T) {
	for _, at := range []string{"MKD", "STOR", "APPE", "RNTO", "SITE", "DELE"} {
		synctest.Test(t, func(t *testing.T) {
			p := newProbed(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p.hook = func(s *fakeSession, verb, arg string) bool {
				if verb == at {
					cancel()
				}
				return p.answer(s, verb, arg)
			}
			before := p.everything()
			r, err := p.client(nil).Probe(ctx, ProbeOptions{Dir: "/dir", Write: "/dir"})
			wantKind(t, at, err, KindCanceled)
			if r == nil || len(r.Left) > 0 || !maps.Equal(before, p.everything()) {
				t.Errorf("canceled at %s: left %q, %+v", at, p.everything(), r)
			}
		})
	}
}

// What cannot be removed is told; where nothing can be made the rest is found.
func TestProbeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		p.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "DELE" && strings.HasSuffix(arg, "/append") {
				s.say("550 it stays")
				return true
			}
			return p.answer(s, verb, arg)
		}
		r, err := p.client(nil).Probe(t.Context(), ProbeOptions{Write: "/dir"})
		noError(t, "Probe", err)
		if len(r.Left) != 2 || !strings.Contains(r.Left[0], "/append: DELE → 550 it stays") {
			t.Errorf("left: %q", r.Left)
		}

		q := newProbed(t)
		q.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "MKD" {
				s.say("550 Permission denied")
				return true
			}
			return q.answer(s, verb, arg)
		}
		r = q.probe(t, q.client(nil), true)
		for _, name := range []string{factAppend.name, valueStore, "UTF-8"} {
			if f := factOf(t, factsOf(r), name); f.Value != "untried" || f.Evidence != "MKD → 550 Permission denied" {
				t.Errorf("%+v", f)
			}
		}
		if values(r)[factStatList.name] != "yes" || len(r.Left) > 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A limit of connections is found in the server's words, and kept to.
func TestProbeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		p.limit(3)
		c := p.client(nil)
		r := p.probe(t, c, true)
		f := factOf(t, factsOf(r), valueLimit)
		if f.Value != "3" || f.Evidence != "login 4: login → 421 There are too many connections (3)." {
			t.Errorf("%+v", f)
		}
		if does := doesOf(t, r.Plan, "connections"); does != "uses up to 3" || c.Features().Connections != 3 {
			t.Errorf("%q, %d", does, c.Features().Connections)
		}
	})
}

// A server that counts those whom it refuses lets in fewer of many at once than
// it has room for: they are counted one by one.
func TestProbeLimitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		refused := 0
		p.admit = func(int) string {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.open > 5 || refused < 4 && p.open > 2 {
				refused++
				return "421 Too many connections"
			}
			return ""
		}
		r := p.probe(t, p.client(nil), false)
		if f := factOf(t, factsOf(r), valueLimit); f.Value != "5" {
			t.Errorf("%+v", f)
		}
	})
}

// Who is still logging in when the limit is met, and is refused, is not counted.
func TestProbeLimitWhileDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		p.limit(3)
		c := p.client(nil)
		c.pool.mu.Lock()
		c.pool.dialing++
		c.pool.mu.Unlock()
		time.AfterFunc(time.Second, c.pool.freeSlot)
		r := p.probe(t, c, false)
		if f := factOf(t, factsOf(r), valueLimit); f.Value != "3" {
			t.Errorf("%+v", f)
		}
	})
}

// A server that does not let us in has no report.
func TestProbeNoLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		p.hook = says("PASS", "530 no")
		r, err := p.client(nil).Probe(t.Context(), ProbeOptions{})
		if wantKind(t, "Probe", err, KindLogin); r != nil {
			t.Errorf("%+v", r)
		}
		_, err = p.client(nil).Probe(t.Context(), ProbeOptions{Write: "relative"})
		wantKind(t, "Probe", err, KindInvalidName)
	})
}
