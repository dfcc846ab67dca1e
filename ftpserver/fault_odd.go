package ftpserver

// beginOdd is what a fault of the protocol does before the command is obeyed,
// or answered; the rest of it is asked for by s.odd.
func (s *session) beginOdd(kind FaultKind) {
	switch kind {
	case FaultDropData:
		s.dropData()
	case FaultForgetType:
		s.ascii = true
	case FaultDropAhead:
		s.dropSegment = s.segment
	default:
		s.odd = kind
	}
}

// dispatchOddly is dispatch under a fault of the protocol, or none.
func (s *session) dispatchOddly(verb, arg string) reply {
	if s.odd == FaultASCII {
		ascii := s.ascii
		defer func() { s.ascii = ascii }()
		s.ascii = true
	}
	return s.dispatch(verb, arg)
}

// announce sends the preliminary reply of the transfer that begins.
func (s *session) announce(r reply) {
	if s.odd != FaultNoPreliminary {
		s.send(r)
	}
	if s.odd == FaultTwice {
		s.send(r)
	}
	if s.odd == FaultEarly {
		s.send(s.srv.profile.reply(s.transfer.verb, s.transfer.done))
		s.transfer.answered = true
	}
	s.flush()
}

// oddFormat is how rows are shown.
func (s *session) oddFormat(verb string, format func(*session, entry) string) func(*session, entry) string {
	switch {
	case s.odd == FaultDialect && verb == "MLSD":
		return longRow
	case s.odd == FaultDialect:
		return dosRow
	}
	return format
}

// oddRows are the rows of a listing as a lie has them.
func (s *session) oddRows(req *listing, rows []string) []string {
	switch s.odd {
	case FaultOmit:
		var kept []string
		for i := 1; i < len(rows); i += 2 {
			kept = append(kept, rows[i])
		}
		return kept
	case FaultTruncate:
		rows = rows[:(len(rows)+1)/2]
		if last := len(rows) - 1; last >= 0 {
			rows[last] = rows[last][:len(rows[last])/2]
		}
	case FaultStale:
		return s.srv.faults.firstShown(req.verb+" "+req.path, rows)
	}
	return rows
}

// firstShown returns what it was given first under that key.
func (fr *faultRules) firstShown(key string, rows []string) []string {
	fr.mu.Lock()
	defer fr.mu.Unlock()
	if first, ok := fr.shown[key]; ok {
		return first
	}
	fr.shown[key] = rows
	return rows
}
