package ftpclient

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// corpora returns the folder of the third-party corpora.
func corpora() string {
	if root := os.Getenv("FTPFS_CORPORA"); root != "" {
		return root
	}
	return filepath.Join("..", "..", "shared", "corpora")
}

// corpus returns the path of a file of the third-party corpora, which are no
// part of the project. Where they are absent the test is skipped, in CI it
// fails.
func corpus(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(corpora(), name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no corpora: %v (set FTPFS_CORPORA)", err)
		}
		t.Skipf("no corpora: %v (set FTPFS_CORPORA)", err)
	}
	return path
}

// readJSONL decodes one value per line.
func readJSONL[T any](t testing.TB, name string) []T {
	t.Helper()
	f, err := os.Open(corpus(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v in %s", name, err, sc.Text())
		}
		all = append(all, v)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// corpusDate is a date of a corpus; what is absent is not claimed.
type corpusDate struct {
	Y, Mo, D *int
	H, Mi, S *int
}

func (d *corpusDate) matches(got time.Time) bool {
	if d == nil || d.Mo == nil {
		return true
	}
	ok := func(want *int, have int) bool { return want == nil || *want == have }
	return !got.IsZero() && ok(d.Y, got.Year()) && ok(d.Mo, int(got.Month())) && ok(d.D, got.Day()) &&
		ok(d.H, got.Hour()) && ok(d.Mi, got.Minute()) && ok(d.S, got.Second())
}

// corpusRow is one line of a cases.jsonl.
type corpusRow struct {
	ID       string
	Parser   string
	Now      string
	Input    *string
	InputB64 string `json:"input_b64"`
	Wrong    bool   `json:"upstream_known_wrong"`
	Expect   json.RawMessage
}

func (c corpusRow) line(t *testing.T) string {
	if c.Input != nil {
		return *c.Input
	}
	b, err := base64.StdEncoding.DecodeString(c.InputB64)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// corpusEntry is what a corpus expects of a row.
type corpusEntry struct {
	Name   *string
	Type   *string
	Size   *json.Number
	Target *string
	Mtime  *corpusDate
	Owner  *string
	Group  *string
	Mode   *string
	// MtimeText is a date as ANSI C prints it.
	MtimeText *string `json:"mtime_text"`
}

// dated says whether a time is the one in words, to its precision.
func (w corpusEntry) dated(e Entry) bool {
	if w.MtimeText == nil {
		return true
	}
	t, err := time.Parse(time.ANSIC, *w.MtimeText)
	return err == nil && e.ModTime.Truncate(e.Precision).Equal(t.Truncate(e.Precision))
}

// differs says in what an entry differs from what is expected, or "".
func (w corpusEntry) differs(e Entry) string {
	types := map[string]Type{"file": TypeFile, "dir": TypeDir, "link": TypeSymlink, "unknown": TypeUnknown}
	size := func() bool {
		if w.Size == nil {
			return false
		}
		n, err := w.Size.Int64()
		if err != nil {
			return e.Size != -1 // more than an int64 holds
		}
		return n != e.Size && !(n == 0 && e.Size == -1 && e.Type != TypeFile) // 0 for not told
	}
	switch {
	case w.Name != nil && *w.Name != e.Name:
		return "name " + e.Name
	case w.Type != nil && types[*w.Type] != e.Type:
		return "type"
	case size():
		return "size"
	case w.Target != nil && *w.Target != e.Target:
		return "target " + e.Target
	case !w.Mtime.matches(e.ModTime):
		return "time " + e.ModTime.String()
	case !w.dated(e):
		return "time " + e.ModTime.String()
	case w.Mode != nil && *w.Mode != fmt.Sprintf("%04o", e.Mode):
		return fmt.Sprintf("mode %04o", e.Mode)
	case w.Owner != nil && *w.Owner != e.Owner:
		return "owner " + e.Owner
	case w.Group != nil && *w.Group != e.Group:
		return "group " + e.Group
	}
	return ""
}

// corpusNow is when rows without a year were written.
func corpusNow(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, strings.TrimSuffix(s, " (local)")); err == nil {
			return t
		}
	}
	return time.Date(2017, 3, 10, 23, 0, 0, 0, time.UTC)
}

// rowSet is a part of a file of rows.
type rowSet struct {
	file  string
	wants func(corpusRow) bool
	// now is when the rows were printed, where they do not say it.
	now string
	// before are lines that the listing begins with.
	before []string
	// dialect is what a refusal is claimed for; empty: all.
	dialect string
	// unsized rows have a size in units that are no octets: -1 here.
	unsized bool
	// contradicted are the rows where we decided otherwise, with the reason.
	contradicted map[string]string
}

// run checks every row, and prints the share that is met.
func (s rowSet) run(t *testing.T) {
	met, all := 0, 0
	for _, c := range readJSONL[corpusRow](t, s.file) {
		if !s.wants(c) {
			continue
		}
		if c.Input == nil && c.InputB64 == "" {
			continue // no line at all
		}
		all++
		problem := s.problem(t, c)
		reason, known := s.contradicted[c.ID]
		switch {
		case problem == "" && known:
			t.Errorf("%s: met, although it is listed as contradicted (%s)", c.ID, reason)
		case problem == "":
			met++
		case known:
			t.Logf("%s: not met: %s", c.ID, reason)
		default:
			t.Errorf("%s: %s: %q, want %s", c.ID, problem, c.line(t), c.Expect)
		}
	}
	if all == 0 {
		t.Error("no row at all")
	}
	t.Logf("%s: %d of %d expectations met", s.file, met, all)
}

// problem says how a row differs from what is expected, or "".
func (s rowSet) problem(t *testing.T, c corpusRow) string {
	refused := string(c.Expect) == "null"
	var among []dialect
	if refused && s.dialect != "" {
		among = []dialect{dialectNamed(t, s.dialect)}
	}
	e, found, ok := s.parse(t, c, among)
	switch {
	case refused && found:
		return "accepted"
	case refused:
		return ""
	case !ok:
		return "refused"
	case !found: // a heading is claimed to be read, no more
		return ""
	}
	var w corpusEntry
	if err := json.Unmarshal(c.Expect, &w); err != nil {
		t.Fatal(err)
	}
	if s.unsized && e.Size == -1 {
		w.Size = nil
	}
	return w.differs(e)
}

// parse reads a row, after the lines that go before it. ok tells that it was
// understood, found that it has an entry.
func (s rowSet) parse(t *testing.T, c corpusRow, among []dialect) (e Entry, found, ok bool) {
	if looksLikeFacts(c) {
		e, skip, ok := parseFactsLine(c.line(t))
		return e, ok && !skip, ok
	}
	read := func(lines []string) *Listing {
		lr := listReader{rows: &rowReader{now: corpusNow(cmp.Or(c.Now, s.now)), among: among}}
		for _, line := range lines {
			lr.line([]byte(line), "")
		}
		return lr.result()
	}
	before := len(read(s.before).Entries)
	l := read(append(slices.Clone(s.before), strings.Split(c.line(t), "\r\n")...))
	if len(l.Entries) > before {
		e, found = l.Entries[before], true
	}
	return e, found, len(l.Skipped) == 0
}

func dialectNamed(t testing.TB, name string) dialect {
	t.Helper()
	for _, d := range dialects {
		if d.name == name {
			return d
		}
	}
	t.Fatalf("no dialect %s", name)
	return dialect{}
}

// looksLikeFacts tells a line of MLSD from a row of LIST.
func looksLikeFacts(c corpusRow) bool {
	if c.Parser != "" {
		return c.Parser == "MLSx" || c.Parser == "Machine"
	}
	return c.Input != nil && strings.Contains(strings.ToLower(*c.Input), "modify=")
}
