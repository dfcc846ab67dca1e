package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// newManCommand is for those who make packages.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages of all commands into a directory",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(cmd *cobra.Command, args []string) error { return writeManual(cmd.Root(), args[0]) },
	}
}

// writeManual makes a page of section 1 for each command, and those of section 8
// for the helpers of mount(8). The date is that of SOURCE_DATE_EPOCH.
func writeManual(root *cobra.Command, dir string) error {
	forManual(root)
	root.Long += "\n\n# EXIT STATUS\n\n" + codeBlocks(strings.TrimPrefix(exit.Help(), "ftpfs exits with one of these codes:\n"))
	header := &doc.GenManHeader{Section: "1", Source: "ftpfs", Manual: "ftpfs"}
	err := doc.GenManTree(root, header, dir)
	for helper, page := range map[string]string{"mount.ftpfs": "ftpfs-mount", "umount.ftpfs": "ftpfs-umount"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, helper+".8"), []byte(".so man1/"+page+".1\n"), 0o644))
	}
	return err
}

// ofTheUser are the flags whose defaults are those of who calls; the directories
// among them show the home directory as ~, where HOME is that.
var ofTheUser = map[string]string{"uid": "yours", "gid": "yours"}

// forManual makes Markdown, which the manual is made of, of the texts of all commands.
func forManual(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	cmd.Long = codeBlocks(cmd.Long)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if whose, ok := ofTheUser[f.Name]; ok {
			f.DefValue = whose
		}
	})
	for _, c := range cmd.Commands() {
		forManual(c)
	}
}

// codeBlocks has Markdown leave indented lines as they are.
func codeBlocks(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}
