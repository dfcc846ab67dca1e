package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/transfer"
)

// lineEvery is how often a line tells how far it is, where there is no terminal.
const lineEvery = 10 * time.Second

// progress tells a person how a transfer goes: by bars on a terminal, by a line now and
// then elsewhere, or not at all. It implements transfer.Reporter.
type progress struct {
	w     io.Writer
	quiet bool
	bars  *bars // nil: lines
	start time.Time
	done  chan struct{}
	lines sync.WaitGroup

	mu     sync.Mutex // a leaf, but for what bars locks
	files  int        // found
	ended  int
	octets int64 // found, where known
	moved  int64
}

// newProgress begins to tell on standard error.
func newProgress(quiet bool) *progress {
	r := &progress{w: os.Stderr, quiet: quiet, start: time.Now(), done: make(chan struct{})}
	switch {
	case quiet:
	case term.IsTerminal(int(os.Stderr.Fd())):
		r.bars = newBars(os.Stderr, r)
	default:
		r.lines.Go(r.tellLines)
	}
	return r
}

func (r *progress) tellLines() {
	tick := time.NewTicker(lineEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
			fmt.Fprintln(r.w, "ftpfs: "+r.state())
		}
	}
}

// state is how far it is.
func (r *progress) state() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("%d of %d files, %s of %s, %s/s", r.ended, r.files, sizeOf(r.moved), sizeOf(r.octets), sizeOf(r.rate()))
}

// rate is in octets a second. mu is held.
func (r *progress) rate() int64 {
	return int64(float64(r.moved) / max(time.Since(r.start).Seconds(), 0.001))
}

// close ends the bars and lines; nothing is told afterwards but the sum.
func (r *progress) close() {
	close(r.done)
	r.lines.Wait()
	if r.bars != nil {
		r.bars.close()
	}
}

// sum tells what was done.
func (r *progress) sum(res transfer.Result, done string) {
	if r.quiet || res.Interrupted {
		return
	}
	left := ""
	if res.Same > 0 {
		left = fmt.Sprintf(", %d there already", res.Same)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.w, "%s %s, %s in %s, %s/s%s\n", say.Plural(res.Files, "file"), done, sizeOf(res.Octets),
		time.Since(r.start).Round(10*time.Millisecond), sizeOf(r.rate()), left)
}

func (r *progress) Found(files int, octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files += files
	r.octets += octets
}

func (r *progress) Note(text string) {
	text = "ftpfs: " + say.Printable(text) + "\n"
	switch {
	case r.quiet:
	case r.bars != nil:
		r.bars.note(text)
	default:
		io.WriteString(r.w, text) // there is nobody else to tell
	}
}

func (r *progress) Begin(name string, size, from int64) transfer.Meter {
	m := &meter{r: r}
	if from > 0 {
		r.add(from)
	}
	if r.bars != nil {
		m.bar = r.bars.begin(say.Printable(name), size, from)
	}
	return m
}

func (r *progress) add(octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moved += octets
}

// left tells of a number of files, of which no more than this is left to do.
func (r *progress) left(files int, octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files, r.octets = max(r.files, files), max(r.octets, octets)
	r.ended, r.moved = r.files-files, r.octets-octets
}

// meter is transfer.Meter of one file.
type meter struct {
	r   *progress
	bar *bar // nil: it has none
}

func (m *meter) Add(octets int) {
	m.r.add(int64(octets))
	if m.bar != nil {
		m.bar.add(octets)
	}
}

func (m *meter) End(err error) {
	m.r.mu.Lock()
	m.r.ended++
	m.r.mu.Unlock()
	if m.bar != nil {
		m.bar.end(err)
	}
}

// sizeOf is a number of octets for people.
func sizeOf(n int64) string {
	for _, u := range settings.SizeUnits {
		if n >= 1<<u.Shift {
			return fmt.Sprintf("%.1f %siB", float64(n)/float64(int64(1)<<u.Shift), u.Suffix)
		}
	}
	return fmt.Sprintf("%d B", n)
}
