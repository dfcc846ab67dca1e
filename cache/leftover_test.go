package cache_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/test/fakeremote"
)

// TestSpoolIsSwept: what a volume that died has left of records that it was writing, and of
// removed files that no record tells of, goes; nothing else does.
func TestSpoolIsSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		for _, name := range []string{"upload-1.tmp", "names-2.tmp", "open-3.tmp", "begun-x", "spool-4", "other.tmp"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		v := behind(t, tree, dir)
		v.Recover()
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(left) != 2 || filepath.Base(left[0]) != "other.tmp" || filepath.Base(left[1]) != "spool-4" {
			t.Errorf("left: %v", left)
		}
	})
}

// TestTwoRecordsOfOneSpool: of two records of the same data, which a volume leaves that dies
// between writing the one and removing the other, the newer counts, and none is left.
func TestTwoRecordsOfOneSpool(t *testing.T) {
	for _, old := range []string{"upload-0.json", "upload-z.json", "open-0.json"} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			v := behind(t, tree, dir)
			tree.Fail("Store", "", -1, lost)
			h := create(t, v, "f")
			write(t, h, []byte("first"), 0)
			pattern := "upload-*.json"
			if old == "open-0.json" {
				pattern = "open-*.json"
			} else {
				flush(t, h)
			}
			first, err := os.ReadFile(one(t, dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			write(t, h, []byte("first and second"), 0)
			flush(t, h)
			h.Release()
			v.Crash()
			if err := os.WriteFile(filepath.Join(dir, old), first, 0o600); err != nil {
				t.Fatal(err)
			}
			tree = tree.Healed()
			v = behind(t, tree, dir)
			v.Recover()
			finished(t, v, dir)
			onServer(t, tree, "/f", []byte("first and second"))
		})
	}
}

// one is the only file in a directory of a pattern.
func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, pattern))
	if len(names) != 1 {
		t.Fatalf("%s: %v", pattern, names)
	}
	return names[0]
}

// TestUnclosedTakesNoName: the record of what was not closed does not take the name of another.
func TestUnclosedTakesNoName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		tree.Fail("Store", "", -1, lost)
		save(t, v, "f", []byte("acknowledged"))
		h := create(t, v, "g")
		write(t, h, []byte("unclosed"), 0)
		v.Crash()
		open := one(t, dir, "open-*.json")
		accepted := one(t, dir, "upload-*.json")
		if err := os.Rename(open, strings.Replace(accepted, "upload-", "open-", 1)); err != nil {
			t.Fatal(err)
		}
		tree = tree.Healed()
		v = behind(t, tree, dir)
		v.Recover()
		time.Sleep(time.Second)
		onServer(t, tree, "/f", []byte("acknowledged"))
		if err := v.DiscardUpload("g"); err != nil {
			t.Error(err)
		}
		finished(t, v, dir)
	})
}
