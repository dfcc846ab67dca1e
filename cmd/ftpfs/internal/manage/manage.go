// Package manage is status, refresh, uploads and umount of ftpfs: what is done with
// mounts that are there. It asks their processes, see package mounts.
package manage

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

// Commands returns the commands.
func Commands() []*cobra.Command {
	return []*cobra.Command{newUmountCommand(), newStatusCommand(), newRefreshCommand(), newUploadsCommand()}
}

// ask has the process of the mount at dir do something.
func ask(ctx context.Context, known *mounts.Known, dir string, req mounts.Request) (mounts.Answer, error) {
	ans, err := known.Ask(ctx, req)
	if err != nil {
		return ans, exit.Errorf(exit.Failure, "%s: %w", dir, err)
	}
	return ans, nil
}

// readTable is mountpoints.Read, whose error is a failure.
func readTable() ([]mountpoints.Entry, error) {
	all, err := mountpoints.Read()
	if err != nil {
		return nil, exit.Errorf(exit.Failure, "%w", err)
	}
	return all, nil
}

// absolute are mount points as the mount table has them.
func absolute(names []string) (dirs []string, err error) {
	for _, name := range names {
		dir, err := mountpoints.Absolute(name)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// within returns the mount of ours that a file is in, "" if it is in none, what is
// known of its process, nil if it is none of this user, and the path there.
func within(table []mountpoints.Entry, states []string, file string) (dir string, known *mounts.Known, rest string, err error) {
	path, err := mountpoints.Absolute(file)
	if err != nil {
		return "", nil, "", err
	}
	dir, rest, ok := mountOf(table, path)
	if !ok {
		return "", nil, "", nil
	}
	return dir, mounts.Find(states, dir), rest, nil
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
