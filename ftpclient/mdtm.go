package ftpclient

import (
	"fmt"
	"strings"
	"time"
)

const (
	mdtmFlight   = 64    // commands in one write
	mdtmMost     = 10000 // files of a listing that are asked for
	proofWait    = 5 * time.Second
	zoneStep     = 15 * time.Minute
	zoneFarthest = 14 * time.Hour
)

// timeReply reads a 213 to MDTM (RFC 3659 section 3).
func timeReply(r reply) (time.Time, bool) {
	if r.code != 213 {
		return time.Time{}, false
	}
	return parseTimeVal(strings.TrimSpace(r.lines[0]))
}

// dateFile sets the time of one entry to the second.
func (c *conn) dateFile(path string, e *Entry) error {
	if c.srv.support(factMDTM) == No {
		return nil
	}
	r, err := c.cmd("MDTM", path)
	if err != nil {
		return err
	}
	c.srv.learnFrom(factMDTM, r)
	if t, ok := timeReply(r); ok {
		e.ModTime, e.Precision = t, time.Second
	}
	return nil
}

// dateFiles asks for the times of the files of a LIST, in flights, and moves
// those of the rest by the difference that it finds: LIST may be in another
// zone than MDTM, which is UTC (quirkLocalList).
func (c *conn) dateFiles(dir string, l *Listing) error {
	var coarse []*Entry
	for i := range l.Entries {
		if e := &l.Entries[i]; isCoarse(e) && len(coarse) < mdtmMost {
			coarse = append(coarse, e)
		}
	}
	var zone zoneFinder
	for len(coarse) > 0 && c.srv.support(factMDTM) != No {
		n := min(mdtmFlight, len(coarse))
		if c.srv.support(factPipelining) != Yes {
			n = min(2, len(coarse))
		}
		going, err := c.dateFlight(dir, coarse[:n], &zone)
		if err != nil {
			return err
		}
		if !going {
			break
		}
		coarse = coarse[n:]
	}
	zone.apply(l)
	return nil
}

// isCoarse tells whether the time of an entry is one to ask for.
func isCoarse(e *Entry) bool { return e.Type == TypeFile && e.Precision != time.Second }

// dateFlight dates some files. It returns false if there should be no further
// flight: the server answers one command at a time only, which costs the
// connection but not the listing.
func (c *conn) dateFlight(dir string, files []*Entry, zone *zoneFinder) (going bool, err error) {
	cmds := make([]command, len(files))
	for i, e := range files {
		cmds[i] = command{"MDTM", joinPath(dir, e.Name)}
	}
	known := c.srv.support(factPipelining)
	if known == No && len(cmds) > 1 {
		return false, nil
	}
	wait := c.opts.ReplyTimeout
	if known == Untried {
		wait = min(wait, proofWait)
	}
	replies, err := c.flight(cmds, wait)
	for i, r := range replies {
		c.srv.learnFrom(factMDTM, r)
		if t, ok := timeReply(r); ok {
			zone.saw(*files[i], t)
			files[i].ModTime, files[i].Precision = t, time.Second
		}
	}
	switch {
	case err == nil && len(cmds) > 1:
		c.srv.learn(factPipelining, Yes, fmt.Sprintf("%d MDTM in one write, %[1]d replies", len(cmds)))
	case err != nil && len(replies) > 0 && len(replies) < len(cmds) && isKind(err, KindTimeout) && c.interrupted() == nil:
		if c.srv.stalled(known) {
			c.srv.learn(factPipelining, No, fmt.Sprintf("%d MDTM in one write, %d replies", len(cmds), len(replies)))
		}
		return false, nil
	}
	return err == nil, err
}

// stalled counts flights that were answered in part, and tells whether that is
// the server's way: where flights have gone well before, once may be the
// network's.
func (s *server) stalled(known Support) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalls++
	return known != Yes || s.stalls > 1
}

// zoneFinder finds the difference between the times of LIST and of MDTM.
type zoneFinder struct {
	diff   time.Duration
	seen   bool
	differ bool
}

// saw compares the listed time of e with the exact one.
func (z *zoneFinder) saw(e Entry, exact time.Time) {
	if e.Precision != time.Minute {
		return
	}
	d := e.ModTime.Sub(exact.Truncate(time.Minute)).Round(zoneStep)
	if d.Abs() > zoneFarthest {
		return // LIST had no year, or the wrong one
	}
	z.differ = z.differ || z.seen && d != z.diff
	z.diff, z.seen = d, true
}

// apply moves the times that are still those of LIST, if all that were
// compared differ in the same way.
func (z *zoneFinder) apply(l *Listing) {
	if !z.seen || z.differ || z.diff == 0 {
		return
	}
	l.Shift = -z.diff
	for i := range l.Entries {
		if e := &l.Entries[i]; e.Precision == time.Minute {
			e.ModTime = e.ModTime.Add(-z.diff)
		}
	}
}
