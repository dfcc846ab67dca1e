package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestOptionsElsewhere: each option of the programs that people come from is in the
// left column of its table, and no other is.
func TestOptionsElsewhere(t *testing.T) {
	text, err := os.ReadFile("testdata/options-elsewhere.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string][]string) // by program
	program := ""
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case strings.HasSuffix(line, ":"):
			program = strings.Fields(line)[0]
		default:
			want[program] = append(want[program], strings.Fields(line)...)
		}
	}
	want["libfuse"] = append(want["libfuse"], want["mount(8)"]...)
	sections := strings.Split(documents(t)["../../docs/coming-from.md"], "\n## ")[1:]
	if len(want) != 5 || len(sections) != 4 {
		t.Fatalf("options of %d programs, tables of %d", len(want), len(sections))
	}
	for _, section := range sections {
		name := strings.Fields(section)[0]
		var got []string
		eachRow(section, func(left, _ string) { got = append(got, quoted(left)...) })
		for _, o := range want[name] {
			if !slices.Contains(got, o) {
				t.Errorf("%s: %s is not in the table", name, o)
			}
		}
		for _, o := range got {
			if !slices.Contains(want[name], o) && o != "user@host:dir" {
				t.Errorf("%s: there is no %s", name, o)
			}
		}
		if name == "libfuse" {
			eachRow(section, func(left, right string) { taken(t, left, right) })
		}
	}
}

// taken fails if mount refuses an option that it is said to take.
func taken(t *testing.T, left, right string) {
	if !strings.HasPrefix(right, "the same") && !strings.HasPrefix(right, "taken") {
		return
	}
	for _, o := range quoted(left) {
		switch o {
		case "uid", "gid", "umask":
			o += "=022"
		}
		if _, _, err := parsed(t, "-o", o); err != nil {
			t.Errorf("-o %s is said to be taken: %v", o, err)
		}
	}
}

// eachRow tells of the rows of tables of two columns.
func eachRow(text string, tell func(left, right string)) {
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			tell(strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]))
		}
	}
}

// quoted are the words in backquotes.
func quoted(text string) (words []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	return words
}
