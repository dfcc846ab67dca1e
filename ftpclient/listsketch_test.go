package ftpclient

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A listing is shown, with names and types, before anything is asked about its
// entries, over the control connection and over a data connection; one to which
// nothing is missing is not.
func TestListFuncShowsSketch(t *testing.T) {
	for _, stat := range []bool{true, false} {
		for _, feat := range [][]string{nil, {"MLST type*;size*;modify*;"}} {
			if !stat && feat != nil {
				continue // MLSD tells everything
			}
			t.Run(fmt.Sprintf("STAT %v, FEAT %q", stat, feat), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tree := statTree()
					tree["/empty/"] = ""
					f := newFake(t, tree)
					f.feat = feat
					if stat {
						f.hook = lists
					}
					c := f.client(nil)
					_, err := c.List(t.Context(), "/")
					noError(t, "List", err)
					asked := func() int { return f.count("MDTM") + f.count("MLST") }
					before, shown := asked(), 0
					l, err := c.ListFunc(t.Context(), "/a", Arriving{Take: func([]Entry) {}, Sketch: func(l *Listing) {
						shown++
						if n := asked(); n != before {
							t.Errorf("shown after %d commands about the entries", n-before)
						}
						if got := namesOf(l); !slices.Equal(got, []string{".hidden", "file", "sub"}) || !l.Complete() {
							t.Errorf("shown %q", got)
						}
						for _, e := range l.Entries {
							if (e.Type == TypeDir) != (e.Name == "sub") {
								t.Errorf("shown %+v", e)
							}
						}
					}})
					noError(t, "ListFunc", err)
					if shown != 1 || asked() == before || len(l.Entries) != 3 {
						t.Errorf("shown %d times, %d commands about the entries, %d entries", shown, asked()-before, len(l.Entries))
					}
					_, err = c.ListFunc(t.Context(), "/empty", Arriving{Take: func([]Entry) {}, Sketch: func(l *Listing) { t.Errorf("shown %+v", l) }})
					noError(t, "ListFunc", err)
				})
			})
		}
	}
}

// The entry that is wanted is asked for in the same flight as the listing, which
// is shown when it is known, and is not asked for again.
func TestListFuncAsksForOneFirst(t *testing.T) {
	for verb, feat := range map[string][]string{"MDTM": nil, "MLST": {"MLST type*;size*;modify*;"}} {
		for name, want := range map[string]int{"file": 1, "sub": 1, "none": 1, "": 0} {
			t.Run(verb+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, statTree())
					f.feat, f.hook = feat, lists
					c := f.client(nil)
					_, err := c.List(t.Context(), "/")
					noError(t, "List", err)
					before, shown := f.count(verb), 0
					l, err := c.ListFunc(t.Context(), "/a", Arriving{Name: name, Take: func([]Entry) {}, Sketch: func(l *Listing) {
						shown++
						if n := f.count(verb) - before; n != want {
							t.Errorf("shown after %d %s, want %d", n, verb, want)
						}
						for _, e := range l.Entries {
							told := e.Name == name && (e.Type == TypeFile || verb == "MLST")
							if (e.Precision == time.Second) != told {
								t.Errorf("shown %+v", e)
							}
						}
					}})
					noError(t, "ListFunc", err)
					all := 2
					if verb == "MLST" {
						all = 3
					}
					if name == "none" || name == "sub" && verb == "MDTM" {
						all++
					}
					if n := f.count(verb) - before; shown != 1 || n != all || len(l.Entries) != 3 {
						t.Errorf("shown %d times, %d %s, want %d, %d entries", shown, n, verb, all, len(l.Entries))
					}
					for _, e := range l.Entries {
						if (e.Type == TypeFile || verb == "MLST") && (e.Precision != time.Second || e.ModTime.Year() != 1999) {
							t.Errorf("in the end %+v", e)
						}
					}
				})
			})
		}
	}
}

// Of a large directory the entry that is wanted is told before the listing, in a
// flight with it; what may be of a link's target is not.
func TestListFuncTellsOneFirst(t *testing.T) {
	for name, want := range map[string]int{"file": 1, "none": 0} {
		synctest.Test(t, func(t *testing.T) {
			tree := statTree()
			for i := range statMostFacts + 1 {
				tree[fmt.Sprintf("/a/%d", i)] = "x"
			}
			f := newFake(t, tree)
			f.feat, f.hook = []string{"MLST type*;size*;modify*;"}, lists
			c := f.client(nil)
			_, err := c.List(t.Context(), "/")
			noError(t, "List", err)
			for _, again := range []bool{false, true} { // the first time it is tried by STAT
				told := 0
				f.flown()
				l, err := c.ListFunc(t.Context(), "/a", Arriving{Name: name, Take: func([]Entry) {}, First: func(e Entry) {
					told++
					if n := f.count("MLSD"); e.Name != name || e.Size != 3 || e.Precision != time.Second || !again && n > 1 {
						t.Errorf("told %+v after %d MLSD", e, n)
					}
				}})
				noError(t, "ListFunc", err)
				if told != want || len(l.Entries) != statMostFacts+4 {
					t.Errorf("%s: told %d times, %d entries", name, told, len(l.Entries))
				}
				flights := f.flown()
				if i := slices.IndexFunc(flights, func(s string) bool { return strings.HasPrefix(s, "MLST /a/"+name+" | MLSD /a") }); (i >= 0) != (again || name == "none") {
					t.Errorf("again %v: %q", again, flights)
				}
			}
		})
	}
}

// Where a name is found in its directory's rows only, its time comes in the same
// flight, and nothing is asked about the others.
func TestStatByRowsAsksForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		f.hook = lists
		c := f.client(nil)
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		for name, kind := range map[string]Type{"file": TypeFile, "sub": TypeDir} {
			before := f.count("MDTM")
			e, err := c.Stat(t.Context(), "/a/"+name)
			noError(t, "Stat", err)
			if e.Type != kind || kind == TypeFile && (e.Precision != time.Second || e.ModTime.Year() != 1999) {
				t.Errorf("%+v", e)
			}
			if n := f.count("MDTM") - before; n != 1 {
				t.Errorf("%s: %d MDTM, want 1", name, n)
			}
		}
		_, err = c.Stat(t.Context(), "/a/none")
		wantKind(t, "Stat of nothing", err, KindNotExist)
	})
}
