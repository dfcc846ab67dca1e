package ftpclient

import "time"

// sampleSize is how much of a listing, in octets, is looked at before its
// dialect is decided.
const sampleSize = 32 << 10

// rowSink takes a line and what was read from it.
type rowSink func(line string, e Entry, v verdict)

// rowReader reads the lines of one LIST. A listing has one dialect: the one
// that leaves the fewest lines of the sample unread, of those the one that
// finds the most entries. So a line that happens to look like another dialect
// decides nothing (quirkStrayRow).
type rowReader struct {
	now   time.Time
	among []dialect // nil: all

	held     []string // the sample, until the dialect is decided
	heldSize int
	run      *rowRun // nil until then
}

// line takes the next line.
func (rr *rowReader) line(line string, take rowSink) {
	if rr.run != nil {
		rr.run.line(line, take)
		return
	}
	rr.held = append(rr.held, line)
	if rr.heldSize += len(line); rr.heldSize >= sampleSize {
		rr.decide(take)
	}
}

// end takes what is left when there are no more lines.
func (rr *rowReader) end(take rowSink) {
	if rr.run == nil {
		rr.decide(take)
	}
	if rr.run != nil {
		rr.run.end(take)
	}
}

// finish is what the dialect does last, or nil.
func (rr *rowReader) finish() func([]Entry) []Entry {
	if rr.run == nil {
		return nil
	}
	return rr.run.dialect.finish
}

// decide chooses the dialect by the lines that are held, and reads them. Where
// they hold no entry the choice is left to the lines that follow.
func (rr *rowReader) decide(take rowSink) {
	held := rr.held
	rr.held, rr.heldSize = nil, 0
	among := rr.among
	if among == nil {
		among = dialects
	}
	var best fit
	for _, d := range among {
		f := fitOf(d, held, rr.now)
		if best.run == nil || f.betterThan(best) {
			best = f
		}
		if f.rows > 0 && f.strays == 0 {
			break
		}
	}
	run := best.run.again(held, rr.now)
	for _, line := range held {
		run.line(line, take)
	}
	if best.rows > 0 {
		rr.run = run
		return
	}
	run.end(take)
}

// fit is how well a dialect reads a sample.
type fit struct {
	run          *rowRun
	rows, strays int
}

func fitOf(d dialect, sample []string, now time.Time) fit {
	f := fit{run: (&rowRun{dialect: d}).again(sample, now)}
	count := func(_ string, _ Entry, v verdict) {
		switch v {
		case aRow:
			f.rows++
		case notRow:
			f.strays++
		}
	}
	for _, line := range sample {
		f.run.line(line, count)
	}
	if f.rows == 0 { // else the sample may end within a row
		f.run.end(count)
	}
	if d.whole && f.strays > 0 {
		f.rows, f.strays = 0, len(sample)
	}
	return f
}

func (f fit) betterThan(g fit) bool {
	if f.strays != g.strays {
		return f.strays < g.strays
	}
	return f.rows > g.rows
}

// rowRun reads lines in one dialect, and joins the rows that take two.
type rowRun struct {
	dialect
	parse rowParser
	half  string
}

// again is the same dialect from the beginning of a listing.
func (r *rowRun) again(sample []string, now time.Time) *rowRun {
	return &rowRun{dialect: r.dialect, parse: r.parser(sample, now)}
}

func (r *rowRun) line(line string, take rowSink) {
	if half := r.half; half != "" {
		r.half = ""
		if e, v := r.parse(half + " " + line); v == aRow || v == noEntry {
			take(half, e, v)
			return
		}
		take(half, Entry{}, notRow)
	}
	e, v := r.parse(line)
	if v == halfRow {
		r.half = line
		return
	}
	take(line, e, v)
}

// end gives up the row that was not continued.
func (r *rowRun) end(take rowSink) {
	if r.half != "" {
		take(r.half, Entry{}, notRow)
		r.half = ""
	}
}
