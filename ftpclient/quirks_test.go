package ftpclient

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Every quirk that the code names is explained in QUIRKS.md and has a test.
func TestQuirksAreKnown(t *testing.T) {
	doc, err := os.ReadFile("QUIRKS.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`quirk[A-Z]\w+`)
	coded, tested := make(map[string]bool), make(map[string]bool)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		into := coded
		if strings.HasSuffix(file, "_test.go") {
			into = tested
		}
		for _, q := range name.FindAllString(string(src), -1) {
			into[q] = true
		}
	}
	for q := range coded {
		if !strings.Contains(string(doc), "## "+strings.TrimPrefix(q, "quirk")+"\n") {
			t.Errorf("%s is not in QUIRKS.md", q)
		}
		if !tested[q] {
			t.Errorf("%s has no test", q)
		}
	}
	for _, title := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(doc), -1) {
		if !coded["quirk"+title[1]] {
			t.Errorf("QUIRKS.md tells of %s, which the code does not know", title[1])
		}
	}
}

// quirkListArgument: names that are options or patterns never get to LIST.
func TestListGetsNoName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/-la/": "", "/[x]/": "", "/*/": "", "/*/f": ""})
		c := f.client(nil)
		for dir, n := range map[string]int{"/-la": 0, "/[x]": 0, "/*": 1} {
			l, err := c.List(t.Context(), dir)
			if noError(t, dir, err); err == nil && len(l.Entries) != n {
				t.Errorf("%s: %q", dir, names(l))
			}
		}
		for _, line := range f.commands() {
			if firstWord(line) == "LIST" && line != "LIST" && line != "LIST -a" {
				t.Errorf("sent %q", line)
			}
		}
	})
}

// quirkOptsUTF8: asked for where UTF8 is advertised, and a refusal is no harm.
func TestOptsUTF8(t *testing.T) {
	for _, answer := range []string{"200 on", "504 Unknown command", "501 no", "202 always"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.feat = []string{"UTF8"}
			f.hook = says("OPTS", answer)
			_, err := f.client(nil).Connect(t.Context())
			noError(t, answer, err)
			if f.count("OPTS") != 1 {
				t.Errorf("%s: OPTS was sent %d times", answer, f.count("OPTS"))
			}
		})
	}
}

// quirkFeatCodes: features with the code before each.
func TestFeatLines(t *testing.T) {
	for text, want := range map[string]string{
		"211-Features\r\n SIZE\r\n  MDTM \r\n211 End\r\n":                "[SIZE MDTM]",
		"211-Features\r\nSIZE\r\nMLST type*;\r\n211 End\r\n":             "[SIZE MLST type*;]",
		"211-Features\r\n211-SIZE\r\n211-MLST type*;\r\n\r\n211 End\r\n": "[SIZE MLST type*;]",
		"211 no features\r\n": "[]",
	} {
		r, err := newReplyReader(strings.NewReader(text)).read()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(featLines(r)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// quirkPASVText: the numbers are where they are.
func TestPASVText(t *testing.T) {
	for text, want := range map[string]int{
		"Entering Passive Mode (127,0,0,1,4,51)": 1075,
		"listen to 127,0,0,1,4,51":               1075,
		"Passive mode. 127,0,0,1,4,51":           1075,
		"=127,0,0,1,4,51":                        1075,
		"[127,0,0,1,4,51]":                       1075,
		"(256,0,0,1,4,51)":                       0,
		"(127,0,0,1,4,256)":                      0,
		"(127,0,0,1,0,0)":                        0,
		"(127,0,0,1,4)":                          0,
		"(1127,0,0,1,4,51)":                      0,
		"(127,,0,1,4,51)":                        0,
	} {
		port, ok := pasvPort(reply{code: 227, lines: []string{text}})
		if port != want || ok != (want > 0) {
			t.Errorf("%q: %d, %v; want %d", text, port, ok, want)
		}
	}
}

// quirkPlainQuotes: Pure-FTPd does not double quotes inside a name.
func TestQuotedPath(t *testing.T) {
	for line, want := range map[string]string{
		`257 "/" is the current directory`:            "/",
		`257 "/a ""b"" c" is cwd`:                     `/a "b" c`,
		`257 "/q"q2" : The directory was successful.`: `/q"q2`,
		`257 "/a"`:              "/a",
		`257 "/a" is "current"`: "/a",
		`257 "/unclosed`:        "",
		`257 /no quotes`:        "",
		`257 "relative"`:        "",
		`250 "/a"`:              "",
	} {
		r, err := newReplyReader(strings.NewReader(line + "\r\n")).read()
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := quotedPath(r); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// quirkRawIAC: Telnet commands go, a doubled octet 255 is one, one that
// begins no command stays.
func TestTelnetInReplies(t *testing.T) {
	for raw, want := range map[string]string{
		"a\xff\xffb": "a\xffb", "a\xff\xfb\x01b": "ab", "a\xff\xf4b": "ab", "a\xffb": "a\xffb", "a\xff": "a\xff", "\xff\xfc": "",
	} {
		if got := string(stripTelnet([]byte(raw))); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// A CR alone ends no line; a LF alone does.
func TestReplyLineEnds(t *testing.T) {
	r := newReplyReader(strings.NewReader("200 a\rb\r\n201 c\n202-d\n\r\n202 e\r\n"))
	for _, want := range []string{"a\rb", "c", "d\n\ne"} {
		got, err := r.read()
		if err != nil || got.text() != want {
			t.Errorf("%q, %v; want %q", got.text(), err, want)
		}
	}
}

// quirkShortPermissions, quirkWideColumn.
func TestRowsOfOddColumns(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for data, want := range map[string]string{
		"drwxr-x   2       10     4096 Dec 10 14:32 pollq\n":                                           "[pollq]",
		"drw-r--rw   1     root     root         0 Apr 21 19:31 D\n":                                   "[D]",
		"-rw-r--r-- 1 0 0 1 Mar 1 2003  a\n-rw-r--r-- 1 0 0 1 Mar 1 2003   b\n":                        "[a  b]",
		"-rw-r--r-- 1 0 0 1 Mar 1 2003 a\n-rw-r--r-- 1 0 0 1 Mar 1 2003  b\n":                          "[a  b]",
		"drwxr-xr-x 1 0 0 1 Mar 1 2003 .\n-rw-r--r-- 1 0 0 1 Mar 1 2003  lead\n":                       "[ lead]",
		"drwxr-xr-x 1 0 0 1 Mar 1 2003  .\ndrwxr-xr-x 1 0 0 1 Mar 1 2003  ..\n":                        "[]",
		"-rw-r--r-- 1 0 0 1 Mar 1 2003  one\n":                                                         "[ one]",
		"-rw-r--r-- 1 0 0 1 Mar 1 2003 total 5\ntotal 5\nGesamt 12\nitogo: 5\ninsgesamt 4,2K\nx y z\n": "[total 5]",
	} {
		l := parseListing(t, data, false, now)
		if got := fmt.Sprint(names(l)); got != want {
			t.Errorf("%q: %s, want %s; skipped %q", data, got, want, l.Skipped)
		}
	}
}

// quirkUtimeForm: three times behind the name, where one before is refused.
func TestUtimeForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": ""})
		f.hook = on("SITE", func(s *fakeSession, arg string) {
			if arg == "UTIME /f 20110203040506 20110203040506 20110203040506 UTC" {
				s.say("200 done")
			} else {
				s.say("501 syntax")
			}
		})
		noError(t, "SetModTime", f.client(nil).SetModTime(t.Context(), "/f", time.Date(2011, 2, 3, 4, 5, 6, 0, time.UTC), false))
	})
}

// quirkYear19100: a year printed as 19 and the years since 1900.
func TestTimeVal(t *testing.T) {
	for s, want := range map[string]string{
		"20181025120459":     "2018-10-25T12:04:59Z",
		"20181025120459.123": "2018-10-25T12:04:59Z",
		"191181025120459":    "2018-10-25T12:04:59Z",
		"20161231235960":     "2017-01-01T00:00:00Z",
		"19011213204552":     "1901-12-13T20:45:52Z",
		"20181325120459":     "",
		"2018":               "",
		"20181025120459Z":    "",
		"20181025120459.x":   "",
	} {
		got := ""
		if v, ok := parseTimeVal(s); ok {
			got = v.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

// The year that LIST leaves out is the latest that is not in the future, with
// a day of slack for zones; a Feb 29 is of a leap year.
func TestYearOf(t *testing.T) {
	for _, tc := range []struct{ now, row, want string }{
		{"2026-11-21T12:00:00Z", "Nov 21 02:35", "2026-11-21T02:35:00Z"},
		{"2026-11-21T12:00:00Z", "Nov 22 11:59", "2026-11-22T11:59:00Z"},
		{"2026-11-21T12:00:00Z", "Nov 22 12:01", "2025-11-22T12:01:00Z"},
		{"2026-12-31T23:00:00Z", "Jan  1 09:00", "2027-01-01T09:00:00Z"},
		{"2027-01-01T00:30:00Z", "Dec 31 23:59", "2026-12-31T23:59:00Z"},
		{"2026-11-21T12:00:00Z", "Feb 29 10:00", "2024-02-29T10:00:00Z"},
		{"2026-11-21T12:00:00Z", "Nov 20 24:00", "2026-11-21T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := parseUnixRow("-rw-r--r-- 1 u g 1 "+tc.row+" f", now)
		if got := e.ModTime.Format(time.RFC3339); !ok || got != tc.want {
			t.Errorf("%s at %s: %s, want %s", tc.row, tc.now, got, tc.want)
		}
	}
}
