package ftpclient

import "time"

// A file that was just stored has the time of now. What MDTM says of it tells
// whether MDTM is in UTC, as it should be, or local (quirkLocalMDTM): the one
// thing that does where no zone was told.

const (
	storedFresh = time.Minute     // between STOR's reply and MDTM's
	clocksDrift = 2 * time.Minute // that two clocks may be apart, and STOR may take
)

// storedFile is the last file that was stored.
type storedFile struct {
	path string
	at   time.Time
}

// noteStored remembers a file whose time the next MDTM of it compares.
func (s *server) noteStored(path string) {
	s.clocks.mu.Lock()
	defer s.clocks.mu.Unlock()
	s.clocks.stored = storedFile{path, time.Now()}
}

// checkStoredTime compares what MDTM told of a path with our clock, if that file
// was just stored. With a zone, MDTM is in it if that explains what it told.
// Without, it is traced once, and nothing is changed: all times would jump.
func (s *server) checkStoredTime(zone *time.Location, path string, told time.Time) {
	k := &s.clocks
	now := time.Now()
	k.mu.Lock()
	at := k.stored.at
	fresh := k.stored.path == path && now.Sub(at) <= storedFresh
	if fresh {
		k.stored = storedFile{}
	}
	ahead := told.Sub(at).Round(zoneStep)
	local := fresh && ahead != 0 && ahead.Abs() <= zoneFarthest && (told.Sub(at)-ahead).Abs() <= clocksDrift
	news := local && !k.hinted
	if zone != nil {
		_, east := now.In(zone).Zone()
		if news = local && k.asList == Untried && ahead == time.Duration(east)*time.Second; news {
			k.asList = Yes
		}
	}
	k.hinted = k.hinted || news
	k.mu.Unlock()
	switch {
	case news && zone == nil:
		s.trace.localTimes(ahead)
	case news:
		s.trace.learned("MDTM in the zone of LIST: yes (of a file that was just stored)")
	}
}
