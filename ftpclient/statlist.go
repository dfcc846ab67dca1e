package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// STAT with an argument lists a directory over the control connection (RFC 959
// section 4.1.3), which costs no data connection, no handshake, and with others
// in one write not even a round trip. What it prints is left to the server:
// Features.StatList tells where it was seen to print what MLSD or LIST do.
//
// The directory is entered first, as for LIST, and then listed as "." with
// "-a", which vsftpd, ProFTPD and Pure-FTPd all understand (quirkStatAll). A
// listing that has "." and ".." has all other names, too.

// statMost is how many entries a listing by STAT may have, where their times
// are asked for one by one (statMostFacts: by MLST). Larger directories are
// listed over a data connection; Pure-FTPd cuts STAT at 10000 without a word
// (quirkStatCut).
const (
	statMost      = 5000
	statMostFacts = 300
	bulkyMost     = 1000      // of them are remembered
	bulkyOctets   = 128 << 10 // a directory of this size, as its parent's listing has it, has more
	proofMost     = 500       // entries of a directory that proves what STAT lists
)

// statListing is one directory on its way.
type statListing struct {
	c   *conn
	dir string

	lr      listReader
	refused *reply // what CWD or STAT said
	flaw    string // why what STAT said is not believed
	bulky   bool   // too large to be listed in this way

	l      *Listing
	out    *outflow     // is shown l while it waits; may be nil
	named  string       // the entry that was asked for first
	stamps int          // replies that l waits for
	asked  int          // MLST that were answered,
	gone   int          // and those that said that there is no such entry
	exact  bool         // the times are to be as List has them
	seen   []comparison // of the rows with what was asked for
	done   func(*statListing)
}

// list adds the commands that list one directory; done is called when the
// listing is there, or cannot be had in this way. exact asks for the times
// that the rows do not tell. out may be nil.
func (p *pipeline) list(dir string, exact bool, out *outflow, done func(*statListing)) {
	s := &statListing{c: p.c, dir: dir, exact: exact, out: out, done: done}
	s.lr.rows = &rowReader{now: time.Now(), among: unixRows}
	first, named := s.first()
	p.add(
		step{cmd: command{"CWD", dir}, then: s.entered},
		step{cmd: command{"STAT", "-a ."}, line: s.row, then: func(r reply) error {
			if err := s.listed(r); err != nil || s.l == nil || named {
				return err
			}
			return s.complete(p)
		}})
	if named {
		p.add(step{cmd: first, then: func(r reply) error { return s.answered(p, r) }})
	}
}

// complete asks for what is missing, and shows what is there.
func (s *statListing) complete(p *pipeline) error {
	if s.exact {
		s.stamp(p)
	}
	if s.stamps > 0 {
		s.out.sketched(s.l)
	}
	s.finish()
	return nil
}

// first is the command for the entry that is wanted first, in the same write as
// STAT, if there is one: who waits for that entry need not wait for the others.
func (s *statListing) first() (command, bool) {
	if s.out == nil || s.out.Name == "" {
		return command{}, false
	}
	path := joinPath(s.dir, s.out.Name)
	switch {
	case checkPath("MLST", path) != nil:
		return command{}, false
	case s.c.srv.snapshot().MLST:
		return command{"MLST", path}, true
	case s.c.srv.support(factMDTM) != No && s.c.opts.Zone == nil: // else the others tell what it says
		return command{"MDTM", path}, true
	}
	return command{}, false
}

// answered takes the reply to the first.
func (s *statListing) answered(p *pipeline, r reply) error {
	if s.l == nil { // done was called
		if s.bulky && s.refused == nil {
			s.out.first(s.c, joinPath(s.dir, s.out.Name), r)
		}
		return nil
	}
	for i := range s.l.Entries {
		e := &s.l.Entries[i]
		if e.Name != s.out.Name {
			continue
		}
		take := s.time
		if s.c.srv.snapshot().MLST {
			take = s.facts
		}
		if e.Type == TypeSymlink || e.Type != TypeFile && !s.c.srv.snapshot().MLST {
			break // it may be of the target; directories have no MDTM
		}
		if err := take(e, r); err != nil {
			return err
		}
		if e.Precision == time.Second {
			s.named = e.Name
		}
	}
	return s.complete(p)
}

// unixRows is the dialect that is looked for in the replies to STAT.
var unixRows = []dialect{{name: "Unix", parser: simpleRows(parseUnixRow)}}

func (s *statListing) entered(r reply) error {
	switch {
	case r.code == 250 || r.code == 200:
	case r.transient() || r.permanent():
		s.refused = &r
	default:
		return errOutOfStep
	}
	return nil
}

// row takes a line of STAT. ProFTPD puts a space before each (RFC 959 section
// 4.2 would have it so). A line that ends in LF alone is half of a name that
// has one: what follows it may be made to look like replies.
func (s *statListing) row(line string, bare bool) {
	flaw := ""
	if bare {
		flaw = "newline in a name"
	}
	if s.bulky {
		return // of no use; what is left of the reply is read and forgotten
	}
	s.lr.line([]byte(strings.TrimPrefix(line, " ")), flaw)
	if len(s.lr.Entries) > s.most() {
		s.bulky = true
		s.lr = listReader{}
	}
}

// listed judges what STAT said.
func (s *statListing) listed(r reply) error {
	if s.refused != nil {
		s.done(s) // it has listed another directory, if any
		return nil
	}
	l := s.lr.result()
	s.c.localNames(l)
	switch {
	case r.transient() || r.permanent():
		s.flaw = r.evidence()
	case r.code != 211 && r.code != 212 && r.code != 213:
		return errOutOfStep
	case s.bulky:
	case !l.dots:
		s.flaw = r.evidence() + ", without . and .."
	case len(l.Skipped) > 0:
		s.flaw = fmt.Sprintf("%d lines that name nothing, the first: %s", len(l.Skipped), clip(quoteText(l.Skipped[0].Line)))
	case len(l.Entries) > s.most(): // the last lines make it so
		s.bulky = true
	default:
		s.l = l
		return nil
	}
	s.done(s)
	return nil
}

func (s *statListing) most() int {
	if s.c.srv.snapshot().MLST {
		return statMostFacts
	}
	return statMost
}

// stamp asks for what the rows do not tell: all facts, by MLST, or the times
// of files, by MDTM.
func (s *statListing) stamp(p *pipeline) {
	var steps []step
	facts := s.c.srv.snapshot().MLST
	times := s.c.srv.support(factMDTM) != No
	for i := range s.l.Entries {
		e := &s.l.Entries[i]
		path := joinPath(s.dir, e.Name)
		switch {
		case e.Name == s.named:
		case facts && e.Type != TypeSymlink: // of those MLST may tell the target's
			steps = append(steps, step{cmd: command{"MLST", path}, then: func(r reply) error { return s.stamped(s.facts(e, r)) }})
		case facts:
		case times && e.Type == TypeFile && e.Precision != time.Second:
			steps = append(steps, step{cmd: command{"MDTM", path}, then: func(r reply) error { return s.stamped(s.time(e, r)) }})
		}
	}
	s.stamps = len(steps)
	p.first(steps)
}

// facts takes the reply to MLST.
func (s *statListing) facts(e *Entry, r reply) error {
	s.asked++
	if r.permanent() {
		s.gone++
	}
	switch {
	case r.code == 250 && len(r.lines) >= 3:
		facts, _ := cutFacts(strings.TrimLeft(r.lines[1], " "))
		exact, _, ok := parseFactsLine(facts + " " + e.Name)
		if ok && exact.Type == e.Type {
			s.seen = append(s.seen, compare(e, exact.ModTime))
			*e = exact
		}
	case !r.transient() && !r.permanent():
		return errOutOfStep
	}
	return nil
}

// time takes the reply to MDTM.
func (s *statListing) time(e *Entry, r reply) error {
	t, ok := timeReply(r)
	switch {
	case ok:
		s.seen = append(s.seen, compare(e, t))
		e.ModTime, e.Precision = t, time.Second
	case !r.transient() && !r.permanent():
		return errOutOfStep
	}
	s.c.srv.learnFrom(factMDTM, r)
	return nil
}

// stamped is what follows on a reply that stamp asked for.
func (s *statListing) stamped(err error) error {
	s.stamps--
	if err == nil {
		s.finish()
	}
	return err
}

// finish ends the listing if nothing is missing. Where none of the entries is there any
// more, the directory may have been moved away while ProFTPD listed it, which then names
// some of them: another listing tells.
func (s *statListing) finish() {
	if s.stamps > 0 {
		return
	}
	if s.gone > 0 && s.gone == s.asked {
		s.l = nil
		s.done(s)
		return
	}
	zone, facts := s.c.opts.Zone, s.c.srv.snapshot().MLST
	switch {
	case s.exact && facts:
		s.c.srv.settleFacts(zone, s.l, s.seen)
	case s.exact:
		s.c.srv.settle(zone, s.l, s.seen)
	}
	s.c.srv.sizesSeen(s.dir, s.l.Entries)
	s.done(s)
}

// byStat tells whether a directory is listed by STAT.
func (s *server) byStat(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.StatList == Yes && s.f.Pipelining == Yes && !s.bulky[dir]
}

// isBulky tells whether a directory was seen to be large.
func (s *server) isBulky(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bulky[dir]
}

// notByStat remembers what a listing by STAT showed that is of no use.
func (s *statListing) notByStat() {
	if s.flaw != "" && s.refused == nil && len(s.lr.Skipped) == 0 {
		s.c.srv.learn(factStatList, No, s.flaw)
	}
	if !s.bulky && len(s.lr.Skipped) == 0 {
		return
	}
	s.c.srv.avoidStat(s.dir)
}

// avoidStat has a directory listed over data connections from now on.
func (s *server) avoidStat(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bulky == nil || len(s.bulky) >= bulkyMost {
		s.bulky = make(map[string]bool)
	}
	s.bulky[dir] = true
}

// sizesSeen has the directories that show by their own size that they are large
// listed over data connections: on Unix it grows with the entries. STAT would
// have to be read to its end, or cost the connection, before that shows.
func (s *server) sizesSeen(dir string, entries []Entry) {
	for i := range entries {
		if e := &entries[i]; e.Type == TypeDir && e.Size >= bulkyOctets {
			s.avoidStat(joinPath(dir, e.Name))
		}
	}
}

// errNoStat is why a listing by STAT broke its connection; over a data
// connection it may succeed.
var errNoStat = errors.New("STAT cannot list it")

// notStat makes an error of the replies to STAT, as those of a directory that
// has names made to look like replies, one after which List takes another way.
func notStat(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindProtocol && e.Kind != KindTimeout {
		return err
	}
	n := *e
	n.Err = errors.Join(errNoStat, e.Err)
	return &n
}

// statList lists a directory by STAT; nil without an error if that is no way
// to list it. out may be nil.
func (c *conn) statList(ctx context.Context, dir string, exact bool, out *outflow) (*Listing, error) {
	var s *statListing
	p := pipeline{c: c, wait: c.opts.ReplyTimeout}
	p.list(dir, exact, out, func(done *statListing) { s = done })
	if err := p.run(nil); err != nil {
		if c.broken != nil && c.interrupted() == nil {
			c.srv.avoidStat(dir)
		}
		return nil, notStat(err)
	}
	switch {
	case s.refused != nil:
		return nil, c.refusal(ctx, "CWD", dir, *s.refused)
	case s.l == nil:
		s.notByStat()
	}
	return s.l, nil
}

// proveStat compares what STAT lists with l, which came over a data
// connection, to learn whether it is of use. It may cost the connection.
func (c *conn) proveStat(dir string, l *Listing) {
	if c.srv.support(factStatList) != Untried || c.srv.support(factPipelining) != Yes || c.broken != nil ||
		len(l.Entries) == 0 || len(l.Entries) > proofMost || !l.Complete() {
		return
	}
	var s *statListing
	p := pipeline{c: c, wait: min(c.opts.ReplyTimeout, proofWait)}
	p.list(dir, false, nil, func(done *statListing) { s = done })
	err := p.run(nil)
	switch {
	case err != nil && c.interrupted() == nil:
		var bad *protocolError
		if errors.As(err, &bad) || c.srv.statFails() {
			c.srv.learn(factStatList, No, "CWD and STAT in one write: "+err.Error())
		}
	case err != nil:
	case s.refused != nil || s.bulky:
	case s.flaw != "":
		c.srv.learn(factStatList, No, s.flaw)
	default:
		c.compareStat(dir, s.l, l)
	}
}

// compareStat learns from two listings of a directory, made one after the
// other. That they differ may be the work of somebody else; the second time it
// is the server's.
func (c *conn) compareStat(dir string, stat, l *Listing) {
	if what := differ(stat, l); what != "" {
		if c.srv.statDiffers() {
			c.srv.learn(factStatList, No, "STAT -a . in "+quote(dir)+": "+what)
		}
		return
	}
	c.srv.learn(factStatList, Yes, fmt.Sprintf("STAT -a . lists the %d entries of %s as well", len(l.Entries), quote(dir)))
}

// statDiffers counts comparisons that failed, and reports the second.
func (s *server) statDiffers() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statBad++
	return s.statBad > 1
}

// statFails counts connections that ended at STAT, or were given up as it did not
// answer, and reports the second: once may be chance, or a busy hour.
func (s *server) statFails() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statLost++
	return s.statLost > 1
}

// differ says how a listing by STAT differs from another; "" if it does not.
func differ(stat, l *Listing) string {
	at := make(map[string]*Entry, len(stat.Entries))
	for i := range stat.Entries {
		at[stat.Entries[i].Name] = &stat.Entries[i]
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		s := at[e.Name]
		switch {
		case s == nil:
			return quote(e.Name) + " is missing"
		case s.Type != e.Type:
			return quote(e.Name) + " is of another type"
		case e.Type == TypeFile && e.Size >= 0 && s.Size != e.Size:
			return quote(e.Name) + " is of another size"
		}
	}
	if len(stat.Entries) != len(l.Entries) {
		return fmt.Sprintf("%d entries instead of %d", len(stat.Entries), len(l.Entries))
	}
	return ""
}
