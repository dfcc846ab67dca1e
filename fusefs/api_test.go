package fusefs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// interfacesOf returns the names of the operation interfaces that go-fuse
// has: those that a node or a handle may implement.
func interfacesOf(t *testing.T) map[string]bool {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/hanwen/go-fuse/v2/fs").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	file := filepath.Join(strings.TrimSpace(string(dir)), "api.go")
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		name := spec.Name.Name
		_, isInterface := spec.Type.(*ast.InterfaceType)
		if isInterface && (strings.HasPrefix(name, "Node") || strings.HasPrefix(name, "File")) {
			names[name] = true
		}
		return false
	})
	return names
}

// assertedHere returns the interfaces that api.go asserts.
func assertedHere(t *testing.T) map[string]bool {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), "api.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "_" {
			return true
		}
		names[spec.Type.(*ast.SelectorExpr).Sel.Name] = true
		return false
	})
	return names
}

// Every interface of go-fuse is implemented or left out for a reason.
func TestEveryOperationIsDecidedUpon(t *testing.T) {
	all, asserted := interfacesOf(t), assertedHere(t)
	if len(all) < 50 || len(asserted) < 20 {
		t.Fatalf("found only %d interfaces and %d assertions", len(all), len(asserted))
	}
	for name := range all {
		_, left := notImplemented[name]
		if asserted[name] == left {
			t.Errorf("%s: implemented %v, left out %v", name, asserted[name], left)
		}
		delete(asserted, name)
	}
	for name, reason := range notImplemented {
		if !all[name] || reason == "" {
			t.Errorf("%s: not in go-fuse, or no reason (%q)", name, reason)
		}
	}
	for name := range asserted {
		t.Errorf("%s: asserted, but not in go-fuse", name)
	}
}
