package main

import (
	"regexp"
	"slices"
	"strings"
)

// mostAgain is how many failed tests are run again. More of them are no accident.
const mostAgain = 4

// neverAgain is what a test says whose failure counts, however it ends the next time.
var neverAgain = regexp.MustCompile(`race detected during execution|DATA RACE|panic: |test timed out|fatal error: `)

// A failedTest is a test that failed, without those above it.
type failedTest struct {
	testKey
	full  string // as the report names it
	again bool   // it may be run again
}

// runAgain runs each test that failed once more, with nothing beside it: the tests
// share two processors and their clocks with some hundred servers and mounts, and a
// wait for a time may end too early. One that passes alone is named as unsteady, with
// what it said when it failed, and does not count as failed. Nothing is run again
// where a check or a package failed, or more than mostAgain tests; a race, a panic
// and a time-out are failures for good. args are those of go test without packages.
func (r *report) runAgain(args []string) {
	if len(r.failedTests) != r.failed || r.failed > mostAgain {
		return
	}
	for _, t := range r.failedTests {
		if t.again && r.passesAlone(t, args) {
			r.failed--
			r.passed++
			r.failures = slices.DeleteFunc(r.failures, func(name string) bool { return name == t.full })
			r.unsteady = append(r.unsteady, t.full)
		}
	}
}

// passesAlone runs one test.
func (r *report) passesAlone(t failedTest, args []string) bool {
	alone := newReport(r.out, r.verbose)
	r.printf("again, alone: %s\n", t.full)
	err := alone.runTests(append(slices.Clone(args), "-run", only(t.name), t.pkg))
	return err == nil && alone.failed == 0 && alone.passed > 0 && len(alone.skips) == 0
}

// only returns the pattern that -run matches with that test alone.
func only(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
