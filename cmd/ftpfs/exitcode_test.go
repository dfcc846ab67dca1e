package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"
	"strings"
	"testing"
)

// TestExitCodesDocumented holds constants, their comments and the help text
// together.
func TestExitCodesDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exitcode.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || fmt.Sprint(spec.Type) != "exitCode" {
			return true
		}
		declared++
		if strings.TrimSpace(spec.Comment.Text()) == "" {
			t.Errorf("%s has no comment", spec.Names[0])
		}
		return true
	})
	if declared != len(exitCodes) || declared == 0 {
		t.Errorf("%d codes declared, %d documented", declared, len(exitCodes))
	}
	page, rows := documents(t)["../../docs/exit-codes.md"], 0
	eachRow(page, func(code, _ string) {
		if _, err := strconv.Atoi(code); err == nil {
			rows++
		}
	})
	if rows != len(exitCodes) {
		t.Errorf("docs/exit-codes.md has %d codes", rows)
	}
	help := runProgram(t, command(t, "help", "exit-codes"))
	seen := make(map[exitCode]bool)
	for i, c := range exitCodes {
		if seen[c.code] || c.code != exitCode(i) && c.code != exitInterrupt {
			t.Errorf("code %d is doubled or out of order", c.code)
		}
		seen[c.code] = true
		if !strings.Contains(help.stdout, fmt.Sprintf("%2d  %s\n", c.code, c.text)) {
			t.Errorf("help exit-codes lacks %d", c.code)
		}
		if !strings.Contains(page, fmt.Sprintf("\n| %d | %s |\n", c.code, c.text)) {
			t.Errorf("docs/exit-codes.md lacks %d, or says something else of it", c.code)
		}
	}
}

func TestCodeOf(t *testing.T) {
	busy := failf(exitBusy, "x: %w", fs.ErrExist)
	for _, tt := range []struct {
		err  error
		want exitCode
	}{
		{nil, exitOK},
		{errors.New("x"), exitFailure},
		{busy, exitBusy},
		{fmt.Errorf("y: %w", busy), exitBusy},
		{errors.Join(errors.New("x"), busy), exitBusy},
	} {
		if got := codeOf(tt.err); got != tt.want {
			t.Errorf("codeOf(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
	if !errors.Is(busy, fs.ErrExist) {
		t.Error("a failure hides its cause")
	}
}
