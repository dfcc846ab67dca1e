package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// An event is one line of go test -json; go doc test2json explains it.
type event struct {
	Action, Package, Test, Output string
	ImportPath, FailedBuild       string
	Elapsed                       float64
}

// A test is what is known of a test, or, without a name, of a package.
type test struct {
	output strings.Builder
	parent bool // it has subtests
	failed bool // one of these failed
}

// testKey names a test within a run.
type testKey struct{ pkg, name string }

// serverLine is what ftptest logs of the server that a test ran against.
var serverLine = regexp.MustCompile(`ftptest: server (.+)`)

// runTests runs go test -json and takes in what it says.
func (r *report) runTests(args []string) error {
	cmd := exec.Command("go", append([]string{"test"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := r.read(out)
	var status *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &status) {
		return err
	}
	if readErr == nil && status != nil && r.failed == 0 {
		return fmt.Errorf("%w, though no test failed", status)
	}
	return readErr
}

// read takes in the lines of go test -json.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				r.printf("%s", line) // the go command itself speaks
			} else {
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take takes in one event.
func (r *report) take(e event) {
	t := r.test(e.Package, e.Test)
	switch e.Action {
	case "run":
		r.markParents(e.Package, e.Test)
	case "output":
		if m := serverLine.FindStringSubmatch(e.Output); m != nil {
			r.servers[m[1]]++
		}
		t.output.WriteString(e.Output)
		if r.verbose {
			r.printf("%s", e.Output)
		}
	case "build-output":
		r.builds[e.ImportPath] += e.Output
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.endPackage(e, t)
		} else {
			r.endTest(e, t)
		}
	}
}

// test returns what is known of a test.
func (r *report) test(pkg, name string) *test {
	k := testKey{pkg, name}
	if r.tests[k] == nil {
		r.tests[k] = &test{}
	}
	return r.tests[k]
}

// markParents notes that the tests above this one have subtests.
func (r *report) markParents(pkg, name string) {
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name, '/') {
		name = name[:i]
		r.test(pkg, name).parent = true
	}
}

// endTest counts a test. One with subtests counts only if it fails although
// these did not.
func (r *report) endTest(e event, t *test) {
	full := strings.TrimPrefix(e.Package, "ftpfs/") + " " + e.Test
	if !strings.Contains(e.Test, "/") {
		r.took = append(r.took, slow{full, e.Elapsed})
	}
	switch {
	case e.Action == "fail":
		if !t.failed {
			r.failed++
			r.failures = append(r.failures, full)
			r.said[full] = said(t.output.String())
			r.failedTests = append(r.failedTests, failedTest{testKey{e.Package, e.Test}, full, !neverAgain.MatchString(t.output.String())})
		}
		r.markFailed(e.Package, e.Test)
		if !r.verbose {
			r.printf("%s", t.output.String())
		}
	case t.parent:
	case e.Action == "skip":
		r.skips = append(r.skips, full+": "+reason(t.output.String()))
	default:
		r.passed++
	}
	t.output.Reset()
}

// markFailed notes for the tests above a failed one, and for its package, that
// the failure has been counted.
func (r *report) markFailed(pkg, name string) {
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name, '/') {
		name = name[:i]
		r.test(pkg, name).failed = true
	}
	r.test(pkg, "").failed = true
}

// endPackage prints a package's line. A package that failed although no test
// of it did, did not build, crashed, or left something behind.
func (r *report) endPackage(e event, t *test) {
	name := strings.TrimPrefix(e.Package, "ftpfs/")
	switch {
	case e.Action == "fail":
		if !t.failed || strings.Contains(t.output.String(), "left behind") {
			r.failed++
			r.failures = append(r.failures, name)
		}
		r.printf("%s%s", r.builds[e.FailedBuild], t.output.String())
		r.printUnfinished(e.Package)
		r.printf("FAIL %-24s %6.1fs\n", name, e.Elapsed)
	case e.Action == "pass":
		r.printf("ok   %-24s %6.1fs\n", name, e.Elapsed)
	default:
		r.printf("     %-24s no tests\n", name)
	}
}

// printUnfinished prints the output of the tests that a crash or the time
// limit ended.
func (r *report) printUnfinished(pkg string) {
	if r.verbose {
		return
	}
	for k, t := range r.tests {
		if k.pkg == pkg && k.name != "" && t.output.Len() > 0 {
			r.printf("%s", t.output.String())
		}
	}
}

// reason returns the message of t.Skip in a test's output.
func reason(output string) string {
	var said []string
	for line := range bytes.Lines([]byte(output)) {
		s := strings.TrimSpace(string(line))
		if s != "" && !strings.HasPrefix(s, "=== ") && !strings.HasPrefix(s, "--- ") && !serverLine.MatchString(s) {
			said = append(said, s)
		}
	}
	return strings.Join(said, " ")
}
