package ftpclient

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each attack that QUIRKS.md tells of has a defence, and tests that exist.
func TestAttacksAreTested(t *testing.T) {
	doc, err := os.ReadFile("QUIRKS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(doc), "\n# Attacks\n")
	if !found {
		t.Fatal("QUIRKS.md has no attacks")
	}
	rows := regexp.MustCompile(`(?m)^\| (.+) \| (.+) \| (.+) \|$`).FindAllStringSubmatch(table, -1)
	if len(rows) < 25 {
		t.Errorf("%d attacks", len(rows))
	}
	name := regexp.MustCompile("`(?:([a-z/]+)\\.)?((?:Test|Fuzz)\\w+)`")
	have := map[string]string{}
	for _, row := range rows[1:] {
		tests := name.FindAllStringSubmatch(row[3], -1)
		if len(tests) == 0 || strings.Count(row[3], "`") != 2*len(tests) {
			t.Errorf("%s: no tests in %q", row[1], row[3])
		}
		for _, test := range tests {
			dir := filepath.Join("..", filepath.FromSlash(test[1]))
			if test[1] == "" {
				dir = "."
			}
			if have[dir] == "" {
				have[dir] = testCode(t, dir)
			}
			if !strings.Contains(have[dir], "\nfunc "+test[2]+"(") {
				t.Errorf("%s: there is no %s in %s", row[1], test[2], dir)
			}
		}
	}
}

// testCode is all of a package's tests.
func testCode(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
