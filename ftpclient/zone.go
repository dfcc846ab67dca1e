package ftpclient

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

const (
	zoneStep     = 15 * time.Minute // what zones differ by
	zoneFarthest = 14 * time.Hour
	summerTime   = time.Hour // the most that a zone moves in a year
)

// clocks is what is known of how a server tells times. MDTM and MLSD are in UTC
// (RFC 3659 section 2.3); LIST is in a zone that nobody tells (quirkLocalList),
// and is read as if it were UTC at first.
//
// With Options.Zone, LIST is in that zone, as it was at each date. Where MDTM
// was seen to say the very same as LIST, both are in it as it is today
// (quirkLocalMDTM).
//
// Without, LIST is compared with MDTM or MLSD wherever both are known, and what
// they differ by is kept for directories in which there is nothing to compare,
// by month: summer time comes and goes. The last comparison counts.
//
// mu is a leaf in the lock order.
type clocks struct {
	mu     sync.Mutex
	ahead  map[int]time.Duration // by month since year 0, how far LIST is before UTC; guarded by mu
	asList Support               // MDTM is in the zone of LIST; guarded by mu
	stored storedFile            // guarded by mu
	hinted bool                  // Trace.LocalTimes was called; guarded by mu
}

// comparison is one file's time as two commands tell it.
type comparison struct {
	file   *Entry
	listed time.Time // by LIST, as if in UTC
	told   time.Time // by MDTM or MLSD
}

// compare notes both times of a file whose entry is LIST's.
func compare(file *Entry, told time.Time) comparison {
	k := comparison{file: file, told: told}
	if file.Precision == time.Minute {
		k.listed = file.ModTime
	}
	return k
}

// ahead is how far LIST is before MDTM. What is no zone's difference tells of a
// date without its year, or of a file that was changed in between.
func (k comparison) ahead() (time.Duration, bool) {
	if k.listed.IsZero() {
		return 0, false
	}
	d := k.listed.Truncate(time.Minute).Sub(k.told.Truncate(time.Minute))
	return d, d%zoneStep == 0 && d.Abs() <= zoneFarthest
}

// inZone takes a time that was read as UTC for one of a zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone).UTC()
}

// settle learns from the files of a LIST whose exact times were asked for, and
// moves what is still LIST's.
func (s *server) settle(zone *time.Location, l *Listing, seen []comparison) {
	if zone != nil {
		s.learnMDTM(zone, seen)
		for _, k := range seen {
			k.file.ModTime = s.fromMDTM(zone, k.told)
		}
	} else {
		s.learnZone(seen)
	}
	for i := range l.Entries {
		s.fromLIST(zone, &l.Entries[i])
	}
}

// settleRows is settle for a LIST of what MLSD has listed too; at says where.
func (s *server) settleRows(zone *time.Location, rows, exact *Listing, at map[string]int) {
	var seen []comparison
	for i := range rows.Entries {
		row := &rows.Entries[i]
		k, listed := at[row.Name]
		if listed && row.Type == TypeFile && exact.Entries[k].Precision == time.Second {
			seen = append(seen, compare(row, exact.Entries[k].ModTime))
		}
	}
	s.settleFacts(zone, rows, seen)
}

// settleFacts is settle where what was seen is MLSD's or MLST's, which are in
// UTC on all servers.
func (s *server) settleFacts(zone *time.Location, l *Listing, seen []comparison) {
	if zone == nil {
		s.learnZone(seen)
	}
	for i := range l.Entries {
		s.fromLIST(zone, &l.Entries[i])
	}
}

// fromLIST moves the time of an entry that has it from LIST.
func (s *server) fromLIST(zone *time.Location, e *Entry) {
	switch {
	case e.Precision <= time.Second:
	case zone != nil:
		if s.mdtmAsList() == Yes {
			zone = today(zone)
		}
		e.ModTime = inZone(e.ModTime, zone)
	default: // a day, too, begins when it does in that zone
		e.ModTime = e.ModTime.Add(-s.clocks.aheadAt(e.ModTime))
	}
}

// retimer is fromLIST for entries that were handed over before their listing was
// settled; nil if that moves nothing.
func (s *server) retimer(zone *time.Location) func(*Entry) {
	if zone == nil && s.clocks.utc() {
		return nil
	}
	return func(e *Entry) { s.fromLIST(zone, e) }
}

// fromMDTM is the time that MDTM told.
func (s *server) fromMDTM(zone *time.Location, told time.Time) time.Time {
	if zone == nil || s.mdtmAsList() != Yes {
		return told
	}
	return inZone(told, today(zone))
}

// forMDTM is how a time is written for MDTM to set it, which servers understand
// as they tell it.
func (s *server) forMDTM(zone *time.Location, t time.Time) time.Time {
	if zone == nil || s.mdtmAsList() != Yes {
		return t.UTC()
	}
	return t.In(today(zone))
}

// today is a zone that is always as far from UTC as this one is now. Servers
// whose MDTM is local have one for all dates (quirkLocalMDTM).
func today(zone *time.Location) *time.Location {
	name, east := time.Now().In(zone).Zone()
	return time.FixedZone(name, east)
}

func (s *server) mdtmAsList() Support {
	s.clocks.mu.Lock()
	defer s.clocks.mu.Unlock()
	return s.clocks.asList
}

// learnMDTM finds out, where LIST's zone is known, whether MDTM is in it too:
// where the zone is not UTC, MDTM says either what LIST says or what that is in
// UTC. Nothing is learned where the files of one listing disagree.
func (s *server) learnMDTM(zone *time.Location, seen []comparison) {
	same, other := 0, 0
	for _, k := range seen {
		told, utc := k.told.Truncate(time.Minute), inZone(k.listed.Truncate(time.Minute), zone)
		switch {
		case k.listed.IsZero() || utc.Equal(k.listed.Truncate(time.Minute)):
		case told.Equal(k.listed.Truncate(time.Minute)):
			same++
		case told.Equal(utc):
			other++
		}
	}
	if (same > 0) == (other > 0) {
		return
	}
	answer := No
	if same > 0 {
		answer = Yes
	}
	s.clocks.mu.Lock()
	news := s.clocks.asList != answer
	s.clocks.asList = answer
	s.clocks.mu.Unlock()
	if news {
		s.trace.learned("MDTM in the zone of LIST: " + answer.String())
	}
}

// learnZone keeps what the files of one listing show, if that is one zone.
func (s *server) learnZone(seen []comparison) {
	found, unclear := make(map[int]time.Duration), make(map[int]bool)
	lowest, highest := zoneFarthest, -zoneFarthest
	for _, k := range seen {
		d, ok := k.ahead()
		if !ok {
			continue
		}
		month := monthOf(k.listed)
		before, again := found[month]
		unclear[month] = unclear[month] || again && before != d
		found[month] = d
		lowest, highest = min(lowest, d), max(highest, d)
	}
	maps.DeleteFunc(found, func(month int, _ time.Duration) bool { return unclear[month] })
	if len(found) == 0 || highest-lowest > summerTime {
		return
	}
	if s.clocks.learn(found, lowest, highest) {
		s.trace.learned(fmt.Sprintf("LIST is ahead of UTC by %s", highest))
	}
}

// learn replaces what was known of these months, and what no one zone can have
// together with it. It reports whether that is new.
func (k *clocks) learn(found map[int]time.Duration, lowest, highest time.Duration) (news bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ahead == nil {
		k.ahead = make(map[int]time.Duration)
	}
	for month, d := range k.ahead {
		if max(highest, d)-min(lowest, d) > summerTime {
			delete(k.ahead, month)
		}
	}
	news = len(k.ahead) == 0
	for month, d := range found {
		old, known := k.ahead[month]
		news = news || known && old != d
		k.ahead[month] = d
	}
	return news
}

// aheadAt is how far LIST is before UTC at a time that it lists: what was seen
// in that month, or the one next to it of which something is known.
func (k *clocks) aheadAt(t time.Time) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := monthOf(t)
	best, ahead := -1, time.Duration(0)
	for month, d := range k.ahead {
		away := 2 * max(month-at, at-month)
		if month < at {
			away-- // of two as far away, the earlier
		}
		if best < 0 || away < best {
			best, ahead = away, d
		}
	}
	return ahead
}

// utc tells that no month is known in which LIST is not in UTC.
func (k *clocks) utc() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range k.ahead {
		if d != 0 {
			return false
		}
	}
	return true
}

func monthOf(t time.Time) int { return t.Year()*12 + int(t.Month()) - 1 }
