// Command check runs every check of the project: it gets the tools and the
// servers that the tests need, and runs gofmt, go build, go vet, staticcheck,
// all tests with the race detector, and every fuzz target for a few seconds.
//
//	go run ./test/check [-short] [-v] [-run regexp] [packages]
//
// Its last line is "N passed, N failed, N skipped": a check and a test without
// subtests count as one each. It exits with 0 if nothing failed and, where the
// environment variable CI is true, nothing was skipped either.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ftpfs/test/ftptest"
)

// everything is all packages, those before whose tests take longest: at the end, no
// processor waits for the last.
var everything = []string{"./test/interop", "./test/faults", "./..."}

func main() {
	short := flag.Bool("short", false, "leave out the long tests, and fuzzing")
	verbose := flag.Bool("v", false, "print what all tests say, not only the failed ones")
	run := flag.String("run", "", "run only the tests whose names match this `regexp`")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = everything
	}
	if err := toRoot(); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}

	started := time.Now()
	r := newReport(os.Stdout, *verbose)
	notes := append(installTools(), serverNotes()...)
	for _, n := range notes {
		r.printf("note: %s\n", n)
	}
	r.check("gofmt", formatted)
	r.check("go build", goCommand(append([]string{"build"}, packages...)...))
	r.check("go vet", goCommand(append([]string{"vet"}, packages...)...))
	r.check("staticcheck", goCommand(append([]string{"tool", "staticcheck"}, packages...)...))
	// Most of what tests with servers and mounts do is waiting.
	// The go command does not know what they build and run besides: no result is an
	// earlier one's.
	args := []string{"-json", "-vet=off", "-count=1", "-timeout", "40m", "-parallel", "6"}
	if *short {
		args = append(args, "-short")
	}
	if raceDetector() {
		args = append(args, "-race")
	} else {
		r.problem("the race detector needs cgo and a C compiler; the tests run without it")
	}
	if err := r.runTests(slices.Concat(args, []string{"-run", *run}, packages)); err != nil {
		r.fail("go test", err.Error())
	}
	r.runAgain(args)
	if !*short && *run == "" {
		r.fuzz(".", fuzzFor)
	}
	if !r.summary(notes, time.Since(started), os.Getenv("CI") == "true") {
		os.Exit(1)
	}
}

// toRoot changes to the module's root.
func toRoot() error {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return fmt.Errorf("run it inside the project")
	}
	return os.Chdir(filepath.Dir(mod))
}

// formatted runs gofmt on the files that the build sees.
func formatted() (string, error) {
	folders, err := exec.Command("go", "list", "-f", "{{.Dir}}", "./...").Output()
	if err != nil {
		return "", err
	}
	out, err := exec.Command("gofmt", append([]string{"-l"}, strings.Fields(string(folders))...)...).CombinedOutput()
	if err == nil && len(out) > 0 {
		err = fmt.Errorf("not formatted")
	}
	return string(out), err
}

// goCommand returns a check that runs the go command.
func goCommand(args ...string) func() (string, error) {
	return func() (string, error) {
		out, err := exec.Command("go", args...).CombinedOutput()
		return string(out), err
	}
}

// raceDetector reports whether programs can be built with -race.
func raceDetector() bool {
	out, err := exec.Command("go", "env", "CGO_ENABLED", "CC").Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 2 || fields[0] != "1" {
		return false
	}
	_, err = exec.LookPath(fields[1])
	return err == nil
}

// serverNotes gets the servers and returns a note for each that is missing.
func serverNotes() (notes []string) {
	for name, err := range ftptest.Prepare() {
		notes = append(notes, fmt.Sprintf("no %s: %v", name, err))
	}
	return notes
}
