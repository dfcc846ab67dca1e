package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// documents are the texts for users, by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	texts := make(map[string]string)
	for _, name := range append(names, "../../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

// TestDocumentedFlags: what documents call a flag of ours is one. In the tables for
// those who come from elsewhere this holds for the right column.
func TestDocumentedFlags(t *testing.T) {
	flags := map[string]bool{"cap-add": true, "device": true, "json": true, "user": true, "now": true, "help": true, "version": true}
	var collect func(*cobra.Command)
	collect = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		for _, c := range cmd.Commands() {
			collect(c)
		}
	}
	collect(newRoot(&secret.Process{}))
	flag := regexp.MustCompile("--([a-z][a-z-]+)")
	for name, text := range documents(t) {
		for line := range strings.Lines(text) {
			if cells := strings.Split(line, "|"); filepath.Base(name) == "coming-from.md" && len(cells) == 4 {
				line = cells[2]
			}
			for _, m := range flag.FindAllStringSubmatch(line, -1) {
				if !flags[m[1]] {
					t.Errorf("%s: there is no --%s: %s", name, m[1], line)
				}
			}
		}
	}
}

// TestDocumentedMessages: the program says what the document about troubles says
// that it says.
func TestDocumentedMessages(t *testing.T) {
	var source strings.Builder
	names, err := filepath.Glob("*.go")
	inner, innerErr := filepath.Glob("internal/*/*.go")
	if err := errors.Join(err, innerErr); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, inner...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			source.Write(text)
		}
	}
	found := 0
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [0-9]+ \\|").FindAllStringSubmatch(documents(t)["../../docs/troubleshooting.md"], -1) {
		found++
		if !strings.Contains(source.String(), m[1]) {
			t.Errorf("nothing says %q", m[1])
		}
	}
	if found < 10 {
		t.Errorf("%d messages are in the document", found)
	}
}

// TestManual: each command has a page, and the example configuration is a good one.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	if err := execute(newRoot(&secret.Process{}), []string{"man", dir}); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]string{"ftpfs.1": "EXIT STATUS", "ftpfs-mount.1": "--connections", "ftpfs-config-check.1": "check", "mount.ftpfs.8": "man1/ftpfs-mount.1"} {
		if text, err := os.ReadFile(filepath.Join(dir, page)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, without %s", page, err, want)
		}
	}
	if err := execute(newRoot(&secret.Process{}), []string{"config", "check", "../../packaging/config.toml"}); err != nil {
		t.Error(err)
	}
}

// TestDocumentedLinks: what documents link to is there, and each document is linked to
// by the list of them.
func TestDocumentedLinks(t *testing.T) {
	texts := documents(t)
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for name, text := range texts {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list := texts["../../docs/README.md"]; filepath.Dir(name) == "../../docs" && !strings.Contains(name, "README") &&
			!strings.Contains(list, "("+filepath.Base(name)+")") {
			t.Errorf("docs/README.md does not have %s", name)
		}
	}
}

// TestDocumentedSettings: mount takes the options of lines for /etc/fstab, and config
// check has nothing to say of files that name servers.
func TestDocumentedSettings(t *testing.T) {
	sandbox(t)
	block := regexp.MustCompile("(?s)```(fstab|toml)\n(.*?)```")
	found := 0
	for name, text := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			switch {
			case m[1] == "fstab":
				options := strings.NewReplacer("uid=me", "uid=0", "gid=users", "gid=0").Replace(strings.Fields(m[2])[3])
				if _, warnings, err := parsed(t, "-o", options); err != nil || len(warnings) > 0 {
					t.Errorf("%s: %q, %v", name, warnings, err)
				}
			case strings.Contains(m[2], "[servers."):
				if r := runProgram(t, command(t, "config", "check", writeFile(t, m[2], 0o600))); r.code != exit.OK || r.stderr != "" {
					t.Errorf("%s: %+v", name, r)
				}
			default:
				continue // for serve: TestServeConfig
			}
			found++
		}
	}
	if found < 4 {
		t.Errorf("%d settings are in the documents", found)
	}
}
