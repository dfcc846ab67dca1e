package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// TestExitCodesDocumented holds constants, their comments and the help text
// together.
func TestExitCodesDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "internal/exit/exit.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || fmt.Sprint(spec.Type) != "Code" {
			return true
		}
		declared++
		if strings.TrimSpace(spec.Comment.Text()) == "" {
			t.Errorf("%s has no comment", spec.Names[0])
		}
		return true
	})
	if declared != len(exit.All) || declared == 0 {
		t.Errorf("%d codes declared, %d documented", declared, len(exit.All))
	}
	page, rows := documents(t)["../../docs/exit-codes.md"], 0
	eachRow(page, func(code, _ string) {
		if _, err := strconv.Atoi(code); err == nil {
			rows++
		}
	})
	if rows != len(exit.All) {
		t.Errorf("docs/exit-codes.md has %d codes", rows)
	}
	help := runProgram(t, command(t, "help", "exit-codes"))
	seen := make(map[exit.Code]bool)
	for i, c := range exit.All {
		if seen[c.Code] || c.Code != exit.Code(i) && c.Code != exit.Interrupt {
			t.Errorf("code %d is doubled or out of order", c.Code)
		}
		seen[c.Code] = true
		if !strings.Contains(help.stdout, fmt.Sprintf("%2d  %s\n", c.Code, c.Text)) {
			t.Errorf("help exit-codes lacks %d", c.Code)
		}
		if !strings.Contains(page, fmt.Sprintf("\n| %d | %s |\n", c.Code, c.Text)) {
			t.Errorf("docs/exit-codes.md lacks %d, or says something else of it", c.Code)
		}
	}
}
