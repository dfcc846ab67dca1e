package main

import (
	"context"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/ftpclient"
)

// completeLimit bounds what a shell waits for a server when it completes a path.
const completeLimit = 3 * time.Second

func newCompletionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print the completions for a shell",
		Long: `completion prints a script that has a shell complete commands, flags, servers of
the configuration, mount points, and directories on servers. For these it logs in,
if it need not ask for the password, and gives up after 3 seconds.`,
		Example: `  ftpfs completion bash >~/.local/share/bash-completion/completions/ftpfs
  ftpfs completion zsh >"${fpath[1]}/_ftpfs"
  ftpfs completion fish >~/.config/fish/completions/ftpfs.fish`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(out)
			}
			return cmd.Root().GenFishCompletion(out, true)
		},
	}
}

// completeTarget completes the first argument of mount and probe: a server's name
// or a URL, and for mount the second, a directory.
func (c *mountCommand) completeTarget(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 1 && cmd.Name() == "mount" && !c.job.Demo, c.job.Demo && len(args) == 0:
		return nil, cobra.ShellCompDirectiveFilterDirs
	case len(args) > 0:
		return nil, cobra.ShellCompDirectiveNoFileComp
	case strings.Contains(word, "://"):
		return c.completeRemote(cmd, word, true), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
	names := []string{"ftp://", "ftpes://", "ftps://"}
	if f, err := openConfig(c.configFile); err == nil && f != nil {
		names = append(f.Servers(), names...)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, word) })
	directive := cobra.ShellCompDirectiveNoFileComp
	if strings.HasPrefix(word, "ftp") {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return names, directive
}

// completeRemote lists the directory that a URL stands in, and returns what its
// last part may become. It never asks for a password; whatever goes wrong, there is
// nothing to complete.
func (c *mountCommand) completeRemote(cmd *cobra.Command, word string, dirsOnly bool) []string {
	i := strings.LastIndexByte(word, '/')
	if i < strings.Index(word, "://")+3 {
		return nil // the host is not written yet
	}
	parent := word[:i+1]
	if _, err := c.configure(cmd.Flags(), allMountFlags(c.Process), parent); err != nil {
		return nil
	}
	if c.validateServer(parent) != nil {
		return nil
	}
	sources, err := c.credentials()
	if err != nil {
		return nil
	}
	sources.Prompt, sources.Warn = nil, nil
	if sources.Resolve(&c.job.Location) != nil {
		return nil
	}
	c.job.Timeout = completeLimit
	ctx, cancel := context.WithTimeout(context.Background(), completeLimit)
	defer cancel()
	session, err := c.job.Connect(ctx, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		return nil
	}
	defer session.Client.Close()
	listing, err := session.Client.List(ctx, session.Root)
	if err != nil {
		return nil
	}
	return completions(parent, word[i+1:], listing.Entries, dirsOnly)
}

// completions are the URLs of those entries of a directory whose names begin as
// the word does.
func completions(parent, begun string, entries []ftpclient.Entry, dirsOnly bool) (urls []string) {
	want, err := ftpurl.Decode("directory", begun)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name := path.Base(e.Name)
		isDir := e.Type == ftpclient.TypeDir
		if !strings.HasPrefix(name, want) || dirsOnly && e.Type == ftpclient.TypeFile || name[0] == '.' && want == "" {
			continue
		}
		end := ""
		if isDir {
			end = "/"
		}
		urls = append(urls, parent+ftpurl.Encode(name, "")+end)
	}
	return urls
}
