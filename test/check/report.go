package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// A report counts checks and tests and prints what is to be known of them.
type report struct {
	out     io.Writer
	verbose bool

	passed, failed int
	failures       []string            // the names of what failed
	failedTests    []failedTest        // of them, the tests
	unsteady       []string            // failed beside others, passed alone
	said           map[string][]string // what the failed tests said
	took           []slow
	skips          []string       // name: reason
	problems       []string       // what makes the result worth less
	servers        map[string]int // version -> tests that ran against it

	tests  map[testKey]*test
	builds map[string]string // package -> what its compiler said
}

func newReport(out io.Writer, verbose bool) *report {
	return &report{out: out, verbose: verbose, servers: map[string]int{}, said: map[string][]string{},
		tests: map[testKey]*test{}, builds: map[string]string{}}
}

func (r *report) printf(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

// check runs a check and prints its output if it failed.
func (r *report) check(name string, f func() (string, error)) {
	started := time.Now()
	out, err := f()
	if err != nil {
		r.fail(name, strings.TrimRight(out, "\n")+"\n"+err.Error())
		return
	}
	r.passed++
	r.printf("ok   %-24s %6.1fs\n", name, time.Since(started).Seconds())
}

// fail counts and prints something that failed.
func (r *report) fail(name, why string) {
	r.failed++
	r.failures = append(r.failures, name)
	r.printf("%s\nFAIL %s\n", strings.TrimSpace(why), name)
}

// problem notes what lets less be proven than should be.
func (r *report) problem(text string) {
	r.problems = append(r.problems, text)
	r.printf("note: %s\n", text)
}

// summary prints the end of the report and reports whether all is well.
// Strictly, a skip and a problem are failures.
func (r *report) summary(notes []string, took time.Duration, strict bool) bool {
	r.printf("\n")
	for _, n := range append(slices.Clone(notes), r.problems...) {
		r.printf("note: %s\n", n)
	}
	for _, s := range r.skips {
		r.printf("skipped: %s\n", s)
	}
	for _, t := range slowest(r.took) {
		r.printf("%6.1fs %s\n", t.seconds, t.name)
	}
	for _, f := range r.unsteady {
		r.printf("unsteady: %s: failed beside others, passed alone; it said\n", f)
		for _, line := range r.said[f] {
			r.printf("%s\n", line)
		}
	}
	for _, f := range r.failures {
		r.printf("failed: %s\n", f)
		for _, line := range r.said[f] {
			r.printf("%s\n", line)
		}
	}
	for _, v := range slices.Sorted(maps.Keys(r.servers)) {
		r.printf("ran against: %s (%d times)\n", v, r.servers[v])
	}
	ok := r.failed == 0
	if strict && len(r.skips)+len(r.problems) > 0 {
		r.printf("CI=true: skips and notes are failures\n")
		ok = false
	}
	r.printf("took %s\n", took.Round(time.Second))
	if n := len(r.unsteady); n > 0 {
		r.printf("%d of those that passed did so only when run again, alone\n", n)
	}
	r.printf("%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skips))
	return ok
}
