package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What a process that died in the middle of something has left in its spool directory,
// beside data and records, is of no use to anybody.

// dropLeftovers deletes in the spool directory of a volume that has died the records that
// it had not finished, and what it kept of removed files (File.disownRemoved) without a
// record of them.
func dropLeftovers(dir string) error {
	var errs []error
	for _, pattern := range []string{uploadRecords, openRecords, nameRecords} {
		errs = append(errs, removeAll(dir, strings.TrimSuffix(pattern, ".json")+".tmp", nil))
	}
	wanted := map[string]bool{}
	names, _ := filepath.Glob(filepath.Join(dir, nameRecords)) // the pattern is well formed
	for _, name := range names {
		var r nameRecord
		if readRecord(name, &r) != nil {
			return errors.Join(errs...) // it may want any; Recover tells of it
		}
		wanted[r.Kept] = true
	}
	return errors.Join(append(errs, removeAll(dir, begunPrefix+"*", wanted))...)
}

// removeAll removes the files of a pattern in a directory, but for those to be kept.
func removeAll(dir, pattern string, keep map[string]bool) error {
	names, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well formed
	var errs []error
	for _, name := range names {
		if keep[filepath.Base(name)] {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// dropOlder removes of several records of the same data all but the newest: a record is
// written before the one that it replaces is removed.
func (v *Volume) dropOlder() {
	newest := map[string]keptRecord{}
	for _, pattern := range []string{uploadRecords, openRecords} {
		names, _ := filepath.Glob(filepath.Join(v.opts.SpoolDir, pattern)) // the patterns are well formed
		for _, name := range names {
			r := keptRecord{name: name}
			if readRecord(name, &r.uploadRecord) != nil || string(r.Root) != v.opts.Root || filepath.Base(r.Spool) != r.Spool {
				continue // who reads it next tells of it
			}
			old, two := newest[r.Spool]
			if two && old.replaces(&r) {
				old, r = r, old
			}
			newest[r.Spool] = r
			v.removeRecord(old.name)
		}
	}
}

// replaces reports whether r was written after o. A retry leaves the time as it was.
func (r *keptRecord) replaces(o *keptRecord) bool {
	if r.Since.Equal(o.Since) {
		return r.Failed == ""
	}
	return r.Since.After(o.Since)
}
