package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// module is the path that all imports of ours begin with.
const module = "ftpfs"

// A source is a parsed Go file.
type source struct {
	name  string // relative to the project's root, with slashes
	lines int
	fset  *token.FileSet
	*ast.File
}

// top returns the top-level folder, "" for the root itself.
func (s source) top() string {
	first, _, ok := strings.Cut(s.name, "/")
	if !ok {
		return ""
	}
	return first
}

func (s source) dir() string  { return path.Dir(s.name) }
func (s source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// at describes a place in the file.
func (s source) at(n ast.Node) string {
	return s.name + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// imports returns the paths of the imports and where each is.
func (s source) imports() map[string]ast.Node {
	found := map[string]ast.Node{}
	for _, i := range s.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			found[p] = i
		}
	}
	return found
}

// parse parses one file.
func parse(t *testing.T, name string, text []byte) source {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{name, bytes.Count(text, []byte("\n")), fset, f}
}

// project parses all Go files of the project.
func project(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err == nil {
			all = append(all, parse(t, filepath.ToSlash(rel), text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files below %s", len(all), root)
	}
	return all
}
