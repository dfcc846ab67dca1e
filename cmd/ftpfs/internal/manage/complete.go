package manage

import (
	"slices"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/mountpoints"
)

// completeMountpoint completes the one mount point of a command.
func completeMountpoint(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeMountpoints(cmd, args, word)
}

// completeMountpoints completes several mount points, each once.
func completeMountpoints(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	table, err := mountpoints.Read()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return without(mountpoints.Ours(table), args), cobra.ShellCompDirectiveNoFileComp
}

// without leaves out the mount points that were given already, in whatever way.
func without(dirs, args []string) []string {
	return slices.DeleteFunc(dirs, func(dir string) bool {
		return slices.ContainsFunc(args, func(arg string) bool {
			given, err := mountpoints.Absolute(arg)
			return err == nil && given == dir
		})
	})
}
