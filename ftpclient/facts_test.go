package ftpclient

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// factOf returns the fact of this name.
func factOf(t testing.TB, facts []Fact, name string) Fact {
	t.Helper()
	i := slices.IndexFunc(facts, func(f Fact) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no fact %q in %v", name, facts)
	}
	return facts[i]
}

// A fact that normal use shows has the command and the reply that showed it,
// and the trace tells of both once.
func TestFactsHaveEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "content", "/g": "x"})
		f.hook = says("REST", "502 no\x1b[2J")
		var learned []string
		c := f.client(func(o *Options) {
			o.Trace = &Trace{Learned: func(fact string) { learned = append(learned, fact) }}
		})
		for range 2 {
			content, err := readAll(t.Context(), c, "/f", 3)
			if noError(t, "read", err); content != "tent" {
				t.Errorf("read %q", content)
			}
		}
		facts := c.Features().Facts()
		want := Fact{Name: "REST", Value: "no", Evidence: `REST 3 → 502 no\x1b[2J`}
		if got := factOf(t, facts, "REST"); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := factOf(t, facts, "EPSV"); got.Value != "yes" || !strings.HasPrefix(got.Evidence, "EPSV → 229 ") {
			t.Errorf("EPSV: %+v", got)
		}
		if got := factOf(t, facts, "case ignored"); got.Value != "untried" || got.Evidence != "" {
			t.Errorf("case: %+v", got)
		}
		if n := len(slices.DeleteFunc(learned, func(s string) bool { return s != "REST: no ("+want.Evidence+")" })); n != 1 {
			t.Errorf("traced %d times", n)
		}
	})
}

// All facts are in the list that is shown, and none twice.
func TestFactsAreComplete(t *testing.T) {
	var f Features
	for _, k := range learnedFacts {
		if *k.field(&f) == Yes {
			t.Errorf("%s is in the list twice, or its field is another's", k.name)
		}
		*k.field(&f) = Yes
	}
	for _, s := range []Support{f.EPSV, f.Size, f.MDTM, f.Rest, f.MFMT, f.MDTMSet, f.SiteUtime, f.SiteChmod,
		f.SiteSymlink, f.ListAll, f.StatList, f.Globs, f.CaseFold, f.RenameOver, f.Append, f.RestStore, f.RestTail,
		f.Pipelining, f.DataAhead, f.Resumption} {
		if s != Yes {
			t.Error("a field is not in the list")
		}
	}
}

// That RNTO replaces no file is learned from a refusal that says so of a file
// that is there, and from no other.
func TestRenameTeaches(t *testing.T) {
	for _, tt := range []struct {
		reply, to string
		want      Support
	}{
		{"550 Cannot create a file when that file already exists.", "/taken", No},
		{"550 File exists", "/taken", No},
		{"550 Rename failed.", "/taken", Untried},
		{"550 Permission denied", "/taken", Untried},
		{"550 File exists", "/dir", Untried},
		{"550 File exists", "/free", Untried},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "new", "/taken": "old", "/dir/": ""})
			f.hook = says("RNTO", tt.reply)
			c := f.client(nil)
			if err := c.Rename(t.Context(), "/f", tt.to); err == nil {
				t.Error("no error")
			}
			if got := c.Features().RenameOver; got != tt.want {
				t.Errorf("%s to %s teaches %v, want %v", tt.reply, tt.to, got, tt.want)
			}
		})
	}
}

// TestAnothersReply (quirkAnothersReply): a 226 to RNTO is that of an earlier transfer, or a lie: a look
// tells what was done, and it is done once more.
func TestAnothersReply(t *testing.T) {
	f := newFake(t, map[string]string{"/f": "x"})
	renames := 0
	f.hook = func(s *fakeSession, verb, arg string) bool {
		if verb != "RNTO" {
			return false
		}
		if renames++; renames > 1 {
			return false
		}
		s.say("226 Transfer complete.")
		return true
	}
	c := f.client(nil)
	if err := c.Rename(t.Context(), "/f", "/g"); err != nil {
		t.Error(err)
	}
	if _, err := c.Stat(t.Context(), "/g"); err != nil || renames != 2 {
		t.Errorf("%d renames, %v", renames, err)
	}
}
