package ftpclient

import (
	"fmt"
	"strings"
	"time"
)

const (
	mdtmFlight = 64    // commands in one write, as long as less is known
	mdtmMost   = 10000 // files of a listing that are asked for
	proofWait  = 5 * time.Second
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
		e.ModTime, e.Precision = c.srv.fromMDTM(c.opts.Zone, t), time.Second
	}
	return nil
}

// dateFiles asks for the times of the files of a LIST, many at once, and moves
// those of the rest by what it learns from them: LIST may be in another zone
// (quirkLocalList).
func (c *conn) dateFiles(dir string, l *Listing) error {
	var coarse []*Entry
	for i := range l.Entries {
		e := &l.Entries[i]
		if isCoarse(e) && len(coarse) < mdtmMost && c.sendable(command{"MDTM", joinPath(dir, e.Name)}) {
			coarse = append(coarse, e)
		}
	}
	var seen []comparison
	for len(coarse) > 0 && c.srv.support(factMDTM) != No {
		if c.srv.support(factMDTM) == Yes && c.srv.support(factPipelining) == Yes {
			if err := c.dateStream(dir, coarse, &seen); err != nil {
				return err
			}
			break
		}
		n := min(mdtmFlight, len(coarse))
		if c.srv.support(factPipelining) != Yes {
			n = min(2, len(coarse))
		}
		going, err := c.dateFlight(dir, coarse[:n], &seen)
		if err != nil {
			return err
		}
		if !going {
			break
		}
		coarse = coarse[n:]
	}
	c.srv.settle(c.opts.Zone, l, seen)
	l.Retime = c.srv.retimer(c.opts.Zone)
	return nil
}

// isCoarse tells whether the time of an entry is one to ask for.
func isCoarse(e *Entry) bool { return e.Type == TypeFile && e.Precision != time.Second }

// dateFlight dates some files. It returns false if there should be no further
// flight: the server answers one command at a time only, which costs the
// connection but not the listing.
func (c *conn) dateFlight(dir string, files []*Entry, seen *[]comparison) (going bool, err error) {
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
		c.dated(files[i], r, seen)
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

// dated takes the reply to MDTM of a file.
func (c *conn) dated(e *Entry, r reply, seen *[]comparison) {
	c.srv.learnFrom(factMDTM, r)
	if t, ok := timeReply(r); ok {
		*seen = append(*seen, compare(e, t))
		e.ModTime, e.Precision = t, time.Second
	}
}

// dateStream dates files where the server is known to take commands without
// waiting. One that falls silent in between costs the connection and the times
// of the rest, but not the listing.
func (c *conn) dateStream(dir string, files []*Entry, seen *[]comparison) error {
	p := pipeline{c: c, wait: c.opts.ReplyTimeout}
	err := p.run(func() bool {
		if len(files) == 0 || c.srv.support(factMDTM) == No {
			return false
		}
		e := files[0]
		files = files[1:]
		p.add(step{cmd: command{"MDTM", joinPath(dir, e.Name)}, then: func(r reply) error {
			c.dated(e, r, seen)
			return nil
		}})
		return true
	})
	if p.heard > 0 && isKind(err, KindTimeout) && c.interrupted() == nil {
		return nil
	}
	return err
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
