package main

import (
	"fmt"
	"slices"
	"strings"
)

// A work is something that people do on a mount.
type work struct {
	name     string
	title    string
	fixture  *fixture // what is on the server
	optional bool     // only done if it is named
	changes  bool     // the served tree
	loopback bool     // without a link: the server is on this machine
	flags    []string // for ftpfs mount
	// before and script are for sh. $M is the mount point, $L a local directory
	// with the fixture that local says, $T one for what is read, $B this program.
	// before is not measured, nor is earlier, which is done on a mount of its own.
	earlier, before, script string
	local                   *fixture
	check                   func(c *checking) error
}

// works are in the order of the table.
var works = slices.Concat(smallWorks, readAtRateWorks, partWorks, largeWorks, copyWorks)

// smallWorks are those that need no large files.
var smallWorks = []*work{
	{name: "ls-lR", title: "ls -lR of 51 directories, 1000 files", fixture: tree,
		script: `ls -lR "$M"`, check: listsAll},
	{name: "find-warm", title: "find -size, after an ls -lR", fixture: tree,
		before: `ls -lR "$M"`, script: `find "$M" -type f -size +0 -printf '%P %s\n'`, check: findsAll},
	{name: "stat-deep", title: "stat of a path six levels down", fixture: deep,
		script: `stat -c %s "$M/` + deepPath + `"`, check: prints("5\n")},
	{name: "read-src", title: "read 279 files, 1.8 MB, one after another", fixture: source,
		script: readSource, check: readsAll("src")},
	{name: "read-again", title: "read them again", fixture: source,
		before: readSource, script: readSource, check: all(readsAll("src"), retrievesNothing)},
	{name: "read-64M", title: "read a file of 64 MiB", fixture: large,
		script: `cat "$M/large" >"$T/large"`, check: fetched("large")},
	{name: "readers-64", title: "64 readers at once of 1 MiB each of it", fixture: large,
		script: `for i in $(seq 10 73); do
			dd if="$M/large" of="$T/$i" bs=64K skip=$((16*(i-10))) count=16 iflag=fullblock status=none & all="$all $!"
		done; for p in $all; do wait $p || exit 1; done`, check: readParts},
	{name: "read-random", title: "60 reads of 4 KiB at random in it", fixture: large,
		script: `"$B" ` + randomReads + ` "$M/large"`, check: readsRandom},
	{name: "heads", title: "first 512 bytes of 40 files in 40 directories", fixture: heads,
		script: `seq -f "$M/dir%02g/file" 0 39 | xargs head -q -c 512`, check: readsHeads},
	{name: "cp-100-in", title: "cp -r of 100 small files in", fixture: nothing, changes: true, local: small,
		script: `cp -r "$L/small" "$M/"`, check: stored("small")},
	{name: "cp-64M-in", title: "cp of 64 MiB in", fixture: nothing, changes: true, local: large,
		script: `cp "$L/large" "$M/"`, check: stored("large")},
	{name: "append", title: "10 x append a line", fixture: notes, changes: true,
		script: `for i in 0 1 2 3 4 5 6 7 8 9; do echo line $i >>"$M/notes" || exit 1; done`, check: appended},
	{name: "change", title: "change 5 bytes inside 8 MiB", fixture: middle, changes: true,
		script: `printf HELLO | dd of="$M/middle" bs=5 seek=800000 conv=notrunc status=none`, check: changed},
	{name: "rm-r", title: "rm -r of a directory of 20 files", fixture: twenty, changes: true,
		script: `rm -r "$M/twenty"`, check: gone("twenty")},
	{name: "mkdir-p", title: "mkdir -p of 5 levels", fixture: nothing, changes: true,
		script: `mkdir -p "$M/a/b/c/d/e"`, check: there("a/b/c/d/e")},
	{name: "mv", title: "mv of a directory that was listed", fixture: tree, changes: true,
		before: `ls -lR "$M"`, script: `mv "$M/dir07" "$M/moved"`, check: moved},
	{name: "git-first", title: "git status of a clone of 300 files made elsewhere", fixture: clone, changes: true,
		script: gitStatus, check: prints("")},
	{name: "git-cold", title: "git status in a mount of one used before", fixture: clone, changes: true,
		earlier: gitStatus, script: gitStatus, check: all(prints(""), retrievesNoFile)},
	{name: "git-warm", title: "git status again", fixture: clone, changes: true,
		earlier: gitStatus, before: gitStatus, script: gitStatus, check: all(prints(""), retrievesNothing)},
	{name: "git-unlocked", title: "git --no-optional-locks status again", fixture: clone, changes: true,
		earlier: gitStatus, before: gitUnlocked, script: gitUnlocked, check: all(prints(""), asksNothing)},
	{name: "ls-100", title: "ls -lU of 100 entries", fixture: many(100), script: listMany, check: listsAll},
	{name: "ls-10000", title: "ls -lU of 10 000 entries", fixture: many(10_000), script: listMany, check: listsAll},
	{name: "ls-1000000", title: "ls -lU of 1 000 000 entries", fixture: many(1_000_000), optional: true,
		script: listMany, check: listsAll},
}

const (
	readSource = `cd "$M/src" && find . -type f | LC_ALL=C sort | xargs cat`
	gitStatus  = `git -C "$M/clone" -c safe.directory='*' -c gc.auto=0 status --porcelain`
	listMany   = `ls -lU "$M/many"`

	gitUnlocked = `git --no-optional-locks -C "$M/clone" -c safe.directory='*' status --porcelain`
)

// workNames returns those that are done only if named, or all.
func workNames(optionalOnly bool) (names []string) {
	for _, w := range works {
		if w.optional || !optionalOnly {
			names = append(names, w.name)
		}
	}
	return names
}

// chooseWorks finds works by their names, in the order of the table.
func chooseWorks(list string) (chosen []*work, err error) {
	if list == "" {
		return slices.DeleteFunc(slices.Clone(works), func(w *work) bool { return w.optional }), nil
	}
	wanted := strings.Split(list, ",")
	for _, w := range works {
		if slices.Contains(wanted, w.name) {
			chosen = append(chosen, w)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(workNames(false), name) {
			return nil, fmt.Errorf("-work: there is no %q, but %s", name, strings.Join(workNames(false), ", "))
		}
	}
	return chosen, nil
}
