package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// unsteadyTests are tests of which each leaves a note when it ran.
const unsteadyTests = `package a

import (
	"os"
	"testing"
)

// first reports whether name was not asked for before.
func first(name string) bool {
	_, err := os.Stat(name)
	os.WriteFile(name, nil, 0o600)
	return err != nil
}

func TestSteady(t *testing.T) {}

func TestUnsteady(t *testing.T) {
	t.Run("a (b)", func(t *testing.T) {
		if first("unsteady") {
			t.Error("too early")
		}
	})
	t.Run("a", func(t *testing.T) {
		if !first("beside") {
			t.Error("runs beside the other again")
		}
	})
}
`

const alwaysFails = `
func TestAlways(t *testing.T) { t.Error("is wrong") }
`

const racesOnce = `
func TestRace(t *testing.T) {
	if first("race") {
		t.Error("testing.go:1: race detected during execution of test")
	}
}
`

// runModule runs tests of a module of its own, and those that fail again.
func runModule(t *testing.T, tests string) (*report, string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"go.mod": "module ftpfs\n\ngo 1.24\n", "a/a_test.go": tests} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	r := newReport(&out, false)
	args := []string{"-json", "-vet=off", "-count=1"}
	if err := r.runTests(slices.Concat(args, []string{"-run", "", "./..."})); err != nil {
		t.Fatal(err)
	}
	r.runAgain(args)
	return r, out.String()
}

func TestUnsteady(t *testing.T) {
	r, _ := runModule(t, unsteadyTests)
	if r.failed != 0 || r.passed != 3 || !slices.Equal(r.unsteady, []string{"a TestUnsteady/a_(b)"}) {
		t.Errorf("%d failed, %d passed, unsteady: %q", r.failed, r.passed, r.unsteady)
	}
	var out strings.Builder
	r.out = &out
	if !r.summary(nil, time.Second, true) {
		t.Error("a run whose failures did not come again is not well")
	}
	for _, want := range []string{"unsteady: a TestUnsteady/a_(b): ", "too early", "1 of those that passed did so only when run again, alone\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestFailuresThatCount(t *testing.T) {
	for name, test := range map[string]string{"that come again": alwaysFails, "races": racesOnce} {
		t.Run(name, func(t *testing.T) {
			r, out := runModule(t, unsteadyTests+test)
			if r.failed != 1 || len(r.unsteady) != 1 || len(r.failures) != 1 || r.summary(nil, time.Second, false) {
				t.Errorf("%d failed: %q, unsteady: %q\n%s", r.failed, r.failures, r.unsteady, out)
			}
		})
	}
}

// Nothing is run again beside a package that fails as a whole, or where many tests fail.
func TestNotAgain(t *testing.T) {
	r, _ := read(t, run)
	before := r.failed
	r.runAgain([]string{"-no-such-flag"})
	if r.failed != before || len(r.unsteady) > 0 {
		t.Errorf("%d failed, %q", r.failed, r.unsteady)
	}
	r, _ = read(t, "")
	for range mostAgain + 1 {
		r.failedTests, r.failed = append(r.failedTests, failedTest{again: true}), r.failed+1
	}
	if r.runAgain([]string{"-no-such-flag"}); r.failed != mostAgain+1 {
		t.Errorf("%d failed", r.failed)
	}
}

// What a package leaves behind is a failure beside that of its test.
func TestLeftBehindCounts(t *testing.T) {
	r, _ := read(t, `
{"Action":"run","Package":"ftpfs/a","Test":"TestFail"}
{"Action":"fail","Package":"ftpfs/a","Test":"TestFail"}
{"Action":"output","Package":"ftpfs/a","Output":"ftptest: left behind: file /x\n"}
{"Action":"fail","Package":"ftpfs/a"}
`)
	if r.failed != 2 {
		t.Errorf("%d failed: %q", r.failed, r.failures)
	}
}
