package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// A rule returns what breaks it, one line each.
type rule func(all []source) []string

// mayImport says which of our folders each folder's packages may import.
// fusefs needs ftpclient's vocabulary, such as Kind, but holds no client.
var mayImport = map[string][]string{
	"ftpclient": {},
	"ftpserver": {},
	"cache":     {"ftpclient"},
	"fusefs":    {"cache", "ftpclient"},
	"cmd":       {"cmd", "ftpclient", "cache", "fusefs", "ftpserver"},
	"test":      {"cmd", "ftpclient", "cache", "fusefs", "ftpserver", "test"},
}

// importDirection holds for tests too, except that they may import their own
// package and what test has for them.
func importDirection(all []source) (broken []string) {
	for _, s := range all {
		for p, where := range s.imports() {
			rest, ours := strings.CutPrefix(p, module+"/")
			if !ours {
				continue
			}
			to, _, _ := strings.Cut(rest, "/")
			if to != s.top() && !slices.Contains(mayImport[s.top()], to) && !(s.isTest() && to == "test") {
				broken = append(broken, fmt.Sprintf("%s: %s imports %s", s.at(where), s.top(), p))
			}
		}
	}
	return broken
}

// topFolders: Go code lives in the folders of the architecture only.
func topFolders(all []source) (broken []string) {
	for _, s := range all {
		if _, ok := mayImport[s.top()]; !ok {
			broken = append(broken, s.name+": Go code outside the architecture's folders")
		}
	}
	return broken
}

// noClientInFusefs: every change goes through cache.Volume.
func noClientInFusefs(all []source) (broken []string) {
	for _, s := range all {
		if s.top() == "fusefs" && !s.isTest() {
			broken = append(broken, uses(s, "ftpclient", "Client", "New", "Options")...)
		}
	}
	return broken
}

// packageDoc: each package says in a comment what it is.
func packageDoc(all []source) (broken []string) {
	documented := map[string]bool{}
	for _, s := range all {
		if !s.isTest() {
			documented[s.dir()] = documented[s.dir()] || s.Doc != nil
		}
	}
	for dir, ok := range documented {
		if !ok {
			broken = append(broken, dir+": no package comment")
		}
	}
	return broken
}

// noSleep: tests wait for what happens, not for time to pass. Within
// synctest.Test no time passes in a Sleep.
func noSleep(all []source) (broken []string) {
	for _, s := range all {
		if !s.isTest() && s.top() != "test" {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && isSelector(call.Fun, "synctest", "Test") {
				return false
			}
			if isSelector(n, "time", "Sleep") {
				broken = append(broken, s.at(n)+": time.Sleep")
			}
			return true
		})
	}
	return broken
}

// noStandardLog: packages report; only the program decides where to.
func noStandardLog(all []source) (broken []string) {
	for _, s := range all {
		if where, ok := s.imports()["log"]; ok && s.top() != "cmd" && !s.isTest() {
			broken = append(broken, s.at(where)+": imports log")
		}
	}
	return broken
}

// noDecisionByText: what an error is, its type says, not its words. Tests may
// look at the words, which are for people.
func noDecisionByText(all []source) (broken []string) {
	for _, s := range all {
		if s.isTest() {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			if decidesByText(n) {
				broken = append(broken, s.at(n)+": a decision on the text of an error")
			}
			return true
		})
	}
	return broken
}

// decidesByText reports whether a node looks into the result of err.Error().
func decidesByText(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		f, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || !slices.ContainsFunc(n.Args, isErrorText) {
			return false
		}
		asks := []string{"Contains", "HasPrefix", "HasSuffix", "Index", "EqualFold", "Count", "Cut", "CutPrefix", "CutSuffix"}
		return slices.ContainsFunc(asks, func(name string) bool { return isSelector(f, "strings", name) }) || strings.HasPrefix(f.Sel.Name, "Match") || strings.HasPrefix(f.Sel.Name, "Find")
	case *ast.BinaryExpr:
		return (n.Op == token.EQL || n.Op == token.NEQ) && (isErrorText(n.X) || isErrorText(n.Y))
	case *ast.SwitchStmt:
		return n.Tag != nil && isErrorText(n.Tag)
	}
	return false
}

// isErrorText reports whether an expression is x.Error(), perhaps in a call
// such as strings.ToLower.
func isErrorText(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Error" && len(call.Args) == 0 {
		return true
	}
	return slices.ContainsFunc(call.Args, isErrorText)
}

// fileSize: a file has one subject.
func fileSize(all []source) (broken []string) {
	const most = 500
	for _, s := range all {
		if s.lines > most {
			broken = append(broken, fmt.Sprintf("%s: %d lines, more than %d", s.name, s.lines, most))
		}
	}
	return broken
}

// noVagueNames: a name says what is in there.
func noVagueNames(all []source) (broken []string) {
	vague := []string{"util", "utils", "common", "helper", "helpers", "types", "misc"}
	for _, s := range all {
		file := strings.TrimSuffix(strings.TrimSuffix(path.Base(s.name), ".go"), "_test")
		if slices.Contains(vague, file) || slices.Contains(vague, strings.TrimSuffix(s.Name.Name, "_test")) {
			broken = append(broken, s.name+": a name that says nothing")
		}
	}
	return broken
}

// uses returns where a file names one of a package's identifiers.
func uses(s source, pkg string, names ...string) (found []string) {
	ast.Inspect(s.File, func(n ast.Node) bool {
		for _, name := range names {
			if isSelector(n, pkg, name) {
				found = append(found, fmt.Sprintf("%s: %s.%s", s.at(n), pkg, name))
			}
		}
		return true
	})
	return found
}

// isSelector reports whether a node is pkg.name.
func isSelector(n ast.Node, pkg, name string) bool {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}
