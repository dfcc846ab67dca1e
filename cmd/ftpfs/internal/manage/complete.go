package manage

import (
	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/mountpoints"
)

// completeMountpoint completes the mount points of ftpfs.
func completeMountpoint(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	table, err := mountpoints.Read()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return mountpoints.Ours(table), cobra.ShellCompDirectiveNoFileComp
}
