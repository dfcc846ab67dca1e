// Package progress tells a person how a transfer goes, and in the end what was done.
package progress

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

// Progress tells how a transfer goes, on standard error: by bars on a terminal, by a line now and
// then elsewhere, or not at all. It implements transfer.Reporter.
type Progress struct {
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

// New begins to tell; quiet, it tells nothing. Close it.
func New(quiet bool) *Progress {
	r := &Progress{w: os.Stderr, quiet: quiet, start: time.Now(), done: make(chan struct{})}
	switch {
	case quiet:
	case term.IsTerminal(int(os.Stderr.Fd())):
		r.bars = newBars(os.Stderr, r)
	default:
		r.lines.Go(r.tellLines)
	}
	return r
}

func (r *Progress) tellLines() {
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
func (r *Progress) state() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("%d of %d files, %s of %s, %s/s", r.ended, r.files, Size(r.moved), Size(r.octets), Size(r.rate()))
}

// rate is in octets a second. mu is held.
func (r *Progress) rate() int64 {
	return int64(float64(r.moved) / max(time.Since(r.start).Seconds(), 0.001))
}

// Close ends the bars and lines; nothing is told afterwards but the sum.
func (r *Progress) Close() {
	close(r.done)
	r.lines.Wait()
	if r.bars != nil {
		r.bars.close()
	}
}

// Sum tells what was done, as the word done says.
func (r *Progress) Sum(res transfer.Result, done string) {
	if r.quiet || res.Interrupted {
		return
	}
	left := ""
	if res.Same > 0 {
		left = fmt.Sprintf(", %d there already", res.Same)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.w, "%s %s, %s in %s, %s/s%s\n", say.Plural(res.Files, "file"), done, Size(res.Octets),
		time.Since(r.start).Round(10*time.Millisecond), Size(r.rate()), left)
}

// Found implements transfer.Reporter.
func (r *Progress) Found(files int, octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files += files
	r.octets += octets
}

// Note implements transfer.Reporter.
func (r *Progress) Note(text string) {
	text = "ftpfs: " + say.Printable(text) + "\n"
	switch {
	case r.quiet:
	case r.bars != nil:
		r.bars.note(text)
	default:
		io.WriteString(r.w, text) // there is nobody else to tell
	}
}

// Begin implements transfer.Reporter.
func (r *Progress) Begin(name string, size, from int64) transfer.Meter {
	m := &meter{r: r}
	if from > 0 {
		r.add(from)
	}
	if r.bars != nil {
		m.bar = r.bars.begin(say.Printable(name), size, from)
	}
	return m
}

func (r *Progress) add(octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moved += octets
}

// Left tells of a number of files, of which no more than this is left to do.
func (r *Progress) Left(files int, octets int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files, r.octets = max(r.files, files), max(r.octets, octets)
	r.ended, r.moved = r.files-files, r.octets-octets
}

// meter is transfer.Meter of one file.
type meter struct {
	r   *Progress
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

// Size is a number of octets for people.
func Size(n int64) string {
	for _, u := range settings.SizeUnits {
		if n >= 1<<u.Shift {
			return fmt.Sprintf("%.1f %siB", float64(n)/float64(int64(1)<<u.Shift), u.Suffix)
		}
	}
	return fmt.Sprintf("%d B", n)
}
