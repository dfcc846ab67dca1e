package spools

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"ftpfs/cmd/ftpfs/internal/mounts"
)

// adopt moves what dead mounts of the same source have left to finish into the
// folder of a new one, and returns from how many. The base's lock is held. The data
// is moved before the records that name it: whatever stops this, the next mount can
// go on.
func (s *Spool) adopt(base, source string, warn func(string)) (n int) {
	// The pattern is well formed.
	dirs, _ := filepath.Glob(filepath.Join(base, "mount-*"))
	for _, dir := range dirs {
		was, dead := Dead(dir)
		files := filepath.Join(dir, "files")
		if dir == s.Dir || !dead || was != source || !hasRecords(files) {
			continue
		}
		if !mounts.OwnedBy(dir, os.Getuid()) || !mounts.OwnedBy(files, os.Getuid()) {
			warn(files + ": what a mount has left there is of another user: it is not touched")
			continue
		}
		if err := moveAll(files, s.Files()); err != nil {
			warn("what a dead mount has left cannot be finished: " + err.Error())
			continue
		}
		if _, err := removeSpool(dir); err != nil {
			warn("spool directory of a dead mount: " + err.Error())
		}
		n++
	}
	return n
}

// hasRecords reports whether there is something to finish in a folder.
func hasRecords(files string) bool {
	names, _ := filepath.Glob(filepath.Join(files, "*.json")) // the pattern is well formed
	return len(names) > 0
}

// moveAll moves the plain files of a folder to another on the same file system.
func moveAll(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	isRecord := func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), ".json") }
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		switch {
		case isRecord(a) == isRecord(b):
			return 0
		case isRecord(b):
			return -1
		}
		return 1
	})
	for _, e := range entries {
		target := filepath.Join(to, e.Name())
		if !e.Type().IsRegular() {
			return errors.New(filepath.Join(from, e.Name()) + " is not a file")
		}
		if _, err := os.Lstat(target); err == nil {
			return &os.PathError{Op: "move", Path: target, Err: syscall.EEXIST}
		}
		if err := os.Rename(filepath.Join(from, e.Name()), target); err != nil {
			return err
		}
	}
	return nil
}
