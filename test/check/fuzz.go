package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// fuzzFor is for how long each fuzz target gets new inputs.
const fuzzFor = 3 * time.Second

// A fuzzTarget is a function FuzzX of a package's tests.
type fuzzTarget struct{ dir, name string }

// fuzzTargets finds the fuzz targets below a directory, in the files that the go
// command would see.
func fuzzTargets(root string) (found []fuzzTarget, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && isFuzzTarget(fn) {
				found = append(found, fuzzTarget{filepath.Dir(path), fn.Name.Name})
			}
		}
		return nil
	})
	return found, err
}

// isFuzzTarget recognises func FuzzX(f *testing.F).
func isFuzzTarget(fn *ast.FuncDecl) bool {
	if fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") || len(fn.Type.Params.List) != 1 {
		return false
	}
	pointer, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	typ, ok := pointer.X.(*ast.SelectorExpr)
	return ok && typ.Sel.Name == "F"
}

// fuzz runs every fuzz target below the working directory for a while, each as a
// check of its own, without a trace: what go test finds worth keeping goes to a
// cache that is removed, and an input that fails is printed and taken out of the
// tree again.
func (r *report) fuzz(root string, d time.Duration) {
	targets, err := fuzzTargets(root)
	if err == nil && len(targets) == 0 {
		err = errors.New("no fuzz targets found")
	}
	if err != nil {
		r.fail("fuzz", err.Error())
		return
	}
	for _, t := range targets {
		var ran string
		name := "fuzz " + strings.TrimPrefix(filepath.ToSlash(t.dir), "./") + " " + t.name
		r.check(name, func() (out string, err error) {
			out, err = t.run(d)
			ran = executions(out)
			if err == nil && (ran == "" || ran == "0") {
				err = errors.New("go test does not say that anything was executed")
			}
			return out, err
		})
		if ran != "" && ran != "0" {
			r.printf("     %s executions\n", ran)
		}
	}
}

// run fuzzes one target.
func (t fuzzTarget) run(d time.Duration) (string, error) {
	cache, err := os.MkdirTemp("", "ftpfs-fuzz-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(cache)
	inputs := filepath.Join(t.dir, "testdata", "fuzz", t.name)
	before, err := filesIn(inputs)
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", d.String(),
		"-fuzzminimizetime", "1x", "-parallel", "2", "-test.fuzzcachedir", cache, ".")
	cmd.Dir = t.dir
	out, runErr := cmd.CombinedOutput()
	found, err := takeNew(inputs, before)
	if found == "" && outOfTime.Match(out) {
		runErr = nil
	}
	return string(out) + found, errors.Join(runErr, err)
}

// outOfTime is what go test sometimes says, and fails with, when -fuzztime ends
// in the middle of an input. It has found nothing then.
var outOfTime = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([0-9.]+s\)\n\s+context deadline exceeded\nFAIL$`)

// filesIn names the files of a directory, which may be missing.
func filesIn(dir string) (map[string]bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names, nil
}

// takeNew removes the files of a directory that were not there before, and the
// directories that this leaves empty, and returns what was in them.
func takeNew(dir string, before map[string]bool) (string, error) {
	after, err := filesIn(dir)
	if err != nil {
		return "", err
	}
	var found strings.Builder
	for name := range after {
		if before[name] {
			continue
		}
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			return found.String(), err
		}
		fmt.Fprintf(&found, "%s held\n%s", filepath.ToSlash(path), text)
	}
	for _, empty := range []string{dir, filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} {
		if os.Remove(empty) != nil {
			break // it is not empty, or not there
		}
	}
	return found.String(), nil
}

var execsLine = regexp.MustCompile(`execs: (\d+)`)

// executions is the last number of executions that go test has printed.
func executions(out string) string {
	all := execsLine.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}
