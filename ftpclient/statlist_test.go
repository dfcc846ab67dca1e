package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lists answers STAT with the rows of the directory that was entered, and "."
// and ".." where -a asks for them, which Pure-FTPd needs (quirkStatAll).
func lists(s *fakeSession, verb, arg string) bool {
	if verb != "STAT" {
		return false
	}
	s.say(slices.Concat([]string{"213-Status follows:"}, s.statRows(arg), []string{"213 End of status"})...)
	return true
}

func (s *fakeSession) statRows(arg string) []string {
	var rows []string
	if strings.HasPrefix(arg, "-a") {
		for _, dot := range []string{"./", "../"} {
			rows = append(rows, strings.TrimSuffix(s.row(dot, ""), "\r\n"))
		}
	}
	for _, n := range s.names(s.cwd) {
		c, _ := s.get(joinPath(s.cwd, n))
		if strings.HasPrefix(arg, "-a") || n[0] != '.' {
			rows = append(rows, strings.TrimSuffix(s.row(n, c), "\r\n"))
		}
	}
	return rows
}

// statTree has 3 directories, each with a file, a hidden file and a directory.
func statTree() map[string]string {
	tree := map[string]string{}
	for _, d := range []string{"/", "/a/", "/b c/", "/[d]*/"} {
		tree[d] = ""
		tree[d+"file"] = d
		tree[d+".hidden"] = "x"
		tree[d+"sub/"] = ""
	}
	return tree
}

func namesOf(l *Listing) (names []string) {
	for _, e := range l.Entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}

// The first listing proves what STAT lists; from then on a directory costs no
// data connection, and its files have their times all the same.
func TestStatLists(t *testing.T) {
	for _, feat := range [][]string{nil, {"MLST type*;size*;modify*;"}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, statTree())
			f.feat, f.hook = feat, lists
			c := f.client(nil)
			if _, err := c.List(t.Context(), "/"); err != nil || c.Features().StatList != Yes {
				t.Fatalf("%v; %+v", err, factOf(t, c.Features().Facts(), "STAT to list"))
			}
			before := f.count("EPSV")
			for _, dir := range []string{"/a", "/b c", "/[d]*"} {
				l, err := c.List(t.Context(), dir)
				noError(t, "List", err)
				if got := namesOf(l); !slices.Equal(got, []string{".hidden", "file", "sub"}) {
					t.Errorf("%s has %q", dir, got)
				}
				for _, e := range l.Entries {
					if e.Type == TypeFile && (e.Precision != time.Second || e.ModTime.Year() != 1999) {
						t.Errorf("%+v", e)
					}
				}
			}
			if n := f.count("EPSV"); n != before {
				t.Errorf("%d data connections for what STAT lists", n-before)
			}
			_, err := c.List(t.Context(), "/nope")
			wantKind(t, "List of nothing", err, KindNotExist)
			_, err = c.List(t.Context(), "/a/file")
			wantKind(t, "List of a file", err, KindNotDir)
		})
	}
}

// A directory of which nothing is there any more that STAT has listed was moved away
// meanwhile: what is left of it is no listing.
func TestStatOfWhatIsMovedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		f.feat, f.hook = []string{"MLST type*;size*;modify*;"}, lists
		c := f.client(nil)
		if _, err := c.List(t.Context(), "/"); err != nil || c.Features().StatList != Yes {
			t.Fatal(err)
		}
		synctest.Wait() // for what is opened ahead
		moved := false
		f.hook = func(s *fakeSession, verb, arg string) bool {
			switch {
			case verb == "STAT":
				rows := s.statRows(arg)
				s.sayRows(rows[:len(rows)-1])
				moved = true
			case moved && strings.HasPrefix(arg, "/a"):
				s.say("550 No such file or directory")
			default:
				return lists(s, verb, arg)
			}
			return true
		}
		_, err := c.List(t.Context(), "/a")
		wantKind(t, "List of what is gone", err, KindNotExist)
		if c.Features().StatList != Yes {
			t.Error("STAT is not believed any more")
		}
	})
}

// A server whose STAT lists otherwise than LIST, or hangs, or is no listing, is
// found out, once, and its listings are right.
func TestStatIsNotBelieved(t *testing.T) {
	for name, stat := range map[string]func(s *fakeSession, arg string){
		"unknown":   func(s *fakeSession, _ string) { s.say("500 what?") },
		"one line":  func(s *fakeSession, _ string) { s.say("211 https://ftp.test/") },
		"silent":    func(*fakeSession, string) {},
		"status":    func(s *fakeSession, _ string) { s.say("211-Status:", " TYPE: ASCII", "211 End") },
		"no dots":   func(s *fakeSession, _ string) { lists(s, "STAT", ".") },
		"one short": func(s *fakeSession, a string) { rows := s.statRows(a); s.sayRows(rows[:len(rows)-1]) },
		"larger": func(s *fakeSession, a string) {
			s.sayRows(slices.Concat(s.statRows(a), []string{"-rw-r--r--    1 0        0        1 " + fakeTime + " more"}))
		},
		"half a reply": func(s *fakeSession, a string) { s.say("213-Status:"); s.hangUp() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, statTree())
				f.hook = func(s *fakeSession, verb, arg string) bool {
					if verb == "STAT" {
						stat(s, arg)
					}
					return verb == "STAT"
				}
				c := f.client(nil)
				for range 2 {
					for _, dir := range []string{"/", "/a", "/b c"} {
						l, err := c.List(t.Context(), dir)
						noError(t, "List "+dir, err)
						if got := namesOf(l); !slices.Contains(got, "file") || !slices.Contains(got, ".hidden") || slices.Contains(got, "more") {
							t.Errorf("%s has %q", dir, got)
						}
					}
				}
				if name == "half a reply" {
					return // which may be the network's fault
				}
				if n := f.count("STAT"); n > 2 || c.Features().StatList != No {
					t.Errorf("STAT was sent %d times; %+v", n, factOf(t, c.Features().Facts(), "STAT to list"))
				}
			})
		})
	}
}

// A server that once takes too long for STAT is asked again; what was missed is a
// matter of time, not of the server's ways.
func TestStatSlowOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		asked := 0
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "STAT" {
				asked++
			}
			return verb == "STAT" && asked == 1 || lists(s, verb, arg)
		}
		c := f.client(nil)
		for range 2 {
			_, err := c.List(t.Context(), "/")
			noError(t, "List", err)
		}
		if c.Features().StatList != Yes {
			t.Errorf("%+v", factOf(t, c.Features().Facts(), factStatList.name))
		}
	})
}

func (s *fakeSession) sayRows(rows []string) {
	s.say(slices.Concat([]string{"213-Status follows:"}, rows, []string{"213 End of status"})...)
}

// Names that are made to look like replies do not become some. Such a
// directory is listed over a data connection.
func TestStatReplyInName(t *testing.T) {
	for _, name := range []string{"x\n213 End", "x\r\n213 End", "~\r\n213 End\r\n213 20000101000000"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, statTree())
			f.hook = lists
			c := f.client(nil)
			_, err := c.List(t.Context(), "/")
			noError(t, "List", err)
			f.put("/a/"+name, "evil")
			for range 3 {
				l, err := c.List(t.Context(), "/a")
				if err != nil || !slices.Contains(namesOf(l), "sub") || len(l.Skipped) == 0 {
					t.Fatalf("%q: %+v, %v", name, l, err)
				}
				l, err = c.List(t.Context(), "/b c")
				if err != nil || !slices.Equal(namesOf(l), []string{".hidden", "file", "sub"}) {
					t.Fatalf("%q: %+v, %v", name, l, err)
				}
			}
		})
	}
}

// quirkStatCut: what may have been cut is listed over a data connection.
func TestStatOfLargeDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := statTree()
		tree["/large/"] = ""
		for i := range statMost + 10 {
			tree[fmt.Sprintf("/large/%05d/", i)] = ""
		}
		f := newFake(t, tree)
		f.hook = lists
		c := f.client(nil)
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		for range 2 {
			l, err := c.List(t.Context(), "/large")
			if err != nil || len(l.Entries) != statMost+10 {
				t.Fatalf("%d entries, %v", len(l.Entries), err)
			}
		}
		if n := f.count("STAT"); n != 2 { // the proof, and the one that showed the size
			t.Errorf("STAT was sent %d times", n)
		}
	})
}

// quirkOneByOne: a server that reads one command of each write is found out at
// login, and spoken to as it wants.
func TestOneCommandAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		f.hook = func(s *fakeSession, verb, arg string) bool {
			s.in.Discard(s.in.Buffered())
			return lists(s, verb, arg)
		}
		c := f.client(nil)
		l, err := c.List(t.Context(), "/a")
		if err != nil || len(l.Entries) != 3 || c.Features().Pipelining != No {
			t.Fatalf("%+v, %v; %+v", l, err, factOf(t, c.Features().Facts(), "pipelining"))
		}
		if f.sessions != 2 {
			t.Errorf("%d sessions", f.sessions)
		}
	})
}

// From the second login on, all goes out in one write: nothing is lost when the
// server refuses it in the middle.
func TestSecondLogin(t *testing.T) {
	for _, refusal := range []struct {
		verb, reply string
		kind        Kind
	}{{"", "", 0}, {"USER", "421 full", KindTooMany}, {"PASS", "421 full", KindTooMany},
		{"PASS", "530 no", KindLogin}, {"USER", "230 in", 0}, {"USER", "530 too many users", KindTooMany}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.hook = func(s *fakeSession, verb, _ string) bool {
				if s.n < 2 || verb != refusal.verb {
					return false
				}
				s.say(refusal.reply)
				return true
			}
			c := f.client(nil)
			_, err := c.Connect(t.Context())
			noError(t, "Connect", err)
			cn, err := connect(t.Context(), 2, c.srv, &c.opts, func() {})
			if refusal.kind != 0 {
				wantKind(t, refusal.reply, err, refusal.kind)
				return
			}
			noError(t, "second login", err)
			cn.quit("done")
		})
	}
}

// ListAhead lists what next wants, in the order of need, with all answers
// under way at once; who waits for a connection ends it.
func TestListAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		f.hook = lists
		c := f.client(func(o *Options) { o.KeepIdle = true })
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		synctest.Wait()
		queue := []string{"/a", "/nope", "/b c"}
		got := map[string]int{}
		err = c.ListAhead(t.Context(), func() (string, bool) {
			if len(queue) == 0 {
				return "", false
			}
			dir := queue[0]
			queue = queue[1:]
			return dir, true
		}, func(dir string, l *Listing, err error) {
			switch {
			case err == nil:
				got[dir] = len(l.Entries)
				if dir == "/a" {
					queue = append(queue, "/a/sub")
				}
			case !errors.Is(err, ErrNotAhead):
				t.Errorf("%s: %v", dir, err)
			default:
				got[dir] = -1
			}
		})
		noError(t, "ListAhead", err)
		want := map[string]int{"/a": 3, "/nope": -1, "/b c": 3, "/a/sub": 0}
		if len(got) != len(want) {
			t.Errorf("got %v", got)
		}
		for dir, n := range want {
			if got[dir] != n {
				t.Errorf("%s: %d, want %d", dir, got[dir], n)
			}
		}
	})
}

// A directory that the server's encoding has no name for is told as such, and what
// was listed beside it is listed.
func TestListAheadNameWithoutForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		f.hook = lists
		c := f.client(func(o *Options) { o.KeepIdle, o.Encoding = true, "koi8-r" })
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		synctest.Wait()
		var queue []string
		for range 2000 { // more than a window
			queue = append(queue, "/a")
		}
		queue = append(queue, "/日本", "/b c")
		var listed, not []string
		err = c.ListAhead(t.Context(), func() (dir string, ok bool) {
			if len(queue) > 0 {
				dir, queue, ok = queue[0], queue[1:], true
			}
			return dir, ok
		}, func(dir string, l *Listing, err error) {
			if err == nil && len(l.Entries) == 3 {
				listed = append(listed, dir)
			} else if not = append(not, dir); !errors.Is(err, ErrNotAhead) {
				t.Errorf("%s: %v", dir, err)
			}
		})
		noError(t, "ListAhead", err)
		if len(listed) != 2001 || !slices.Contains(listed, "/b c") || len(not) != 1 || not[0] != "/日本" {
			t.Errorf("listed %d, not %q", len(listed), not)
		}
	})
}

// With one connection there is none to spare.
func TestListAheadLeavesALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, statTree())
		f.hook = lists
		c := f.client(func(o *Options) { o.Connections = 1 })
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		err = c.ListAhead(context.Background(), func() (string, bool) {
			t.Error("asked for a directory")
			return "", false
		}, nil)
		if !errors.Is(err, ErrNotAhead) {
			t.Errorf("%v", err)
		}
	})
}
