package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// openRecords are the records of files that are being written: an upload record in all
// but the name, and what it says of the content is of its beginning. It ends, or becomes
// an upload record, when the file is closed; what is left of a volume that died tells
// whose data a spool file has.
const openRecords = "open-*.json"

// errUnclosed is why data that is found is not uploaded by itself: nobody has said that
// it is complete.
var errUnclosed = errors.New("it was being written, and not closed, when the mount ended")

// noteOpen records that the file is being written, unless there is a record of it. The
// caller holds the turn and mu.
func (f *File) noteOpen() {
	if f.noted != "" || f.spool == nil || f.gone {
		return
	}
	r := f.record(f.path, false)
	r.Failed, r.Unclosed = errUnclosed.Error(), true
	name, err := writeRecord(f.v.opts.SpoolDir, openRecords, r, false)
	if err != nil {
		f.v.once("the journal cannot be written", "error", err)
		return
	}
	f.noted = name
}

// noteMove has the record of a file that is being written tell its path after a move.
// The caller holds the turn.
func (f *File) noteMove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if isOpenRecord(f.noted) {
		f.unnote()
		f.noteOpen()
	}
}

func isOpenRecord(name string) bool { return strings.HasPrefix(filepath.Base(name), "open-") }

// keepUnclosed makes what an earlier volume was writing when it died something that is
// kept. What it had written nothing to goes.
func (v *Volume) keepUnclosed() {
	names, _ := filepath.Glob(filepath.Join(v.opts.SpoolDir, openRecords)) // the pattern is well formed
	for _, name := range names {
		var r uploadRecord
		if err := readRecord(name, &r); err != nil || filepath.Base(r.Spool) != r.Spool {
			v.log.Warn("a record of the journal is of no use here", "record", name, "error", err)
			continue
		}
		data := filepath.Join(v.opts.SpoolDir, r.Spool)
		info, err := os.Stat(data)
		if err != nil || info.Size() == 0 {
			v.removeRecord(name)
			os.Remove(data) // it is empty, or not there
			continue
		}
		dir, base := filepath.Split(name)
		id := strings.TrimSuffix(strings.TrimPrefix(base, "open-"), ".json")
		if _, err := renameFree(name, dir+"upload-", id, ".json"); err != nil {
			v.log.Warn("a record of the journal cannot be renamed", "record", name, "error", err)
		}
	}
}

// complete tells whether all of the content is here, so that it can be uploaded if
// somebody says so: where it goes with what the server had, it is not known any more
// which part is which.
func (r *uploadRecord) complete(size int64) error {
	if !r.Unclosed {
		return nil
	}
	if r.Held != "" {
		return fmt.Errorf("its first %d octets had left the spool and are not kept: save the rest", r.Base)
	}
	if r.Base > 0 {
		return errors.New("which part of it was changed is not known: save it")
	}
	r.Have, r.Kept = [][2]int64{{0, size}}, 0
	return nil
}
