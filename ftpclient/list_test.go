package ftpclient

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// on makes a hook that does something for one verb.
func on(verb string, do func(s *fakeSession, arg string)) func(*fakeSession, string, string) bool {
	return func(s *fakeSession, v, arg string) bool {
		if v == verb {
			do(s, arg)
		}
		return v == verb
	}
}

// hooks tries one after the other.
func hooks(all ...func(*fakeSession, string, string) bool) func(*fakeSession, string, string) bool {
	return func(s *fakeSession, verb, arg string) bool {
		return slices.ContainsFunc(all, func(h func(*fakeSession, string, string) bool) bool { return h(s, verb, arg) })
	}
}

// says answers a verb with these lines.
func says(verb string, lines ...string) func(*fakeSession, string, string) bool {
	return on(verb, func(s *fakeSession, _ string) { s.say(lines...) })
}

func names(l *Listing) (names []string) {
	for _, e := range l.Entries {
		names = append(names, e.Name)
	}
	return names
}

// quirkListMissing: that the directory is not there is found out before LIST,
// which would say 226 and nothing.
func TestList(t *testing.T) {
	tree := func() map[string]string {
		return map[string]string{"/d/": "", "/d/a": "aaa", "/d/b c": "", "/d/sub/": "", "/f": "x", "/empty/": ""}
	}
	sends := func(verb, content, final string) func(*fakeSession, string, string) bool {
		return on(verb, func(s *fakeSession, _ string) {
			nc := s.accept()
			s.say("150 a")
			io.WriteString(nc, content)
			nc.Close()
			s.say(final)
		})
	}
	for _, mlsd := range []bool{false, true} {
		verb := "LIST"
		if mlsd {
			verb = "MLSD"
		}
		for _, tc := range []struct {
			name, dir string
			hook      func(*fakeSession, string, string) bool
			want      []string
			kind      Kind
			truncated bool
		}{
			{name: "directory", dir: "/d", want: []string{"a", "b c", "sub"}},
			{name: "root", dir: "/", want: []string{"d", "empty", "f"}},
			{name: "empty", dir: "/empty"},
			{name: "missing", dir: "/no", kind: KindNotExist},
			{name: "below missing", dir: "/no/no", kind: KindNotExist},
			{name: "file", dir: "/f", kind: KindNotDir},
			{name: "below file", dir: "/f/no", kind: KindNotDir},
			{name: "550 No files found", dir: "/empty", hook: says(verb, "550 No files found.")},
			{name: "truncated", dir: "/d", hook: sends(verb, "", "226 Output truncated to 10000 matches"), truncated: true},
			{name: "cut", dir: "/d", hook: sends(verb, "", "426 cut"), kind: KindTruncated},
			{name: "refused", dir: "/d", hook: says(verb, "550 no"), kind: KindPermission},
		} {
			t.Run(verb+" "+tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, tree())
					if f.hook = tc.hook; mlsd {
						f.feat = []string{"MLST type*;"}
					}
					l, err := f.client(nil).List(t.Context(), tc.dir)
					if tc.kind != 0 {
						wantKind(t, "List", err, tc.kind)
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					if got := names(l); !slices.Equal(got, tc.want) || l.Truncated != tc.truncated {
						t.Errorf("%q, truncated %v; want %q", got, l.Truncated, tc.want)
					}
				})
			})
		}
	}
}

// quirkEmptyRefused, quirkListDenied: what LIST says after CWD has worked.
func TestListRepliesAfterCWD(t *testing.T) {
	for _, tc := range []struct {
		hook func(*fakeSession, string, string) bool
		kind Kind
	}{
		{says("LIST", "450 No files found"), 0},
		{says("LIST", "450 no such file or directory"), 0},
		{says("LIST", "450 Requested file action not taken, try later."), KindBusy},
		{says("LIST", "550 No members found."), 0},
		{says("LIST", "550 No data sets found."), 0},
		{on("LIST", func(s *fakeSession, _ string) {
			s.accept().Close()
			s.say("150 here", "226 Transfer done (but failed to open directory).")
		}), KindPermission},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.hook = tc.hook
			l, err := f.client(nil).List(t.Context(), "/")
			if tc.kind != 0 {
				wantKind(t, "List", err, tc.kind)
			} else if noError(t, "List", err); err == nil && len(l.Entries)+len(l.Skipped) > 0 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// Lines that name nothing usable are told of, never dropped.
func TestListSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told int
		f := newFake(t, nil)
		f.feat = []string{"MLST type*;"}
		long := strings.Repeat("x", 2*maxListLine)
		f.hook = on("MLSD", func(s *fakeSession, _ string) {
			s.send("type=cdir; /any/path\r\ntype=dir; ..\r\ntype=file; good\r\n" +
				"type=file; a/b\r\ntype=file; ../x\r\ntype=file; nul\x00x\r\ntype=file; cr\rx\r\n" +
				"type=file; " + long + "\r\ntype=file; lf\nrest\r\ntype=dir; \r\ngarbage\r\n\r\ntype=file; last\r\n")
		})
		c := f.client(func(o *Options) { o.Trace = &Trace{Skipped: func(_ string, s []Skipped) { told = len(s) }} })
		l, err := c.List(t.Context(), "/")
		if err != nil {
			t.Fatal(err)
		}
		if got := names(l); !slices.Equal(got, []string{"good", "last"}) {
			t.Errorf("names %q", got)
		}
		if len(l.Skipped) != 8 || told != 8 || l.Complete() {
			t.Errorf("skipped %d, told %d, complete %v: %+v", len(l.Skipped), told, l.Complete(), l.Skipped)
		}
	})
}

// quirkNewlineInName: the end of line is chosen for a whole listing, and what
// follows a newline in a name is neither an entry nor leaves half of one.
func TestListLineEnds(t *testing.T) {
	const a, b = "-rw-r--r-- 1 0 0 1 Nov 21 02:35 a", "-rw-r--r-- 1 0 0 1 Nov 21 02:35 b"
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		data    string
		want    []string
		skipped int
	}{
		{a + "\r\n" + b + "\r\n", []string{"a", "b"}, 0},
		{a + "\n" + b + "\n", []string{"a", "b"}, 0},
		{a + "\n" + b, []string{"a", "b"}, 0},
		{a + "\nx\r\n" + b + "\r\n", []string{"b"}, 1},
		{a + "\r\n" + b + "\n\n\nx\r\n", []string{"a"}, 1},
		{a + "\r\n" + b + "\n\r\n", []string{"a"}, 1},
		{a + "\r\n" + b, []string{"b"}, 1}, // ends in LF: the CR is the name's
	} {
		l := parseListing(t, tc.data, false, now)
		if got := names(l); !slices.Equal(got, tc.want) || len(l.Skipped) != tc.skipped {
			t.Errorf("%q: %q, skipped %q", tc.data, got, l.Skipped)
		}
	}
	l := parseListing(t, "type=file; nl\r\nx\r\ntype=file; y\r\n", true, now)
	if got := names(l); !slices.Equal(got, []string{"y"}) || len(l.Skipped) != 2 {
		t.Errorf("facts: %q, skipped %q", got, l.Skipped)
	}
}

// dashA makes LIST know -a and leave names with a dot out without it.
func dashA(s *fakeSession, verb, arg string) bool {
	if verb != "LIST" {
		return false
	}
	rows := ""
	if arg == "-a" {
		rows = s.row("./", "") + s.row("../", "")
	}
	for _, n := range s.names(s.cwd) {
		if arg == "-a" || n[0] != '.' {
			rows += s.row(n, "")
		}
	}
	s.send(rows)
	return true
}

// quirkHidesDotFiles: -a is used where it was seen to show more, once.
func TestListAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/a": "", "/.b": "", "/d/": "", "/d/.c": ""})
		f.hook = dashA
		c := f.client(nil)
		for dir, want := range map[string][]string{"/": {".b", "a", "d"}, "/d": {".c"}} {
			l, err := c.List(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(l); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", dir, got, want)
			}
		}
		if n := f.count("LIST"); n != 3 || c.Features().ListAll != Yes {
			t.Errorf("%d LIST, want 3; LIST -a: %v", n, c.Features().ListAll)
		}
	})
}

// quirkDashAFile: a file named -a does not teach anything, and does not hide
// the rest once -a is used.
func TestListFileNamedDashA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/-a": "", "/b": "", "/d/": "", "/d/x": ""})
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if _, there := s.get(joinPath(s.cwd, "-a")); verb == "LIST" && arg == "-a" && there {
				s.send(s.row("-a", ""))
				return true
			}
			return dashA(s, verb, arg)
		}
		c := f.client(nil)
		for _, dir := range []string{"/", "/", "/d", "/"} {
			l, err := c.List(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if dir == "/" && !slices.Equal(names(l), []string{"-a", "b", "d"}) {
				t.Errorf("%q", names(l))
			}
		}
		if c.Features().ListAll != Yes {
			t.Errorf("LIST -a: %v", c.Features().ListAll)
		}
	})
}

// A server that takes -a for a name, or refuses it, is listed without.
func TestListAllUnknown(t *testing.T) {
	for _, refuse := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/a": "", "/d/": ""})
			f.hook = func(s *fakeSession, verb, arg string) bool {
				if verb != "LIST" || arg != "-a" {
					return false
				}
				if refuse {
					s.say("501 no options")
				} else {
					s.send("")
				}
				return true
			}
			c := f.client(nil)
			for range 3 {
				l, err := c.List(t.Context(), "/")
				if noError(t, "List", err); err == nil && len(l.Entries) != 2 {
					t.Errorf("%q", names(l))
				}
			}
			if c.Features().ListAll != No {
				t.Errorf("LIST -a: %v", c.Features().ListAll)
			}
		})
	}
}

// Times of files are fetched to the second, in flights.
func TestListTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := map[string]string{"/d/": ""}
		for i := range 300 {
			tree[fmt.Sprintf("/f%03d", i)] = ""
		}
		f := newFake(t, tree)
		c := f.client(nil)
		l, err := c.List(t.Context(), "/")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Entries {
			if e.Type == TypeFile && (e.Precision != time.Second || e.ModTime.Second() != 17) {
				t.Fatalf("%+v", e)
			}
		}
		if f.count("MDTM") != 300 || c.Features().Pipelining != Yes {
			t.Errorf("%d MDTM, pipelining %v", f.count("MDTM"), c.Features().Pipelining)
		}
	})
}

// quirkLocalList: the difference between LIST and MDTM moves the directories.
func TestListZone(t *testing.T) {
	for _, tc := range []struct {
		times []string // by MDTM, of files that LIST shows at 02:35
		dir   string
	}{
		{[]string{"19991121073517", "19991121073559"}, "07:35"},
		{[]string{"19991120203517"}, "20:35"},
		{[]string{"19991121073517", "19991121083517"}, "02:35"}, // they differ
		{[]string{"20091121073517"}, "02:35"},                   // no zone is ten years wide
		{[]string{"19991121023517"}, "02:35"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/d/": ""})
			for i := range tc.times {
				f.put(fmt.Sprint("/", i), "")
			}
			f.hook = on("MDTM", func(s *fakeSession, arg string) { s.say("213 " + tc.times[arg[1]-'0']) })
			l, err := f.client(nil).List(t.Context(), "/")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range l.Entries {
				if got := e.ModTime.Format("15:04"); e.Type == TypeDir && got != tc.dir {
					t.Errorf("%v: the directory's time is %s, want %s", tc.times, got, tc.dir)
				}
			}
		})
	}
}

// A server without MDTM is asked in one flight; one that loses commands of a
// flight costs connections, not the listing, and is found out.
func TestListWithoutTimes(t *testing.T) {
	tree := map[string]string{"/a": "", "/b": "", "/c": ""}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, tree)
		f.hook = says("MDTM", "502 what?")
		c := f.client(nil)
		for range 2 {
			l, err := c.List(t.Context(), "/")
			if noError(t, "List", err); err == nil && l.Entries[0].Precision != time.Minute {
				t.Errorf("%+v", l.Entries[0])
			}
		}
		if f.count("MDTM") > 3 || c.Features().MDTM != No {
			t.Errorf("%d MDTM, learned %v", f.count("MDTM"), c.Features().MDTM)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, tree)
		f.hook = on("MDTM", func(s *fakeSession, _ string) {
			s.in.Reset(s.nc) // what else was sent is lost
			s.say("213 19991121023517")
		})
		c := f.client(nil)
		for range 3 {
			l, err := c.List(t.Context(), "/")
			if noError(t, "List", err); err == nil && len(l.Entries) != 3 {
				t.Errorf("%q", names(l))
			}
		}
		if c.Features().Pipelining != No || f.sessions != 3 {
			t.Errorf("pipelining %v, %d sessions", c.Features().Pipelining, f.sessions)
		}
	})
}
