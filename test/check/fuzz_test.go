package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fuzzModule is a module with a target that never fails, one that always does,
// and functions that are none.
var fuzzModule = map[string]string{
	"go.mod": "module fuzzed\n",
	"good/good_test.go": `package good
import "testing"
func FuzzGood(f *testing.F) { f.Add("x"); f.Fuzz(func(*testing.T, string) {}) }
func FuzzyTest(t *testing.T) {}
func (x T) FuzzMethod(f *testing.F) {}
type T struct{}
`,
	"bad/bad_test.go": `package bad
import "testing"
func FuzzBad(f *testing.F) { f.Fuzz(func(t *testing.T, s string) { if len(s) > 3 { t.Error("it is long") } }) }
`,
	"kept/kept_test.go": `package kept
import "testing"
func FuzzKept(f *testing.F) { f.Fuzz(func(*testing.T, []byte) {}) }
`,
	"kept/testdata/fuzz/FuzzKept/seed": "go test fuzz v1\n[]byte(\"a\")\n",
	"testdata/x_test.go":               "package x\nimport \"testing\"\nfunc FuzzOfTestdata(f *testing.F) {}\n",
}

// lay writes files and returns their directory.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// tree names all files and directories below root.
func tree(t *testing.T, root string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFuzz: every target runs, one that finds something fails and shows it, and
// nothing is left in the tree.
func TestFuzz(t *testing.T) {
	root := lay(t, fuzzModule)
	before := tree(t, root)
	var out strings.Builder
	r := newReport(&out, false)
	r.fuzz(root, time.Second)
	if r.passed != 2 || r.failed != 1 || !strings.Contains(out.String(), "it is long") || !strings.Contains(out.String(), "FuzzBad/") {
		t.Errorf("%d passed, %d failed:\n%s", r.passed, r.failed, out.String())
	}
	if n := strings.Count(out.String(), " executions\n"); n < 2 {
		t.Errorf("executions are not told:\n%s", out.String())
	}
	if after := tree(t, root); !slices.Equal(after, before) {
		t.Errorf("the tree was %q and is %q", before, after)
	}
}

// TestFuzzWithoutTargets: nothing to fuzz is no success.
func TestFuzzWithoutTargets(t *testing.T) {
	var out strings.Builder
	r := newReport(&out, false)
	r.fuzz(t.TempDir(), time.Second)
	if r.failed != 1 {
		t.Errorf("%s", out.String())
	}
}

// TestFuzzTargets finds the project's own.
func TestFuzzTargets(t *testing.T) {
	found, err := fuzzTargets(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []fuzzTarget{{"../../ftpclient", "FuzzReply"}, {"../../ftpclient", "FuzzListing"}, {"../../ftpserver", "FuzzSession"}, {"../../cmd/ftpfs/internal/ftpurl", "FuzzParseURL"}} {
		if !slices.Contains(found, want) {
			t.Errorf("%v is not among %v", want, found)
		}
	}
}

// TestOutOfTime tells an end of time from a finding.
func TestOutOfTime(t *testing.T) {
	for out, want := range map[string]bool{
		"fuzz: elapsed: 8s, execs: 4\n--- FAIL: FuzzX (8.02s)\n    context deadline exceeded\nFAIL\nexit status 1\n": true,
		"--- FAIL: FuzzX (8.02s)\n    x_test.go:3: context deadline exceeded\nFAIL\n":                                false,
		"--- FAIL: FuzzX (8.02s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\nFAIL\n":        false,
	} {
		if got := outOfTime.MatchString(out); got != want {
			t.Errorf("%q: %v", out, got)
		}
	}
}
