package main

import "fmt"

// readAtRateWorks are for a link with a rate.
var readAtRateWorks = []*work{
	{name: "rate-1", title: "one reader of 64 MiB", fixture: large, optional: true,
		script: atOnce(0, `cat "$M/large" >"$T/large"`), check: all(fetched("large"), ofTheRate)},
	{name: "rate-8", title: "8 readers at once of 24 MiB each", fixture: eight, optional: true,
		script: `mkdir "$T/eight"; ` + atOnce(7, `cat "$M/eight/part$i" >"$T/eight/part$i"`), check: all(fetched("eight"), ofTheRate)},
}

// partWorks need little of large files.
var partWorks = []*work{
	{name: "video", title: "head, tail, then 24 MiB at 4 MiB/s of 1 GiB", fixture: huge, optional: true,
		script: `"$B" ` + videoPlay + ` "$M/huge"`, check: all(plays, fetchesPart)},
	{name: "unzip-l", title: "unzip -l of 1 GiB, 1000 entries", fixture: zipped, optional: true,
		script: `unzip -l "$M/huge.zip" | tail -n +2`, check: all(asOnDisk, fetchesPart)},
	{name: "tar-t", title: "tar -t of 1 GiB, 64 entries", fixture: tarred, optional: true,
		script: `tar -tvf "$M/huge.tar"`, check: all(asOnDisk, fetchesPart)},
	{name: "sqlite", title: "20 indexed queries in 100 MiB", fixture: dbase, optional: true,
		script: `sqlite3 -readonly "$M/database" "` + queries() + `"`, check: all(asOnDisk, fetchesPart)},
	{name: "tail", title: "last 20 lines of 1 GiB", fixture: textual, optional: true,
		script: `tail -n 20 "$M/log"`, check: all(asOnDisk, fetchesPart)},
}

// largeWorks are done only if they are named.
var largeWorks = []*work{
	{name: "stat-in-walk", title: "400 stats in new directories during an ls -lR of 100 000", fixture: wide, optional: true,
		script: `"$B" ` + statsInWalk + ` "$M"`, check: looks},
	{name: "stat-in-reads", title: "stats in new directories while 8 files are read", fixture: eightAside, optional: true,
		script: `"$B" ` + statsInReads + ` "$M"`, check: fewLooks},
	{name: "memory-64", title: "64 readers of 64 files at once, 16 MiB each of 256", fixture: sparse, optional: true,
		flags:  []string{"--cache-size", "64MiB"},
		script: atOnce(63, fmt.Sprintf(`head -c %d "$M/file$((10+i))" | sha256sum >"$T/$i"`, 16<<20)) + ` && cat $(ls -d "$T"/* | sort -V)`,
		check:  digests},
	{name: "read-1G", title: "read a file of 1 GiB", fixture: huge, optional: true,
		script: `cat "$M/huge" >"$T/huge"`, check: fetched("huge")},
	{name: "loop-read", title: "dd bs=1M of 1 GiB", fixture: huge, optional: true, loopback: true,
		script: `dd if="$M/huge" bs=1M of=/dev/null status=none`, check: readable("huge")},
	{name: "loop-cat", title: "cat >/dev/null of 1 GiB", fixture: huge, optional: true, loopback: true,
		script: `cat "$M/huge" >/dev/null`, check: readable("huge")},
	{name: "loop-write", title: "cp of 1 GiB in", fixture: nothing, optional: true, changes: true, local: huge, loopback: true,
		script: `cp "$L/huge" "$M/"`, check: stored("huge")},
	{name: "spool-10G", title: "10 GiB written in order, --spool-size 1GiB", fixture: nothing, optional: true, changes: true, local: huge, loopback: true,
		flags: []string{"--spool-size", "1GiB"},
		script: `spool="${M%/*}/spool"; mkdir -p "$spool"; du -sk "$spool" >"$T/spool"
while sleep 0.1; do du -sk "$spool"; done >>"$T/spool" & disk=$!
trap 'kill $disk' EXIT
for i in 0 1 2 3 4 5 6 7 8 9; do cat "$L/huge" || exit 1; done >"$M/ten"`, check: all(tenfold, peakOfDisk)},
}

// atOnce returns a script that does something for each i from 0 to last at the
// same time, and prints how many ns each took.
func atOnce(last int, command string) string {
	return fmt.Sprintf(`for i in $(seq 0 %d); do
	( b=$(date +%%s%%N); %s || exit 1; e=$(date +%%s%%N); echo $((e-b)) ) & all="$all $!"
done; for p in $all; do wait $p || exit 1; done`, last, command)
}
