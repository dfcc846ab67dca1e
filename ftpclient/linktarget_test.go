package ftpclient

import (
	"testing"
	"testing/synctest"
)

// quirkTargetSpaces: a link's target is among the facts, and where it has spaces the
// name begins behind the last fact all the same.
func TestTargetSpaces(t *testing.T) {
	const facts = "type=OS.unix=slink:my dir/a b;size=10;modify=20261130023324;UNIX.mode=0777; "
	for line, want := range map[string]Entry{
		facts + "the name":                {Name: "the name", Target: "my dir/a b", Size: 10},
		facts + "a; b":                    {Name: "a; b", Target: "my dir/a b", Size: 10},
		"size=1;Type=os.unix=SLINK: ; ln": {Name: "ln", Target: " ", Size: 1},
		"type=OS.unix=slink:; a; b":       {Name: "a; b", Size: -1},
		"type=OS.unix=slink:a b":          {Name: "b", Target: "a", Size: -1}, // without the semicolon
	} {
		e, skip, ok := parseFactsLine(line)
		if !ok || skip || e.Type != TypeSymlink || e.Name != want.Name || e.Target != want.Target || e.Size != want.Size {
			t.Errorf("%q: %+v", line, e)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.feat = []string{"MLST type*;size*;modify*;"}
		f.hook = func(s *fakeSession, verb, _ string) bool {
			switch verb {
			case "MLSD":
				s.send("type=file;size=1; plain\r\n" + facts + "the name\r\n")
			case "MLST":
				s.say("250-Begin", " "+facts+"the name", "250 End.")
			}
			return verb == "MLSD" || verb == "MLST"
		}
		c := f.client(nil)
		l, err := c.List(t.Context(), "/")
		if noError(t, "List", err); err == nil && (len(l.Entries) != 2 || l.Entries[1].Name != "the name") {
			t.Errorf("%+v", l)
		}
		e, err := c.Stat(t.Context(), "/the name")
		if noError(t, "Stat", err); e.Target != "my dir/a b" || e.Size != 10 {
			t.Errorf("%+v", e)
		}
	})
}
