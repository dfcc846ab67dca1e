package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	rtts        []time.Duration
	rate, queue int64
	loss        float64
	works       []*work
	tools       []*tool
	runs        int
	limit       time.Duration
	server      string
	tls         bool
	program     string   // a built ftpfs; empty: build this one
	mountFlags  []string // for ftpfs mount
	json, plot  string   // files to write
	suites      []*suite // to be done instead
}

func main() {
	if acted() {
		return
	}
	o, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2) // flag has told
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if len(o.suites) > 0 {
		err = runSuites(ctx, o, without(os.Args[1:], "suite"), os.Stdout, os.Stderr)
	} else {
		var r *results
		if r, err = run(ctx, o, os.Stderr); len(r.Rows) > 0 {
			err = joinFirst(err, publish(r, o, os.Stdout))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parse reads the command line. It writes what is wrong with it to w.
func parse(args []string, w io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(w)
	rtts := f.String("rtt", "40ms", "round trip times, such as 0,10ms,100ms")
	f.Int64Var(&o.rate, "rate", 0, "bytes per second each way; 0: no limit")
	f.Int64Var(&o.queue, "queue", 1<<20, "bytes that wait for a limited link before packets are dropped; 0: any number")
	f.Float64Var(&o.loss, "loss", 0, "probability that a packet is lost")
	works := f.String("work", "", "what to do, such as ls-lR,rm-r (default: all but "+strings.Join(workNames(true), ", ")+"): "+strings.Join(workNames(false), ", "))
	peers := f.String("peer", "", "whom to compare with, or all: "+strings.Join(peerNames(), ", "))
	f.IntVar(&o.runs, "runs", 1, "how often to do it; the median counts")
	f.DurationVar(&o.limit, "limit", 150*time.Second, "when a work is given up")
	f.StringVar(&o.server, "server", "vsftpd", "vsftpd, proftpd, pureftpd or bundled")
	security := f.String("tls", "off", "off or explicit")
	f.StringVar(&o.program, "ftpfs", "", "a built ftpfs to measure (default: that of this source)")
	flags := f.String("flags", "", "more flags for ftpfs mount, such as '--connections 4'")
	name := f.String("suite", "", "do the runs of a suite, or of all, with the other flags: "+strings.Join(suiteNames(), ", "))
	f.StringVar(&o.json, "json", "", "file to write all figures to")
	f.StringVar(&o.plot, "plot", "", "file to draw the time of the first work over the round trip time to (SVG)")
	if err = f.Parse(args); err != nil {
		return o, err
	}
	o.mountFlags = strings.Fields(*flags)
	o.tls = *security == "explicit"
	err = o.choose(*rtts, *works, *peers)
	if *name != "" && err == nil {
		o.suites, err = chooseSuites(*name)
	}
	switch {
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("unknown argument %q", f.Arg(0))
	case *security != "off" && *security != "explicit":
		err = fmt.Errorf("-tls is off or explicit, not %q", *security)
	case len(o.suites) > 0 && o.json != "":
		err = errors.New("-json is not for a suite: each of its runs would write it")
	case o.runs < 1:
		err = fmt.Errorf("-runs is at least 1, not %d", o.runs)
	}
	if err != nil {
		fmt.Fprintln(w, "bench:", err)
	}
	return o, err
}

// choose looks up what the names stand for.
func (o *options) choose(rtts, works, peers string) error {
	for s := range strings.SplitSeq(rtts, ",") {
		rtt, err := time.ParseDuration(s)
		if err != nil || rtt < 0 {
			return fmt.Errorf("-rtt: %q is no time", s)
		}
		o.rtts = append(o.rtts, rtt)
	}
	var err error
	if o.works, err = chooseWorks(works); err == nil {
		o.tools, err = chooseTools(peers)
	}
	return err
}
