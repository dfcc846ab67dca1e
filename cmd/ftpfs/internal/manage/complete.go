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
	var dirs []string
	for _, m := range table {
		if m.Type == mountpoints.FSType {
			dirs = append(dirs, m.Mountpoint)
		}
	}
	return dirs, cobra.ShellCompDirectiveNoFileComp
}
