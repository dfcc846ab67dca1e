// Package manage is status, refresh, uploads and umount of ftpfs: what is done with
// mounts that are there. It asks their processes, see package mounts.
package manage

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/say"
)

// Commands returns the commands.
func Commands() []*cobra.Command {
	return []*cobra.Command{newUmountCommand(), newStatusCommand(), newRefreshCommand(), newUploadsCommand()}
}

// mountOf returns the mount of ours that a path is in, and where.
func mountOf(table []mountpoints.Entry, path string) (dir, rest string, ok bool) {
	for at := path; ; at = filepath.Dir(at) {
		if m, mounted := mountpoints.At(table, at); mounted {
			return at, strings.TrimPrefix(strings.TrimPrefix(path, at), "/"), m.Type == mountpoints.FSType
		}
		if at == filepath.Dir(at) {
			return "", "", false
		}
	}
}

// firstOf returns the first failure, which has the exit code, with the texts of
// all.
func firstOf(errs []error) error {
	var f *exit.Error
	if err := errors.Join(errs...); !errors.As(err, &f) {
		return err
	}
	return exit.Errorf(f.Code, "%s", say.OneLine(errors.Join(errs...)))
}
