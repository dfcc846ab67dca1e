package ftpclient

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// corpus returns the path of a file of the third-party corpora, which are no
// part of the project. Where they are absent the test is skipped, in CI it
// fails.
func corpus(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("FTPFS_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "corpora")
	}
	path := filepath.Join(root, name)
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
		return n != e.Size && !(e.Type == TypeUnknown && n == 0)
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

// runRows checks every row that want accepts and prints the share that is
// met. contradicted are the rows where we decided otherwise, with the reason.
func runRows(t *testing.T, file string, want func(corpusRow) bool, contradicted map[string]string) {
	met, all := 0, 0
	for _, c := range readJSONL[corpusRow](t, file) {
		if !want(c) {
			continue
		}
		if c.Input == nil && c.InputB64 == "" {
			continue // no line at all
		}
		all++
		rows := rowReader{now: corpusNow(c.Now)}
		line := c.line(t)
		e, skip, ok := rows.parse(line)
		if looksLikeFacts(c) {
			e, skip, ok = parseFactsLine(line)
		}
		problem := ""
		switch {
		case string(c.Expect) == "null":
			if ok && !skip {
				problem = "accepted"
			}
		case !ok:
			problem = "refused"
		default:
			var w corpusEntry
			if err := json.Unmarshal(c.Expect, &w); err != nil {
				t.Fatal(err)
			}
			problem = w.differs(e)
		}
		reason, known := contradicted[c.ID]
		switch {
		case problem == "" && known:
			t.Errorf("%s: met, although it is listed as contradicted (%s)", c.ID, reason)
		case problem == "":
			met++
		case !known:
			t.Errorf("%s: %s: %q, want %s", c.ID, problem, line, c.Expect)
		}
	}
	t.Logf("%s: %d of %d expectations met", file, met, all)
}

// looksLikeFacts tells a line of MLSD from a row of LIST.
func looksLikeFacts(c corpusRow) bool {
	if c.Parser != "" {
		return c.Parser == "MLSx" || c.Parser == "Machine"
	}
	return c.Input != nil && strings.Contains(strings.ToLower(*c.Input), "modify=")
}
