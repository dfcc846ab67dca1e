package ftpclient

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func doesOf(t testing.TB, plan []Intention, subject string) string {
	t.Helper()
	i := slices.IndexFunc(plan, func(p Intention) bool { return p.Subject == subject })
	if i < 0 {
		t.Fatalf("no plan for %s", subject)
	}
	return plan[i].Does
}

// TestPlan holds what Plan says and what the Client sends together.
func TestPlan(t *testing.T) {
	for _, off := range []string{"", factListAll.name, factEPSV.name, factRest.name, factSiteChmod.name, factMFMT.name,
		factMDTMSet.name, factSiteUtime.name, factSiteSymlink.name, factPipelining.name, factStatList.name, factMDTM.name, "all times"} {
		t.Run(off, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbed(t, off)
				if off == "all times" {
					p.off = map[string]bool{factMFMT.name: true, factMDTMSet.name: true, factSiteUtime.name: true}
				}
				c := p.client(nil)
				plan := p.probe(t, c, true).Plan
				sent := func(run func() error) (verbs string) {
					p.mu.Lock()
					p.log = nil
					p.mu.Unlock()
					if err := run(); err != nil && !isKind(err, KindUnsupported) {
						t.Error(err)
					}
					synctest.Wait() // what is behind a transfer comes after its end
					return "\n" + strings.Join(p.commands(), "\n") + "\n"
				}
				holds := func(subject, words string, does bool) {
					t.Helper()
					if text := doesOf(t, plan, subject); strings.Contains(text, words) != does {
						t.Errorf("%s: %q; it does %q: %v", subject, text, words, does)
					}
				}
				list := sent(func() error { _, err := c.List(t.Context(), "/dir"); return err })
				stat := strings.Contains(list, "\nSTAT -a .\n")
				holds("listings", "STAT", stat)
				holds("times", "MDTM of each", strings.Contains(list, "\nMDTM "))
				c.srv.avoidStat("/dir") // as if it were large
				list = sent(func() error { _, err := c.List(t.Context(), "/dir"); return err })
				holds("listings", "LIST -a", strings.Contains(list, "\nLIST -a\n"))
				read := sent(func() error { _, err := readAll(t.Context(), c, "/dir/other", 3); return err })
				holds("data connections", "EPSV", strings.Contains(read, "\nEPSV\n"))
				holds("reading from an offset", "REST", strings.Contains(read, "\nREST 3\n"))
				mode := sent(func() error { return c.Chmod(t.Context(), "/dir/other", 0o600) })
				holds("modes", "SITE CHMOD", strings.Contains(mode, "\nSITE CHMOD"))
				set := sent(func() error { return c.SetModTime(t.Context(), "/dir/other", time.Unix(0, 0), false) })
				for _, verb := range []string{"MFMT", "MDTM", "SITE UTIME"} {
					holds("setting times", verb, strings.Contains(set, "\n"+verb+" 1970"))
				}
				link := sent(func() error { return c.Symlink(t.Context(), "other", "/dir/link") })
				holds("symbolic links", "SITE SYMLINK", strings.Contains(link, "\nSITE SYMLINK"))
			})
		})
	}
}

// With MLSD, and of ProFTPD, the plan and the listing are others.
func TestPlanMLSD(t *testing.T) {
	for _, greeting := range []string{"220 fake", "220 ProFTPD Server"} {
		synctest.Test(t, func(t *testing.T) {
			p := newProbed(t)
			p.greeting, p.feat = greeting, []string{"MLST type*;size*;modify*;"}
			c := p.client(nil)
			r := p.probe(t, c, true)
			text := doesOf(t, r.Plan, "listings")
			p.mu.Lock()
			p.log = nil
			p.mu.Unlock()
			c.srv.avoidStat("/dir") // as if it were large
			_, err := c.List(t.Context(), "/dir")
			noError(t, "List", err)
			if !strings.Contains(text, "entries MLSD") || p.count("MLSD") != 1 || strings.Contains(text, "LIST") != (p.count("LIST") > 0) {
				t.Errorf("%q: %q", text, p.commands())
			}
			if got := values(r); got[valueMLSD] != "yes" || got[valueMLSDFacts] != "type*;size*;modify*;" || got[valueHidden] != "no" {
				t.Errorf("%v", got)
			}
		})
	}
}

// MFF takes the place of SITE CHMOD, also where that was seen to be missing.
func TestPlanMFF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t, factSiteChmod.name)
		p.feat = []string{"MFF modify;UNIX.mode;"}
		p.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "MFF" {
				s.say("213 ok")
				return true
			}
			return p.answer(s, verb, arg)
		}
		c := p.client(nil)
		r := p.probe(t, c, true)
		noError(t, "Chmod", c.Chmod(t.Context(), "/dir/other", 0o600))
		if got := values(r); got[valueMFF] != "yes" || got[factSiteChmod.name] != "no" || doesOf(t, r.Plan, "modes") != "MFF" {
			t.Errorf("%v, %v", got, r.Plan)
		}
	})
}
