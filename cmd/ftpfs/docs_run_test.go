package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDocumentedCommands runs the blocks of each document that are marked as sh, and
// the indented ones of README, in order, in a home of its own. nas.local and
// other.local are bundled servers, with TLS, whose user me is known by ~/.netrc;
// FINGERPRINT is that of nas.local. Each command has to end well.
//
// A block marked as console is not run: it needs root, a terminal, other servers, or
// shows what is printed. Each other block has a mark that says what it is, too.

// notRun are parts of lines in marked blocks that are left out, and why.
var notRun = map[string]string{
	"debian.org":      "is on the Internet",
	"umount ~/debian": "is not mounted",
	"go build":        "the test's program is there already",
	"go run":          "runs what test/check runs, or mounts for good",
	"--foreground":    "does not end",
	"serve ":          "does not end",
}

func TestDocumentedCommands(t *testing.T) {
	needFUSE(t)
	left := make(map[string]bool)
	ran := 0
	for _, name := range sortedNames(documents(t)) {
		blocks := documentBlocks(t, name, documents(t)[name])
		if len(blocks) == 0 {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			s := newDocumentScene(t)
			for _, b := range blocks {
				script := b.runnable(left)
				s.run(t, fmt.Sprintf("%s:%d", name, b.line), script)
				ran++
			}
		})
	}
	for part := range notRun {
		if !left[part] && ran > 0 && !t.Failed() {
			t.Errorf("no document has %q, which is left out", part)
		}
	}
}

func sortedNames(texts map[string]string) (names []string) {
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// docBlock is commands for a shell in a document.
type docBlock struct {
	line  int // its first in the document
	lines []string
}

// documentBlocks returns what of a document is to be run.
func documentBlocks(t *testing.T, name, text string) (blocks []docBlock) {
	t.Helper()
	mark, inside, before := "", false, ""
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		code, indented := strings.CutPrefix(line, "    ")
		last := len(blocks) - 1
		switch {
		case isFence && !inside:
			mark, inside = fence, true
			if !slices.Contains([]string{"sh", "console", "toml", "fstab", "text"}, mark) {
				t.Errorf("%s:%d: a block without a mark", name, i+1)
			}
			if mark == "sh" {
				blocks = append(blocks, docBlock{line: i + 2})
			}
		case isFence:
			inside = false
		case inside && mark == "sh":
			blocks[last].lines = append(blocks[last].lines, line)
		case inside || !indented:
		case path.Base(name) != "README.md" || name == "../../docs/README.md":
			t.Errorf("%s:%d: code that is only indented has no mark", name, i+1)
		case strings.HasPrefix(before, "    "):
			blocks[last].lines = append(blocks[last].lines, code)
		default:
			blocks = append(blocks, docBlock{line: i + 1, lines: []string{code}})
		}
		before = line
	}
	return blocks
}

// runnable is the block's script, without what is left out.
func (b docBlock) runnable(left map[string]bool) string {
	var script strings.Builder
	for _, line := range b.lines {
		for part := range notRun {
			if strings.Contains(line, part) && !strings.HasPrefix(line, "#") {
				left[part] = true
				line = ":"
			}
		}
		script.WriteString(strings.ReplaceAll(line, "./ftpfs ", "ftpfs ") + "\n")
	}
	return script.String()
}
