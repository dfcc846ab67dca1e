// Command bench measures ftpfs against real servers over a link that is as slow
// as a real one, and in the same run the programs that people use instead.
//
//	go run ./test/bench                          all work, 40 ms, vsftpd
//	go run ./test/bench -rtt 0,10ms,100ms -work ls-lR,rm-r -runs 3
//	go run ./test/bench -peer all -json out.json -plot out.svg
//	go run ./test/bench -suite all -server proftpd >>test/bench/RESULTS.md
//
// A suite is several runs, each printed with the command that repeats it.
//
// It needs root, for the link (package wan). The server runs in the link's network
// namespace; client and mount are on this side. Each work is done on a fresh
// mount, by the programs that people use (ls, cp, git), and what it did is checked
// on the server's disk or against it. Works whose names begin with loop need no
// link: their server is on 127.0.0.1. The time counts from the command's start to
// its end; mounting does not count, whereas the connecting and login of lftp and curl,
// which do not mount, does. What counts on the wire is what was put on it
// in that time.
//
// A row of the table is one work by one tool: seconds (the median run, from which
// the other figures are too), round trips that fit in, FTP commands seen on the
// control connections, first those of the mounting until the link was quiet, then
// those of the work, data and control connections opened, KiB of IP packets
// each way, processor time of the mount's process, or of the commands where the tool
// does not mount, the most memory that the mount's process ever had, and how many
// times as long as ftpfs it took. "-" is what cannot be known: commands within TLS,
// what went over no link, memory of a program that has ended.
package main
