package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A suite is runs whose tables belong together.
type suite struct {
	name  string
	title string
	args  [][]string // of each run
}

// suites are the tables of RESULTS.md.
var suites = []*suite{
	{"usual", "What people do", [][]string{{"-peer", "rclone,lftp,curl"}}},
	{"distance", "ls -lR over the distance", [][]string{{"-rtt", "0,10ms,40ms,100ms,300ms", "-work", "ls-lR", "-peer", "rclone,lftp", "-limit", "15m"}}},
	{"parts", "Parts of large files", [][]string{{"-work", "read-random,heads,video,unzip-l,tar-t,sqlite,tail", "-peer", "rclone"}}},
	{"rate", "At 100 Mbit/s", [][]string{{"-rate", "12500000", "-work", "rate-1,rate-8,stat-in-reads", "-peer", "rclone,curl"}}},
	{"loop", "On one machine", [][]string{{"-work", "loop-read,loop-cat,loop-write", "-peer", "rclone,curl"}}},
	{"copy", "Without a mount", [][]string{
		{"-work", "get-src,put-src", "-peer", "nomount,lftp,rclone-copy"},
		{"-work", "get-1G,put-1G", "-peer", "nomount,lftp,rclone-copy", "-limit", "5m"},
		{"-rate", "4000000", "-work", "read-64M,cp-64M-in,copy-64M", "-peer", "nomount"},
	}},
	{"write-back", "Close before the server has it", [][]string{
		{"-work", "cp-100-in,cp-64M-in,append", "-peer", "write-back,rclone"},
		{"-work", "git-warm", "-peer", "write-back"},
	}},
	{"growth", "Growth", [][]string{
		{"-work", "ls-100,ls-10000,ls-1000000", "-limit", "5m"},
		{"-work", "readers-64,read-1G,memory-64,stat-in-walk", "-limit", "5m"},
	}},
}

func suiteNames() (names []string) {
	for _, s := range suites {
		names = append(names, s.name)
	}
	return names
}

// chooseSuites finds a suite by its name, or all.
func chooseSuites(name string) ([]*suite, error) {
	if name == "all" {
		return suites, nil
	}
	i := slices.Index(suiteNames(), name)
	if i < 0 {
		return nil, fmt.Errorf("-suite: there is no %q, but all, %s", name, strings.Join(suiteNames(), ", "))
	}
	return suites[i : i+1], nil
}

// runSuites does each run of the suites that o names, with what else args say,
// and writes Markdown to w: a heading, and for each run its command and its table.
// The plot, if there is to be one, is that of the suite distance.
func runSuites(ctx context.Context, o options, args []string, w, progress io.Writer) error {
	for _, s := range o.suites {
		fmt.Fprintf(w, "### %s\n\n", s.title)
		for _, more := range s.args {
			given := slices.Concat(more, args)
			chosen, err := parse(given, progress)
			if err != nil {
				return err
			}
			if s.name != "distance" {
				chosen.plot = ""
			}
			shown := slices.Concat(more, without(args, "ftpfs", "plot"))
			fmt.Fprintf(w, "    go run ./test/bench %s\n\n```\n", strings.Join(shown, " "))
			results, err := run(ctx, chosen, progress)
			err = joinFirst(err, publish(results, chosen, w))
			fmt.Fprint(w, "```\n\n")
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// without returns args without the flags of these names, which have values.
func without(args []string, names ...string) (rest []string) {
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch {
		case !strings.HasPrefix(args[i], "-") || !slices.Contains(names, name):
			rest = append(rest, args[i])
		case !joined:
			i++
		}
	}
	return rest
}
