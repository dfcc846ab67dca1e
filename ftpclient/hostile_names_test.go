package ftpclient

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// rowForms are rows of every dialect, with %s where the name is.
var rowForms = map[string]string{
	"Unix":               "-rw-r--r-- 1 u g 5 Nov 21 02:35 %s",
	"MacOS":              "-rw-r--r-- 0 5 5 Nov 21 02:35 %s",
	"DOS":                "11-21-26  02:35AM                    5 %s",
	"NetWare":            "- [RWCEAFMS] owner                          512 Jun 25  2007 %s",
	"VMS":                "%s;1   2  13-FEB-2002 23:32:40.47",
	"MVS":                "SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    %s",
	"PDS":                "%s    01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001",
	"JES":                "IBMUSER1  %s  OUTPUT    3 Spool Files",
	"z/VM":               "%s ANONYMOU V         71         26          1 1997-04-02 12:33:20 TCP291",
	"OS/400":             "PEP             4019 04/03/18 18:58:16 *STMF      %s",
	"OS/400 directory":   "PEP             4019 04/03/18 18:58:16 *DIR      %s/",
	"OS/400 member":      "PEP                                     *MEM      A.FILE/%s",
	"NonStop":            "%s 101 528 12-Jan-14 14:21:18 255, 0 \"e\"",
	"OS/2":               "     0           DIR   05-12-97   16:52  %s",
	"EPLF":               "+i8388621.48594,m825718503,r,s280,\t%s",
	"Connect:Enterprise": "-C--E-----FTP B QUA1I1      18128       41 Aug 12 13:56 %s",
	"VxWorks":            "    2048    Feb-28-1998   05:23:30  %s",
	"dls":                "%-17s   763  Jul 11 21:05  words",
	"dls directory":      "%-17s     =  Jul 11 21:05  words",
	"MLSD":               "type=file;size=5; %s",
	"MLSD, a link":       "type=OS.unix=slink:/etc;size=5; %s",
	"MLSD, itself":       "type=cdir; %s",
	"Unix, a link":       "lrwxrwxrwx 1 u g 5 Nov 21 02:35 %s -> /etc",
	"Unix, wide":         "-rw-r--r-- 1 u g 5 Nov 21 02:35   %s",
}

// evilNames lead out of a directory, or are none.
var evilNames = []string{"..", ".", "../x", "a/b", "/etc/passwd", "/", "//", "./x", "x/..", "../", "nul\x00x", "cr\rx",
	"..;1", "../x;1", "....//", "x/", ""}

// holdable reports whether a directory of a file system can hold a name.
func holdable(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\r\n\x00")
}

// Whatever the dialect, what List returns are names that a directory can hold.
// The rows around the evil one are of the same dialect and stay.
func TestNamesLeadNowhere(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for form, row := range rowForms {
		facts := strings.HasPrefix(form, "MLSD")
		known := false
		for _, evil := range evilNames {
			lines := []string{fmt.Sprintf(row, "JOB01"), fmt.Sprintf(row, evil), fmt.Sprintf(row, "JOB02"), ""}
			l := parseListing(t, strings.Join(lines, "\r\n"), facts, now)
			for _, e := range l.Entries {
				if !holdable(e.Name) {
					t.Errorf("%s, %q: the name %q", form, evil, e.Name)
				}
				known = known || strings.HasPrefix(e.Name, "JOB0")
			}
		}
		if !known && form != "MLSD, itself" {
			t.Errorf("%s: its rows are not read", form)
		}
	}
}

// Each dialect has a form here: a new one must join.
func TestEveryDialectHasAnEvilRow(t *testing.T) {
	for _, d := range dialects {
		row, ok := rowForms[d.name]
		if !ok {
			t.Errorf("no row of %s", d.name)
			continue
		}
		parse := d.parser([]string{fmt.Sprintf(row, "JOB01")}, time.Now())
		if e, v := parse(fmt.Sprintf(row, "JOB01")); v != aRow || !strings.HasPrefix(e.Name, "JOB01") {
			t.Errorf("%s does not read its row: %+v, %v", d.name, e, v)
		}
	}
}

// The same over the wire, and what was left out is told.
func TestNamesLeadNowhereOverTheWire(t *testing.T) {
	for _, verb := range []string{"MLSD", "LIST"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			form := rowForms["Unix"]
			if verb == "MLSD" {
				f.feat, form = []string{"MLST type*;"}, rowForms["MLSD"]
			}
			var rows strings.Builder
			for _, name := range []string{"..", "../x", "/etc/passwd", `..\x`, "good", "a/../../b"} {
				fmt.Fprintf(&rows, form+"\r\n", name)
			}
			f.hook = on(verb, func(s *fakeSession, _ string) { s.send(rows.String()) })
			l, err := f.client(nil).List(t.Context(), "/")
			if err != nil {
				t.Fatal(err)
			}
			if got := names(l); !slices.Equal(got, []string{`..\x`, "good"}) || len(l.Skipped) != 3 || l.Complete() {
				t.Errorf("%q, skipped %q", got, l.Skipped)
			}
		})
	}
}

// A reply to MLST has a name too, which may be any path: it is not taken.
func TestStatKeepsTheNameItAskedFor(t *testing.T) {
	for _, name := range []string{"../../etc/passwd", "/", "..", "x\x1b[2J", "f\r"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/d/": "", "/d/f": "x"})
			f.feat = []string{"MLST type*;"}
			f.hook = says("MLST", "250-Listing", " type=file;size=1; "+name, "250 End")
			e, err := f.client(nil).Stat(t.Context(), "/d/f")
			if noError(t, name, err); err == nil && e.Name != "f" {
				t.Errorf("%q gave the name %q", name, e.Name)
			}
		})
	}
}

// A link that leads to itself, or up and down for ever, costs a bounded number
// of commands: nothing here follows links. Targets are told as they are.
func TestLinkLoops(t *testing.T) {
	rows := "lrwxrwxrwx 1 u g 4 Nov 21 02:35 loop -> loop\r\nlrwxrwxrwx 1 u g 1 Nov 21 02:35 up -> .\r\n" +
		"lrwxrwxrwx 1 u g 9 Nov 21 02:35 out -> ../../etc\r\n"
	for _, mlst := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/up/up/up/up/": ""})
			if mlst {
				f.feat, f.greeting = []string{"MLST type*;"}, "220 ProFTPD"
			}
			f.hook = hooks(on("LIST", func(s *fakeSession, _ string) { s.send(rows) }),
				func(s *fakeSession, verb, arg string) bool {
					loops := (verb == "MLST" || verb == "MLSD" || verb == "CWD") && strings.Contains(arg, "loop")
					if loops {
						s.say("550 Too many levels of symbolic links")
					}
					return loops
				})
			c := f.client(nil)
			e, err := c.Stat(t.Context(), "/loop")
			if noError(t, "Stat", err); e.Type != TypeSymlink {
				t.Errorf("%+v", e)
			}
			for name, want := range map[string]string{"/loop": "loop", "/up": ".", "/out": "../../etc"} {
				target, err := c.Readlink(t.Context(), name)
				if noError(t, "Readlink", err); target != want {
					t.Errorf("%s leads to %q, want %q", name, target, want)
				}
			}
			_, err = c.List(t.Context(), "/loop")
			wantKind(t, "List of a loop", err, KindTooManyLinks)
			if n := len(f.commands()); n > 40 {
				t.Errorf("%d commands", n)
			}
		})
	}
}
